package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// batch is how many notifications are claimed at once: one commit covers them all.
const batch = 2000

// hurried is the garbage collector's percentage while a large number of messages is sent.
const hurried = 400

// Deliver sends what is due of a job: what was planned by this run, and what earlier runs left. A message whose product is out
// again, or whose news is old, expires instead. known are the levels of the stock as they were read just now.
func (b *Bot) Deliver(ctx context.Context, job Job, run *Run, known []Level) error {
	levels := make(map[string]Level, len(known))
	for _, level := range known {
		levels[level.SKU] = level
	}
	if err := b.reconcile(ctx, job, run); err != nil {
		return err
	}
	due, err := b.due(ctx, job, run, levels)
	if err != nil {
		return err
	}
	if due, err = b.wave(ctx, job, run, due, levels); err != nil {
		return err
	}
	due, held, err := b.allow(ctx, job, due)
	if err != nil {
		return err
	}
	heldBack := b.holdBack(ctx, job, run, held)
	if heldBack != nil && ClassOf(heldBack) != HeldClass {
		return heldBack
	}
	failed, err := b.dispatch(ctx, run, due)
	if err = errors.Join(err, b.free(context.WithoutCancel(ctx), job, failed)); err != nil {
		return err
	}
	return heldBack
}

// dispatch claims what may leave and gives it to the senders, all channels at the same time. While a batch is on its way, the
// next is claimed. It returns how many of each product failed for good.
func (b *Bot) dispatch(ctx context.Context, run *Run, due []*Notification) (failed map[string]int, err error) {
	if len(due) == 0 {
		return nil, nil
	}
	if len(due) > batch { // work for the processor, for once: memory is given for time
		defer debug.SetGCPercent(debug.SetGCPercent(hurried))
	}
	d, err := b.newDesk(ctx, run, newRelay())
	if err != nil {
		return nil, err
	}
	d.records = true
	defer func() { err = errors.Join(err, d.close()) }()
	parts := slices.Collect(slices.Chunk(due, batch))
	next := d.claim(parts[0])
	for i := range parts {
		claimed := <-next
		next = nil
		if claimed.err != nil {
			return d.failed, claimed.err
		}
		if i+1 < len(parts) && ctx.Err() == nil {
			next = d.claim(parts[i+1])
		}
		if err := b.share(ctx, d, claimed.list); err != nil {
			return d.failed, err
		}
		if ctx.Err() != nil {
			d.abandon(next)
			return d.failed, context.Cause(ctx)
		}
	}
	return d.failed, nil
}

// send gives claimed messages to their senders and waits until each is reported.
func (b *Bot) send(ctx context.Context, d *desk, claimed []*Notification) error {
	channels := map[Channel][]Notification{}
	for _, n := range claimed {
		channels[n.Channel] = append(channels[n.Channel], *n)
	}
	var senders sync.WaitGroup
	for channel, list := range channels {
		sender := b.Senders[channel]
		if sender == nil || d.halted(channel) {
			for _, n := range list {
				d.Done(n, Delivery{State: Queued})
			}
			continue
		}
		senders.Go(func() { sender.Send(ctx, list, d) })
	}
	senders.Wait()
	if left := d.left(); len(left) > 0 {
		return fmt.Errorf("%d message(s) were not reported by their sender, the first is %s; the next run puts them right", len(left), left[0].Key)
	}
	return d.failure()
}

// due collects what may be sent now and expires what must not be sent any more. What is out only within the cool-down waits.
func (b *Bot) due(ctx context.Context, job Job, run *Run, levels map[string]Level) ([]*Notification, error) {
	var due, night []*Notification
	var again []Notification
	expired := map[Reason][]Notification{}
	now := b.Now()
	for n, err := range b.Ledger.open(ctx, job.Name) {
		level, known := levels[n.Restock.SKU]
		out := known && level.Availability != In
		quiet := job.Policy.Quiet.now(&n, now)
		switch {
		case err != nil:
			return nil, err
		case n.State == Ambiguous && known && !out && !quiet && b.resend(job, &n, now):
			again = append(again, n)
		case n.State == Ambiguous:
			run.Ambiguous++
		case n.State == Held && !now.After(n.NotAfter):
			run.Held++
		case n.State != Queued && n.State != Retry && n.State != Held:
		case n.Reminder > 0 && n.State != Held:
			turn, why, err := b.turnOf(ctx, job, &n, levels)
			switch {
			case err != nil:
				return nil, err
			case why != "":
				expired[why] = append(expired[why], n)
			case turn && !quiet:
				due = append(due, &n)
			}
		case out && !level.Open:
			expired[SoldOut] = append(expired[SoldOut], n)
		case now.After(n.NotAfter):
			expired[NewsIsOld] = append(expired[NewsIsOld], n)
		case !known || out || now.Before(n.Due) || b.Senders[n.Channel] == nil: // what the list does not show may be gone
			if !n.Holdout.IsZero() && n.State == Queued {
				run.Later++
				continue
			}
			run.Retry++
		default:
			if quiet {
				night = append(night, &n)
				continue
			}
			due = append(due, &n)
		}
	}
	sent, err := b.Ledger.Move(ctx, again, Change{To: Queued, Run: run.ID, Reason: MayBeDouble})
	if err != nil {
		return nil, err
	}
	due = append(due, pointers(sent)...)
	run.Later += len(night)
	if err := b.Ledger.wait(ctx, night, QuietHours, now, job.Policy.Life); err != nil {
		return nil, err
	}
	for reason, list := range expired {
		if _, err := b.Ledger.Move(ctx, list, Change{To: Expired, Run: run.ID, Reason: reason}); err != nil {
			return nil, err
		}
		run.Expired += len(list)
		run.Warnings = append(run.Warnings, fmt.Sprintf("%d message(s) expired unsent: %s", len(list), reason))
	}
	return due, nil
}

// resend reports whether an ambiguous message is to be sent once more: where the file wants it so, once, and after nothing was
// heard of it for long enough.
func (b *Bot) resend(job Job, n *Notification, now time.Time) bool {
	after, wanted := job.Policy.Resend[n.Channel]
	if !wanted || n.Resent || now.After(n.NotAfter) || now.Sub(n.attempted()) < after {
		return false
	}
	n.Resent = true
	return true
}

// backoff is how long to wait before the next attempt: 5 minutes, doubled each time, at most 2 hours.
func backoff(attempt int) time.Duration {
	wait := 5 * time.Minute
	for i := 1; i < attempt && wait < 2*time.Hour; i++ {
		wait *= 2
	}
	return min(wait, 2*time.Hour)
}

func total(counts map[Channel]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}
