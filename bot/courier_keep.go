package bot

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// giveBack leaves a parcel to others.
func (c *Courier) giveBack(ctx context.Context, p Parcel) error {
	p.Worker, p.Until = "", time.Time{}
	_, err := c.Ledger.saveParcel(context.WithoutCancel(ctx), &p)
	return err
}

// keep says that a parcel is at work until ctx ends; stop is called when it is wanted back, or somebody else's.
func (c *Courier) keep(ctx context.Context, p *Parcel, stop func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(parcelLife / 6):
		}
		p.Until = c.Now().Add(parcelLife)
		mine, err := c.Ledger.saveParcel(context.WithoutCancel(ctx), p)
		if err != nil || mine {
			continue // where nothing can be said, nothing can be put on record either
		}
		if ours, err := c.reload(context.WithoutCancel(ctx), p); err != nil || !ours || p.Recall {
			stop()
			return
		}
	}
}

// reload reads a parcel that somebody has changed; ours is false where it is another one's, or gone.
func (c *Courier) reload(ctx context.Context, p *Parcel) (ours bool, err error) {
	entry, err := c.Ledger.store.Get(ctx, Parcels, p.key)
	if err != nil || entry.Rev == 0 {
		return false, err
	}
	*p, err = parcelIn(entry)
	return err == nil && p.Worker == c.Name, err
}

// deliverParcel sends what is in a parcel, of a run that another process has.
func (b *Bot) deliverParcel(ctx context.Context, p Parcel) Sent {
	run := Run{ID: p.Run, Job: p.Job, Counts: Counts{Accepted: map[Channel]int{}}}
	list, err := b.Ledger.several(ctx, p.Keys)
	if err != nil {
		return Sent{Error: Clean(err.Error())}
	}
	var mine []*Notification
	for _, n := range list {
		if n.State == Claimed && n.Run == p.Run {
			mine = append(mine, &n)
		}
	}
	d, err := b.newDesk(ctx, &run)
	if err != nil {
		return Sent{Error: Clean(err.Error())}
	}
	err = b.carry(ctx, d, mine)
	err = errors.Join(err, d.close())
	sent := Sent{
		Accepted: run.Accepted, Retry: run.Retry - d.back, Failed: run.Failed, Ambiguous: run.Ambiguous, Suppressed: run.Suppressed,
		Products: d.failed, Stopped: d.stopped, Warnings: run.Warnings,
	}
	if err != nil {
		sent.Error = Clean(fmt.Sprint(err))
	}
	return sent
}
