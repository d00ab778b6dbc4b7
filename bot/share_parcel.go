package bot

import (
	"context"
	"fmt"
)

// look sees what is to be done about one parcel.
func (s *sharing) look(ctx context.Context, p Parcel) error {
	l, after := s.Ledger, context.WithoutCancel(ctx)
	switch {
	case p.Sent != nil:
		gone, err := l.dropParcel(after, p)
		if err != nil || !gone {
			return err
		}
		return s.merge(after, p)
	case p.Worker == p.Holder:
		if s.own != nil && s.taken.key == p.key {
			return nil // it is at work
		}
		_, err := l.dropParcel(after, p) // settled before
		return err
	case p.Worker == "":
		if s.own != nil && ctx.Err() == nil && !s.desk.anyHalted() {
			return nil // somebody will have time for it
		}
		if s.own != nil { // nobody else is to begin it
			return l.recallParcel(after, &p)
		}
		return s.take(ctx, p)
	case s.Now().After(p.Until):
		worker := p.Worker
		mine, err := l.takeParcel(after, &p, p.Holder) // its worker can report nothing any more
		if err != nil || !mine {
			return err
		}
		s.desk.note(Sent{Warnings: []string{fmt.Sprintf("it took %d message(s) and said nothing more", len(p.Keys))}}, worker)
		if err := s.takeBack(after, p); err != nil {
			return err
		}
		_, err = l.dropParcel(after, p)
		return err
	case ctx.Err() != nil || s.desk.anyHalted():
		return l.recallParcel(after, &p)
	}
	return nil
}

// take begins to send a parcel here, while the others are looked after.
func (s *sharing) take(ctx context.Context, p Parcel) error {
	mine, err := s.Ledger.takeParcel(context.WithoutCancel(ctx), &p, p.Holder)
	if err != nil || !mine {
		return err
	}
	part := make([]*Notification, len(p.Keys))
	for i, key := range p.Keys {
		part[i] = s.byKey[key]
	}
	own := make(chan error, 1)
	s.own, s.taken = own, p
	go func() { own <- s.carry(ctx, s.desk, part) }()
	return nil
}

// end notes that what was sent here was sent.
func (s *sharing) end(ctx context.Context, err error) error {
	s.own = nil
	if err != nil {
		return err
	}
	_, err = s.Ledger.dropParcel(ctx, s.taken)
	return err
}

// wait waits for what is sent here.
func (s *sharing) wait() error {
	if s.own == nil {
		return nil
	}
	err := <-s.own
	s.own = nil
	return err
}

// merge adds what a machine says of its parcel to the run. Where it does not say of each message what became of it, the ledger does.
func (s *sharing) merge(ctx context.Context, p Parcel) error {
	s.desk.note(*p.Sent, p.Worker)
	if p.Sent.Error != "" || p.Sent.settled() != len(p.Keys) {
		return s.takeBack(ctx, p)
	}
	s.desk.add(*p.Sent)
	return nil
}

// takeBack settles what a worker did not: what has not begun to leave is sent by another one; what has is ambiguous.
func (s *sharing) takeBack(ctx context.Context, p Parcel) error {
	l := s.Ledger
	for range 5 { // the worker may still be at it
		list, err := l.several(ctx, p.Keys)
		if err != nil {
			return err
		}
		var claimed, pending []Notification
		var back []*Notification
		sent := newSent()
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
			s.desk.add(sent)
			s.again = append(s.again, back...)
			return nil
		}
		if _, err := l.Move(ctx, claimed, Change{To: Queued, Run: p.Run, Reason: Interrupted}); err != nil {
			return err
		}
		if _, err := l.judgePending(ctx, p.Run, pending); err != nil {
			return err
		}
	}
	return fmt.Errorf("%d messages of a parcel of run %s change again and again: %w", len(p.Keys), p.Run, errSomeone)
}
