package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Bot runs jobs. All fields must be set, except where it is said otherwise.
type Bot struct {
	Ledger  *Ledger
	Sites   Sites
	Senders map[Channel]Sender
	Log     *slog.Logger
	Now     func() time.Time
	// DryRun reads the sites and plans, but sends, writes and remembers nothing.
	DryRun bool
	// Progress, if set, is told what the run is doing.
	Progress func(text string)
	// Planned, if set, is given what a dry run would do.
	Planned func(levels []Level, plan []Notification)
}

// Do runs a job once: it reads the stock, finds what came back, reads who waits, remembers all of it, tells them, and
// writes the follow-up back. What an earlier run left undone is finished too. The returned Run is complete even when
// there is an error. run comes from [NewRun].
//
// A *[LockedError] means that the job is already running.
func (b *Bot) Do(ctx context.Context, job Job, run Run) (Run, error) {
	run.DryRun = b.DryRun
	lease, err := b.Ledger.acquire(ctx, run)
	if err != nil {
		run.Outcome, run.Error = FailedRun, err.Error()
		return run, err
	}
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go b.Ledger.keep(work, lease, stop)

	if err = b.begin(work, &run); err == nil {
		err = b.run(work, job, &run)
	}
	if cause := context.Cause(work); cause != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		err = cause
	}
	// The record is kept and the lease given back even when ctx has ended.
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	b.end(&run, err)
	if !run.DryRun {
		err = errors.Join(err, b.Ledger.SaveRun(after, run))
	}
	stop(nil)
	return run, errors.Join(err, b.Ledger.release(after, lease))
}

func (b *Bot) begin(ctx context.Context, run *Run) error {
	if run.DryRun {
		return nil
	}
	interrupted, err := b.Ledger.recover(ctx, *run)
	if err != nil {
		return err
	}
	if interrupted > 0 {
		run.Warnings = append(run.Warnings, fmt.Sprintf("%d message(s) may have gone out when the run before was cut off: "+
			"they are ambiguous and are not sent again; see `restock ledger --state ambiguous`", interrupted))
	}
	return b.Ledger.SaveRun(ctx, *run)
}

func (b *Bot) end(run *Run, err error) {
	run.Finished = b.Now()
	run.Steps = append(run.Steps, b.Sites.Steps()...)
	run.Outcome = Done
	if err == nil {
		return
	}
	run.Outcome, run.Error = FailedRun, err.Error()
	if errors.Is(err, context.Canceled) {
		run.Outcome = StoppedRun
	}
	if step, ok := errors.AsType[*StepError](err); ok {
		run.Problem = step
		if OnlyHeld(err) {
			run.Outcome = HeldRun
		}
	}
}

// OnlyHeld reports whether nothing but held things keeps a run from being done.
func OnlyHeld(err error) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the tree itself is walked
		for _, one := range joined.Unwrap() {
			if !OnlyHeld(one) {
				return false
			}
		}
		return true
	}
	return ClassOf(err) == HeldClass
}

// run does the work. When the stock cannot be read, nobody is told anything, but what was sent earlier is still written
// back into the CRM.
func (b *Bot) run(ctx context.Context, job Job, run *Run) error {
	c, readErr := b.read(ctx, job, run)
	if run.DryRun || ctx.Err() != nil {
		return readErr
	}
	var sendErr error
	if readErr == nil {
		sendErr = b.deliver(ctx, job, run, c)
	}
	err := errors.Join(readErr, sendErr, b.followUp(ctx, job, run))
	if run.Written == 0 {
		return err
	}
	return errors.Join(err, b.Ledger.Update(context.WithoutCancel(ctx), job.Name, func(s *JobState) {
		s.Waiting = max(0, s.Waiting-run.Written) // those will not be on the list any more
	}))
}

func (b *Bot) progress(format string, args ...any) {
	if b.Progress != nil {
		b.Progress(fmt.Sprintf(format, args...))
	}
}
