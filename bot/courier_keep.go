package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
		case <-time.After(parcelLife / 10):
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

// deliver sends what is in a parcel.
func (c *Courier) deliver(ctx context.Context, b *Bot, p Parcel, r *relay) Sent {
	run := Run{ID: p.Run, Job: p.Job, Counts: Counts{Accepted: map[Channel]int{}}}
	mine, err := c.messages(ctx, p)
	if err != nil {
		return Sent{Error: Clean(err.Error())}
	}
	d, err := b.newDesk(ctx, &run, r)
	if err != nil {
		return Sent{Error: Clean(err.Error())}
	}
	err = b.carry(ctx, d, mine)
	err = errors.Join(err, d.close())
	sent := d.sent
	sent.Accepted, sent.Suppressed, sent.Products, sent.Stopped, sent.Warnings = run.Accepted, run.Suppressed, d.failed, r.stopped, run.Warnings
	if ctx.Err() != nil { // who was told to end says so of what is left, and that is no fault of a channel
		sent.Stopped = nil
		sent.Warnings = slices.DeleteFunc(sent.Warnings, func(w string) bool { return strings.Contains(w, noFurther) })
	}
	if err != nil {
		sent.Error = Clean(fmt.Sprint(err))
	}
	return sent
}

// messages are those of a parcel that are claimed for it. Whoever stood still since it took the parcel may find them claimed anew: the
// parcel says so then.
func (c *Courier) messages(ctx context.Context, p Parcel) (mine []*Notification, err error) {
	list, err := c.Ledger.several(ctx, p.Keys)
	if err != nil {
		return nil, err
	}
	if ours, err := c.reload(ctx, &p); err != nil || !ours {
		return nil, errors.Join(err, errSomeone)
	}
	for _, n := range list {
		if n.State == Claimed && n.Run == p.Run {
			mine = append(mine, &n)
		}
	}
	return mine, nil
}
