package bot

import (
	"context"
	"fmt"
	"time"
)

// Reconciler is a channel that can be asked afterwards what became of a message.
type Reconciler interface {
	// Reconcile returns what became of a message attempted at a time; ok is false where that is not known, or not yet.
	Reconcile(ctx context.Context, n Notification, attempted, now time.Time) (d Delivery, ok bool, err error)
}

// reconcile settles ambiguous messages of channels that can be asked.
func (b *Bot) reconcile(ctx context.Context, job Job, run *Run) error {
	can := map[Channel]bool{}
	for channel, sender := range b.Senders {
		if _, ok := sender.(Reconciler); ok {
			can[channel] = true
		}
	}
	if len(can) == 0 {
		return nil
	}
	var open []Notification
	for n, err := range b.Ledger.open(ctx, job.Name) {
		if err != nil {
			return err
		}
		if can[n.Channel] && n.State == Ambiguous {
			open = append(open, n)
		}
	}
	for _, n := range open {
		d, ok, err := b.Senders[n.Channel].(Reconciler).Reconcile(ctx, n, n.attempted(), b.Now())
		if err != nil { // the gateway's trouble is no reason to stop: it stays ambiguous
			run.Warnings = append(run.Warnings, fmt.Sprintf("%s: what became of ambiguous messages is not known: %s", n.Channel, Clean(err.Error())))
			return nil
		}
		if !ok {
			continue
		}
		if _, err := b.Ledger.Move(ctx, []Notification{n}, Change{To: d.State, Run: run.ID, Reason: d.Reason, Detail: d.Detail}); err != nil {
			return err
		}
	}
	return nil
}

// attempted is when the last attempt was made.
func (n Notification) attempted() time.Time {
	for i := len(n.Changes) - 1; i >= 0; i-- {
		if n.Changes[i].To == DotPending {
			return n.Changes[i].At
		}
	}
	return time.Time{}
}
