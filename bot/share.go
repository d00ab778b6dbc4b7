package bot

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errSomeone says that what one process had begun another one has taken over.
var errSomeone = errors.New("another process has taken this over")

// share sends claimed messages: where other machines may send too and there are many, in parcels that each of them takes, this one
// among them. It returns when it is known what became of each.
func (b *Bot) share(ctx context.Context, d *desk, claimed []*Notification) error {
	if b.Texts == "" || len(claimed) <= parcelSize {
		return b.carry(ctx, d, claimed)
	}
	byKey := make(map[string]*Notification, len(claimed))
	for _, n := range claimed {
		byKey[n.Key] = n
	}
	// What was claimed is settled even when the run was stopped meanwhile.
	after := context.WithoutCancel(ctx)
	for _, p := range newParcels(d.run, b.Texts, claimed, &d.parcels) {
		if _, err := b.Ledger.saveParcel(after, &p); err != nil {
			return err
		}
	}
	var again []*Notification
	for {
		list, err := b.Ledger.parcels(after, d.run.ID)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			break
		}
		worked := false
		for _, p := range list {
			back, done, err := b.look(ctx, d, p, byKey)
			if err != nil {
				return err
			}
			again, worked = append(again, back...), worked || done
			if done {
				break // much may have changed meanwhile
			}
		}
		if errors.Is(context.Cause(ctx), errLeaseLost) {
			return errLeaseLost
		}
		if !worked {
			time.Sleep(parcelLook)
		}
	}
	if len(again) == 0 || ctx.Err() != nil {
		d.leave(again)
		return d.failure()
	}
	reclaimed := <-d.claim(again)
	if reclaimed.err != nil {
		return reclaimed.err
	}
	return b.carry(ctx, d, reclaimed.list)
}

// look sees what is to be done about one parcel of this run. back are messages that were given back unsent; done says that it took
// time.
func (b *Bot) look(ctx context.Context, d *desk, p Parcel, byKey map[string]*Notification) (back []*Notification, done bool, err error) {
	l, after := b.Ledger, context.WithoutCancel(ctx)
	recall := ctx.Err() != nil || d.anyHalted()
	switch {
	case p.Sent != nil:
		gone, err := l.dropParcel(after, p)
		if err != nil || !gone {
			return nil, false, err
		}
		back, err := b.merge(after, d, p)
		return back, true, err
	case p.Worker == "":
		mine, err := l.takeParcel(after, &p, p.Holder)
		if err != nil || !mine {
			return nil, false, err
		}
		part := make([]*Notification, len(p.Keys))
		for i, key := range p.Keys {
			part[i] = byKey[key]
		}
		if err := b.carry(ctx, d, part); err != nil {
			return nil, true, err
		}
		_, err = l.dropParcel(after, p)
		return nil, true, err
	case b.Now().After(p.Until):
		worker := p.Worker
		mine, err := l.takeParcel(after, &p, p.Holder) // its worker can report nothing any more
		if err != nil || !mine {
			return nil, false, err
		}
		d.note(Sent{Warnings: []string{fmt.Sprintf("it took %d message(s) and said nothing more", len(p.Keys))}}, worker)
		if back, err = b.takeBack(after, d, p); err == nil {
			_, err = l.dropParcel(after, p)
		}
		return back, true, err
	case recall:
		return nil, false, l.recallParcel(after, &p)
	}
	return nil, false, nil
}

// carry sends what this process has taken itself.
func (b *Bot) carry(ctx context.Context, d *desk, part []*Notification) error {
	d.take(part)
	return b.send(ctx, d, part)
}

// merge adds what a machine says of its parcel to the run. Where it does not say of each message what became of it, the ledger does.
func (b *Bot) merge(ctx context.Context, d *desk, p Parcel) (back []*Notification, err error) {
	d.note(*p.Sent, p.Worker)
	if p.Sent.settled() != len(p.Keys) {
		return b.takeBack(ctx, d, p)
	}
	d.add(*p.Sent)
	b.progress("telling customers: %d accepted", total(d.run.Accepted))
	return nil, nil
}

// takeBack settles what a worker did not: what has not begun to leave is sent by another one; what has is ambiguous.
func (b *Bot) takeBack(ctx context.Context, d *desk, p Parcel) (back []*Notification, err error) {
	l := b.Ledger
	for range 5 { // the worker may still be at it
		list, err := l.several(ctx, p.Keys)
		if err != nil {
			return nil, err
		}
		var claimed, pending []Notification
		back = nil
		sent := Sent{Accepted: map[Channel]int{}, Products: map[string]int{}}
		for _, n := range list {
			switch {
			case n.Run == p.Run && n.State == Claimed:
				claimed = append(claimed, n)
			case n.Run == p.Run && n.State == DotPending:
				pending = append(pending, n)
			case n.Run == p.Run && n.State == Queued:
				back = append(back, &n)
			default:
				sent.count(n)
			}
		}
		if len(claimed)+len(pending) == 0 {
			d.add(sent)
			return back, nil
		}
		if _, err := l.Move(ctx, claimed, Change{To: Queued, Run: p.Run, Reason: Interrupted}); err != nil {
			return nil, err
		}
		if _, err := l.judgePending(ctx, p.Run, pending); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%d messages of a parcel of run %s change again and again: %w", len(p.Keys), p.Run, errSomeone)
}
