package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// desk is the Desk of a run.
type desk struct {
	bot     *Bot
	run     *Run
	scribe  *scribe
	journal Journal // may be nil

	mu      sync.Mutex
	open    map[string]*Notification // given to a sender, and not reported yet
	relay   *relay
	sent    Sent           // what became of messages here, as far as the run does not count it so
	failed  map[string]int // of each product, for good
	parcels int            // made so far
	records bool           // the run is this process's own: its record is kept up to date
	saved   time.Time      // when it was
	busy    atomic.Bool
	saving  sync.WaitGroup
	err     error
}

// errStopped is what a sender gets that wants to go on where the run does not.
var errStopped = errors.New("no further messages in this run")

func (b *Bot) newDesk(ctx context.Context, run *Run, r *relay) (*desk, error) {
	d := &desk{bot: b, run: run, open: map[string]*Notification{}, relay: r, sent: newSent(), failed: map[string]int{}}
	if b.Ledger.Journals != nil {
		var err error
		if d.journal, err = b.Ledger.Journals.Create(run.ID); err != nil {
			return nil, &StateError{Err: fmt.Errorf("the journal of the run: %w", err)}
		}
	}
	d.scribe = newScribe(ctx, b.Ledger)
	return d, nil
}

// close waits until everything is on record.
func (d *desk) close() error {
	d.saving.Wait()
	err := errors.Join(d.err, d.scribe.close())
	if d.journal == nil {
		return err
	}
	if err != nil {
		return errors.Join(err, d.journal.Close()) // the next run needs it
	}
	if len(d.left()) > 0 { // for these too
		return d.journal.Close()
	}
	return d.journal.End()
}

// claim takes messages for this run.
func (d *desk) claim(part []*Notification) <-chan moved {
	for _, n := range part {
		n.Attempt++
		n.Run = d.run.ID
	}
	reply := make(chan moved, 1)
	d.scribe.in <- change{part, Change{To: Claimed, Run: d.run.ID}, reply}
	return reply
}

// abandon gives back what was claimed ahead by a run that stops.
func (d *desk) abandon(ahead <-chan moved) {
	if ahead == nil {
		return
	}
	claimed := <-ahead
	d.take(claimed.list)
	for _, n := range claimed.list {
		d.Done(*n, Delivery{State: Queued})
	}
}

// take notes what a sender is given.
func (d *desk) take(batch []*Notification) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range batch {
		d.open[n.Key] = n
	}
}

// Pending implements Desk. The record comes first; then it is looked whether somebody has left meanwhile.
func (d *desk) Pending(ctx context.Context, batch []Notification) ([]Notification, error) {
	list, err := d.asked(batch)
	if err != nil {
		return nil, err
	}
	saved, err := d.scribe.move(list, Change{To: DotPending, Run: d.run.ID})
	if err != nil {
		return nil, err
	}
	gone, why, err := d.stoppedOf(context.WithoutCancel(ctx), saved)
	if err != nil {
		return nil, err
	}
	if len(saved) == len(batch) && len(gone) == 0 {
		return batch, nil
	}
	now := make(map[string]bool, len(saved))
	for _, n := range saved {
		now[n.Key] = why[n].At.IsZero()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var allowed []Notification
	for _, n := range batch {
		if now[n.Key] {
			allowed = append(allowed, n)
		} else {
			delete(d.open, n.Key) // somebody else has changed it, or the customer has left
		}
	}
	for _, n := range gone {
		d.run.Suppressed++
		d.scribe.later(n, Change{To: Suppressed, Run: d.run.ID, Reason: why[n].Reason, Detail: why[n].Source})
	}
	return allowed, nil
}

// asked returns what the desk knows of messages that a sender wants to let go, unless the run has stopped.
func (d *desk) asked(batch []Notification) ([]*Notification, error) {
	if err := d.scribe.failure(); err != nil {
		return nil, err // what becomes of messages can no longer be recorded
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]*Notification, len(batch))
	for i, n := range batch {
		if d.relay.stopped[n.Channel] != "" {
			return nil, errStopped
		}
		list[i] = d.open[n.Key]
	}
	return list, nil
}

// Leave implements Desk.
func (d *desk) Leave(n Notification) error {
	if d.journal == nil {
		return nil
	}
	return d.journal.Leave(n.Key, n.Attempt)
}

// Done implements Desk.
func (d *desk) Done(n Notification, result Delivery) {
	if result.State == Failed && (result.Reason == DeadAddress || result.Reason == LeftUs) {
		d.suppress(n, result)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	stored, ok := d.open[n.Key]
	if !ok {
		d.err = errors.Join(d.err, fmt.Errorf("notification %s was reported as %s and is not at work", n.Key, result.State))
		return
	}
	delete(d.open, n.Key)
	if d.journal != nil && result.State != Queued {
		d.err = errors.Join(d.err, d.journal.Done(n.Key, stored.Attempt, result))
	}
	d.count(*stored, result)
	if result.State == Retry {
		stored.Due = d.bot.Now().Add(backoff(stored.Attempt))
	}
	d.scribe.later(stored, Change{To: result.State, Run: d.run.ID, Reason: result.Reason, Detail: result.Detail})
	d.bot.progress("telling customers: %d accepted", total(d.run.Accepted))
	d.bot.Log.LogAttrs(context.Background(), levelOf(result.State), "notification",
		attr("run", d.run.ID), attr("key", n.Key), attr("channel", string(n.Channel)), attr("state", string(result.State)),
		attr("reason", string(result.Reason)), attr("detail", result.Detail))
}

// suppress keeps further messages from an address that does not exist, or whose owner has left at the gateway.
func (d *desk) suppress(n Notification, result Delivery) {
	l := d.bot.Ledger
	err := l.Suppress(context.Background(), Suppression{Who: l.personOf(&n), Channel: n.Channel, Reason: result.Reason, Source: result.Detail})
	if err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.err = errors.Join(d.err, err)
	}
}

// left returns what a sender forgot to report.
func (d *desk) left() []Notification {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []Notification
	for _, n := range d.open {
		list = append(list, *n)
	}
	return list
}

func levelOf(s State) slog.Level {
	if s == Accepted || s == Queued {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}
