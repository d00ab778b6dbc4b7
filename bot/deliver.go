package bot

import (
	"context"
	"fmt"
	"time"
)

// batch is how many notifications are claimed at once: one commit covers them all.
const batch = 100

// deliver sends what is due. A message whose product is out again, or whose news is old, expires instead.
func (b *Bot) deliver(ctx context.Context, job Job, run *Run, c Comparison) error {
	levels := make(map[string]Level, len(c.Levels))
	for _, level := range c.Levels {
		levels[level.SKU] = level
	}
	due, err := b.due(ctx, job, run, levels)
	if err != nil {
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
	stopped := map[Channel]bool{}
	for len(due) > 0 {
		n := min(batch, len(due))
		part := due[:n]
		due = due[n:]
		if err := b.deliverBatch(ctx, run, part, stopped); err != nil {
			return err
		}
	}
	return heldBack
}

// due collects what may be sent now and expires what must not be sent any more. What is out only within the cool-down waits.
func (b *Bot) due(ctx context.Context, job Job, run *Run, levels map[string]Level) ([]Notification, error) {
	var due []Notification
	expired := map[Reason][]Notification{}
	now := b.Now()
	for n, err := range b.Ledger.open(ctx, job.Name) {
		level, known := levels[n.Restock.SKU]
		out := known && level.Availability != In
		switch {
		case err != nil:
			return nil, err
		case n.State == Ambiguous:
			run.Ambiguous++
		case n.State == Held && !now.After(n.NotAfter):
			run.Held++
		case n.State != Queued && n.State != Retry && n.State != Held:
		case out && !(level.Open && level.Episode == n.Restock.Number):
			expired[SoldOut] = append(expired[SoldOut], n)
		case now.After(n.NotAfter):
			expired[NewsIsOld] = append(expired[NewsIsOld], n)
		case out:
			run.Retry++
		case !now.Before(n.Due):
			due = append(due, n)
		default:
			run.Retry++
		}
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

func (b *Bot) deliverBatch(ctx context.Context, run *Run, part []Notification, stopped map[Channel]bool) error {
	for i := range part {
		part[i].Attempt++
		part[i].Run = run.ID
	}
	claimed, err := b.Ledger.Move(ctx, part, Change{To: Claimed, Run: run.ID})
	if err != nil {
		return err
	}
	for i, n := range claimed {
		if ctx.Err() != nil || stopped[n.Channel] || b.Senders[n.Channel] == nil {
			if err := b.giveBack(ctx, run, claimed[i:i+1]); err != nil {
				return err
			}
			continue
		}
		b.progress("telling customers: %d accepted", total(run.Accepted))
		delivery, err := b.send(ctx, run, n)
		if err != nil {
			return err
		}
		if delivery.Stop {
			stopped[n.Channel] = true
			run.Warnings = append(run.Warnings, fmt.Sprintf("%s: no further messages in this run: %s", n.Channel, delivery.Detail))
		}
	}
	return context.Cause(ctx)
}

// giveBack queues claimed notifications again: certainly not sent.
func (b *Bot) giveBack(ctx context.Context, run *Run, part []Notification) error {
	run.Retry += len(part)
	_, err := b.Ledger.Move(context.WithoutCancel(ctx), part, Change{To: Queued, Run: run.ID})
	return err
}

// send delivers one claimed notification and records what became of it.
func (b *Bot) send(ctx context.Context, run *Run, n Notification) (Delivery, error) {
	pending := func(ctx context.Context) error {
		moved, err := b.Ledger.Move(ctx, []Notification{n}, Change{To: DotPending, Run: run.ID})
		if err == nil && len(moved) == 0 {
			err = ErrConflict
		}
		if err == nil {
			n = moved[0]
		}
		return err
	}
	d := b.Senders[n.Channel].Send(ctx, n, pending)
	change := Change{To: d.State, Run: run.ID, Reason: d.Reason, Detail: d.Detail}
	if d.State == Retry {
		n.Due = b.Now().Add(backoff(n.Attempt))
	}
	// What happened is recorded even when the run was stopped meanwhile.
	if err := b.Ledger.settle(context.WithoutCancel(ctx), n, change); err != nil {
		return d, err
	}
	if d.Reason == SenderFault && !d.Stop {
		run.Warnings = append(run.Warnings, fmt.Sprintf("%s for %s: %s", n.Channel, n.Restock.SKU, d.Detail))
	}
	switch d.State {
	case Accepted:
		run.Accepted[n.Channel]++
	case Retry:
		run.Retry++
	case Failed:
		run.Failed++
	case Ambiguous:
		run.Ambiguous++
	}
	b.Log.LogAttrs(ctx, levelOf(d.State), "notification",
		attr("run", run.ID), attr("key", n.Key), attr("channel", string(n.Channel)), attr("state", string(d.State)),
		attr("reason", string(d.Reason)), attr("detail", d.Detail))
	return d, nil
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
