package bot

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Receipt is what somebody on the way says later of a message that left: a bounce, a provider's event, a gateway's callback.
type Receipt struct {
	Key    string
	Kind   ReceiptKind
	Detail string // the other side's words, without addresses
	At     time.Time
}

// ReceiptKind is what a receipt says.
type ReceiptKind string

// The kinds of receipts. After a soft bounce the address may be told of other things later.
const (
	Delivered    ReceiptKind = "delivered"    // it has arrived: also proves that an ambiguous one left
	HardBounce   ReceiptKind = "hard_bounce"  // there is no such address: nothing more is sent to it
	SoftBounce   ReceiptKind = "soft_bounce"  // not delivered this time: the mailbox is full, a policy, a phone that is off
	Delayed      ReceiptKind = "delayed"      // a server goes on trying; it has the message
	Complaint    ReceiptKind = "complaint"    // the recipient called it spam: nothing more is sent
	Unsubscribed ReceiptKind = "unsubscribed" // at the provider, or by STOP
	Purchased    ReceiptKind = "purchased"    // bought what the message was about
)

// Receive takes a receipt into the ledger. One for a message that is not there is an error; the same receipt twice changes
// nothing the second time.
func (l *Ledger) Receive(ctx context.Context, r Receipt) error {
	for range 3 {
		err := l.receive(ctx, r)
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("receipt for %s: %w", r.Key, ErrConflict)
}

func (l *Ledger) receive(ctx context.Context, r Receipt) error {
	n, ok, err := l.Find(ctx, r.Key)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("there is no notification %s", r.Key)
	}
	detail := Clean(string(r.Kind) + ": " + r.Detail)
	for _, c := range n.Changes {
		if c.Detail == detail {
			return nil
		}
	}
	if err := l.suppressBy(ctx, n, r); err != nil {
		return err
	}
	change := Change{At: r.At, To: n.State, Detail: detail}
	if change.At.IsZero() {
		change.At = l.now()
	}
	tried := n.State == Ambiguous || n.State == DotPending || (n.State == Queued || n.State == Retry) && n.Attempt > 0
	switch {
	case r.Kind == HardBounce || r.Kind == SoftBounce:
		if tried || n.State == Accepted {
			change.To, change.Reason = Bounced, Refused
			if r.Kind == HardBounce {
				change.Reason = DeadAddress
			}
			n.FollowUp = n.FollowUp.cancelled()
		}
	case tried: // whatever is said of it, it has left
		change.To = Accepted
		if n.inCRM() {
			n.FollowUp.State = FollowUpPending
		}
	}
	if r.Kind == Purchased {
		n.Bought = change.At
	}
	n.State, n.Changes = change.To, append(n.Changes[:len(n.Changes):len(n.Changes)], change)
	if change.Reason != "" || change.To == Accepted {
		n.Reason = change.Reason
	}
	done, err := l.saveAll(ctx, []*Notification{&n})
	if err == nil && !done[0] {
		err = ErrConflict
	}
	return err
}

// cancelled takes back a follow-up that is not written: the customer was not told after all.
func (f FollowUp) cancelled() FollowUp {
	if f.State == FollowUpPending {
		f.State = FollowUpNone
	}
	return f
}

// suppressBy keeps further messages from whoever a receipt says must not get any.
func (l *Ledger) suppressBy(ctx context.Context, n Notification, r Receipt) error {
	s := Suppression{Channel: n.Channel, Source: Clean(string(r.Kind) + " " + r.Detail), Reason: LeftUs}
	switch r.Kind {
	case HardBounce:
		s.Reason = DeadAddress
	case Complaint, Unsubscribed:
	default:
		return nil
	}
	if n.Address == "" { // forgotten meanwhile
		return nil
	}
	s.Who = l.personOf(&n)
	return l.Suppress(ctx, s)
}
