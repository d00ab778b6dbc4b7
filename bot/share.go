package bot

import (
	"context"
	"errors"
	"time"
)

// errSomeone says that what one process had begun another one has taken over.
var errSomeone = errors.New("another process has taken this over")

// share sends claimed messages: where other machines may send too and there are many, in parcels that each of them takes, this one
// among them. It returns when it is known what became of each.
func (b *Bot) share(ctx context.Context, d *desk, claimed []*Notification) (err error) {
	if b.Texts == "" || len(claimed) <= parcelSize || ctx.Err() != nil || d.anyHalted() {
		return b.carry(ctx, d, claimed)
	}
	s := &sharing{Bot: b, desk: d, byKey: make(map[string]*Notification, len(claimed))}
	for _, n := range claimed {
		s.byKey[n.Key] = n
	}
	// What was claimed is settled even when the run was stopped meanwhile.
	after := context.WithoutCancel(ctx)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.withdraw(after), s.wait())
		}
	}()
	for _, p := range newParcels(d.run, b.Texts, claimed, &d.parcels) {
		if _, err := b.Ledger.saveParcel(after, &p); err != nil {
			return err
		}
	}
	if err := s.all(ctx); err != nil {
		return err
	}
	if len(s.again) == 0 || ctx.Err() != nil {
		d.leave(s.again)
		return d.failure()
	}
	reclaimed := <-d.claim(s.again)
	if reclaimed.err != nil {
		return reclaimed.err
	}
	return b.carry(ctx, d, reclaimed.list)
}

// sharing is claimed messages that several machines send.
type sharing struct {
	*Bot
	desk  *desk
	byKey map[string]*Notification
	again []*Notification // given back unsent

	own   chan error // the end of what this process sends now; nil: nothing
	taken Parcel     // what it sends
}

// stopWait is how long a run that was stopped waits for machines that do not give back what they have. The next run sees to the rest.
const stopWait = 40 * time.Second

// all sees to the parcels until none is left.
func (s *sharing) all(ctx context.Context) error {
	after := context.WithoutCancel(ctx)
	var stopped time.Time
	for {
		list, err := s.Ledger.parcels(after, s.desk.run.ID)
		if err != nil || len(list) == 0 && s.own == nil {
			return err
		}
		for _, p := range list {
			if err := s.look(ctx, p); err != nil {
				return err
			}
		}
		if ctx.Err() != nil && stopped.IsZero() {
			stopped = s.Now()
		}
		if errors.Is(context.Cause(ctx), errLeaseLost) || s.own == nil && !stopped.IsZero() && s.Now().Sub(stopped) > stopWait {
			return context.Cause(ctx)
		}
		select {
		case err := <-s.own:
			if err := s.end(after, err); err != nil {
				return err
			}
		case <-time.After(parcelLook):
		}
	}
}

// withdrawLimit bounds the withdrawal of parcels by a run that has failed.
const withdrawLimit = 10 * time.Second

// withdraw takes from other machines what they have not begun of a run that has failed, and asks for the rest. The next run settles
// it.
func (s *sharing) withdraw(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, withdrawLimit)
	defer cancel()
	b := s.Bot
	list, err := b.Ledger.parcels(ctx, s.desk.run.ID)
	for _, p := range list {
		if p.Worker == "" || p.Worker == p.Holder || p.Sent != nil {
			gone, dropErr := b.Ledger.dropParcel(ctx, p)
			if gone && p.Sent != nil {
				s.desk.add(*p.Sent)
			}
			if err = errors.Join(err, dropErr); gone || dropErr != nil {
				continue
			}
			entry, getErr := b.Ledger.store.Get(ctx, Parcels, p.key) // somebody has just taken it
			if getErr != nil || entry.Rev == 0 {
				continue
			}
			if p, getErr = parcelIn(entry); getErr != nil {
				continue
			}
		}
		err = errors.Join(err, b.Ledger.recallParcel(ctx, &p))
	}
	return err
}

// carry sends what this process has taken itself.
func (b *Bot) carry(ctx context.Context, d *desk, part []*Notification) error {
	d.take(part)
	return b.send(ctx, d, part)
}
