package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sort"
)

// maxFailures in a row, of follow-ups that a person must look at, end the follow-up of a run.
const maxFailures = 3

// followUp writes into the CRM what the customers were told. The sending is settled by then: a failure here never causes
// another message. A record that fails does not keep the others from being written, and is tried once more at the end, one by
// one; several failures in a row stop, because then it is the site and not the record.
func (b *Bot) followUp(ctx context.Context, job Job, run *Run) error {
	due, err := b.followUps(ctx, job)
	if err != nil {
		return err
	}
	failed, stopped, err := b.writeAll(ctx, job, run, due)
	if err != nil {
		return err
	}
	var again []writing
	for _, f := range failed {
		if n, ok, err := b.Ledger.Find(ctx, f.n.Key); err != nil {
			return err
		} else if ok && !stopped && f.class != Business && f.class != Config && f.class != Auth && f.class != MFA && n.follow(f.note).due() {
			again = append(again, writing{n, f.note})
		}
	}
	if len(again) == 0 {
		return joinFailures(failed, stopped)
	}
	run.NotWritten -= len(again)
	second, stopped, err := b.writeAll(ctx, job, run, again)
	if err != nil {
		return err
	}
	tried := map[string]bool{}
	for _, w := range again {
		tried[w.name()] = true
	}
	for _, f := range failed {
		if !tried[f.name()] {
			second = append(second, f)
		}
	}
	return joinFailures(second, stopped)
}

// writing is a follow-up that is due: of the message itself (-1), or of one of its notes.
type writing struct {
	n    Notification
	note int
}

// unwritten is a follow-up that failed.
type unwritten struct {
	writing
	class Class
	err   error
}

// name is the key, with the event of a note.
func (w writing) name() string {
	if w.note < 0 {
		return w.n.Key
	}
	return w.n.Key + " (" + string(w.n.Notes[w.note].Event) + ")"
}

func joinFailures(failed []unwritten, stopped bool) error {
	var errs []error
	for _, f := range failed {
		errs = append(errs, fmt.Errorf("follow-up of %s: %w", f.name(), f.err))
	}
	if stopped {
		errs = append(errs, fmt.Errorf("%d follow-ups in a row failed: the others wait for the next run", maxFailures))
	}
	return errors.Join(errs...)
}

// writeAll follows up what is due and returns what failed. It stops after [maxFailures] in a row that are no matter of one
// record only.
func (b *Bot) writeAll(ctx context.Context, job Job, run *Run, due []writing) (failed []unwritten, stopped bool, err error) {
	inARow := 0
	for _, w := range due {
		if inARow == maxFailures {
			run.NotWritten++
			continue
		}
		b.progress("writing the follow-up into %s: %d written", job.CRM, run.Written)
		written, err := b.write(ctx, job, run, w)
		if ctx.Err() != nil {
			return failed, false, context.Cause(ctx)
		}
		switch {
		case err != nil:
			run.NotWritten++
			failed = append(failed, unwritten{w, ClassOf(err), err})
			if ClassOf(err) != Business {
				inARow++
			}
		case written && w.note >= 0:
			run.Noted++
			inARow = 0
		case written:
			run.Written++
			inARow = 0
		default:
			run.NotWritten++
		}
	}
	return failed, inARow == maxFailures, nil
}

// followUps lists what is to be written, those that failed least often first: a few records that cannot be written must not
// keep the others from their turn for ever. The notes of a message come after the message itself.
func (b *Bot) followUps(ctx context.Context, job Job) ([]writing, error) {
	var due []writing
	for n, err := range b.Ledger.open(ctx, job.Name) {
		if err == nil {
			n, err = b.inheritFollowUp(ctx, n)
		}
		if err != nil {
			return nil, err
		}
		for note := -1; note < len(n.Notes); note++ {
			if n.follow(note).due() && (note < 0 || b.Clerk != nil) {
				due = append(due, writing{n, note})
			}
		}
	}
	sort.SliceStable(due, func(i, j int) bool { return due[i].attempt() < due[j].attempt() })
	return due, nil
}

func (w writing) attempt() int { return w.n.follow(w.note).Attempt }

// write follows one notification up. It reports whether the CRM shows it.
func (b *Bot) write(ctx context.Context, job Job, run *Run, w writing) (bool, error) {
	n, err := b.latest(ctx, w)
	if err != nil {
		return false, err
	}
	n.follow(w.note).Attempt++
	intent := func(ctx context.Context) error {
		n.follow(w.note).State, n.follow(w.note).At = FollowUpIntent, b.Now()
		saved, err := b.Ledger.save(ctx, []Notification{n})
		if err == nil && len(saved) == 0 {
			err = ErrConflict
		}
		if err == nil {
			n = saved[0]
		}
		return err
	}
	var result FollowUp
	if w.note < 0 {
		result, err = b.Sites.FollowUp(ctx, job.CRM, n, intent)
	} else {
		result, err = b.Clerk.Note(ctx, job.CRM, n, n.Notes[w.note], intent)
	}
	now := n.follow(w.note)
	if err != nil {
		if now.State == FollowUpIntent && ClassOf(err) == WriteUnknown {
			now.State = FollowUpUnknown
		}
		if ClassOf(err) == Business {
			now.State = FollowUpRejected
		}
		now.At, now.Detail = b.Now(), Clean(err.Error())
		_, saveErr := b.Ledger.save(context.WithoutCancel(ctx), []Notification{n})
		return false, errors.Join(err, saveErr)
	}
	result.Attempt, result.At = now.Attempt, b.Now()
	*now = result
	if _, err := b.Ledger.save(context.WithoutCancel(ctx), []Notification{n}); err != nil {
		return false, err
	}
	if result.State == FollowUpDiffers {
		run.Warnings = append(run.Warnings, fmt.Sprintf("follow-up of %s left alone: %s", w.name(), result.Detail))
	}
	b.Log.LogAttrs(ctx, slog.LevelInfo, "follow-up",
		attr("run", run.ID), attr("key", w.name()), attr("state", string(result.State)))
	return result.State == FollowUpWritten, nil
}

// latest returns a notification as it is now: what was written of it before is on it, and its other notes may be new.
func (b *Bot) latest(ctx context.Context, w writing) (Notification, error) {
	n, ok, err := b.Ledger.Find(ctx, w.n.Key)
	if err == nil && (!ok || w.note >= len(n.Notes)) {
		err = fmt.Errorf("notification %s: %w", w.n.Key, ErrConflict)
	}
	return n, err
}

// inheritFollowUp gives a request of somebody who asked twice the follow-up of the one message that was sent.
func (b *Bot) inheritFollowUp(ctx context.Context, n Notification) (Notification, error) {
	if n.SameAs == "" || n.FollowUp.State != FollowUpNone {
		return n, nil
	}
	first, ok, err := b.Ledger.Find(ctx, n.SameAs)
	if err != nil || !ok || first.State.Open() {
		return n, err
	}
	if first.State != Accepted {
		return n, b.Ledger.finish(ctx, []Notification{n})
	}
	n.FollowUp.State, n.ToldAt = FollowUpPending, first.Told()
	n.Changes = append(n.Changes, Change{At: b.Now(), To: n.State, Reason: n.Reason, Detail: "told by " + n.SameAs})
	saved, err := b.Ledger.save(ctx, []Notification{n})
	if err != nil || len(saved) == 0 {
		return n, errors.Join(err, ErrConflict)
	}
	return saved[0], nil
}

func attr(key, value string) slog.Attr { return slog.String(key, value) }
