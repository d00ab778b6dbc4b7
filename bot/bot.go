package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"
)

// Bot runs jobs. All fields must be set, except where it is said otherwise.
type Bot struct {
	Ledger  *Ledger
	Sites   Sites
	Senders map[Channel]Sender
	Log     *slog.Logger
	Now     func() time.Time
	// Clerk, if set, does further work in the sites: sign-ups, orders, events.
	Clerk Clerk
	// Events are those that the CRM of each job takes.
	Events map[string][]Event
	// Windows say how long after a message a purchase is put down to it; the zero value is [DefaultWindows].
	Windows Windows
	// DryRun reads the sites and plans, but sends, writes and remembers nothing.
	DryRun bool
	// Texts, if set, marks what messages are written from: machines with the same mark send a part of what a run sends. The journals
	// must be shared then.
	Texts string
	// Progress, if set, is told what the run is doing.
	Progress func(text string)
	doing    doing
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
		run.Outcome, run.Error = FailedRun, Redact(err.Error())
		return run, err
	}
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	holding, letGo := context.WithCancel(context.WithoutCancel(ctx)) // also while a run that was stopped puts things right
	defer letGo()
	go b.Ledger.keep(holding, lease, b.doing.text, stop)

	if err = b.begin(work, &run); err == nil {
		err = b.safely(work, job, &run)
	}
	if cause := context.Cause(work); cause != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		err = cause
	}
	// The record is kept and the lease given back even when ctx has ended.
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	b.end(&run, err)
	if !run.DryRun {
		err = errors.Join(err, b.Ledger.SaveRun(after, run), b.obey(after, err))
	}
	letGo()
	return run, errors.Join(err, b.Ledger.release(after, lease))
}

// safely runs the work and turns a panic into an error: one run fails, and others go on. What had been claimed or recorded is
// put right by the next run, as after a kill. The stack goes to the log; it has no values in it.
func (b *Bot) safely(ctx context.Context, job Job, run *Run) (err error) {
	defer func() {
		if r := recover(); r != nil {
			frames := debug.Stack()
			b.Log.LogAttrs(ctx, slog.LevelError, "panic", attr("run", run.ID), attr("stack", plainStack(frames)))
			err = &StepError{Class: BotBug, Flow: "run", Expected: "no panic", Found: Clean(fmt.Sprint(r)), Hint: "report it with the log; the next run goes on where this one stopped"}
		}
	}()
	return b.run(ctx, job, run)
}

// plainStack keeps the names and lines of a stack, without the arguments.
func plainStack(stack []byte) string {
	var lines []string
	for line := range strings.SplitSeq(string(stack), "\n") {
		if strings.HasPrefix(line, "\t") {
			place, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			lines = append(lines, place)
		}
	}
	return strings.Join(lines[:min(len(lines), 30)], " < ")
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

// mayAsk obeys a site that has asked to be left alone for a while (Retry-After, RFC 9110 10.2.3).
func (b *Bot) mayAsk(ctx context.Context, job Job, run *Run) error {
	for _, site := range []string{job.IMS, job.CRM, job.Orders} {
		until, err := b.Ledger.Marked(ctx, "wait/"+site)
		if err != nil {
			return err
		}
		if run.Started.Before(until) {
			return &StepError{
				Class: SiteDown, Site: site, Flow: "run", Expected: "a site that may be asked", Found: "it has asked to be left alone until " + until.Format("15:04:05"),
				Hint: "the first run after that tries again; if it happens often, run less often",
			}
		}
	}
	return nil
}

// obey remembers for how long a site wants to be left alone, an hour at most.
func (b *Bot) obey(ctx context.Context, err error) error {
	step, ok := errors.AsType[*StepError](err)
	if !ok || step.RetryAfter <= 0 || step.Site == "" {
		return nil
	}
	return b.Ledger.Mark(ctx, "wait/"+step.Site, b.Now().Add(min(step.RetryAfter, time.Hour)))
}

func (b *Bot) end(run *Run, err error) {
	run.Finished = b.Now()
	run.Steps = append(run.Steps, b.Sites.Steps()...)
	run.Outcome = Done
	if err == nil {
		return
	}
	run.Outcome, run.Error = FailedRun, Redact(err.Error())
	if errors.Is(err, context.Canceled) {
		if run.Outcome = StoppedRun; run.Error == context.Canceled.Error() {
			run.Error = "it was stopped before its end; the next run goes on"
		}
	}
	if step, ok := errors.AsType[*StepError](err); ok {
		run.Problem = step.clean()
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
	if err := b.mayAsk(ctx, job, run); err != nil {
		return err
	}
	entered, enterErr := b.enter(ctx, job, run, budget(ctx, 10, enterFirst))
	orderErr := b.orders(ctx, job, run)
	if !run.DryRun { // before anybody is reminded
		orderErr = errors.Join(orderErr, b.attend(ctx, run))
	}
	c, readErr := b.read(ctx, job, run, entered)
	if run.DryRun || ctx.Err() != nil {
		return readErr
	}
	if step, ok := errors.AsType[*StepError](readErr); ok && step.Evidence == "" && step.Site != "" {
		readErr = b.Sites.Witness(ctx, step.Site, step)
	}
	var sendErr error
	if readErr == nil {
		readErr = b.Ledger.SaveRun(ctx, *run) // what was read is seen while it is sent
	}
	if readErr == nil {
		sendErr = errors.Join(b.Deliver(ctx, job, run, c.Levels), b.Ledger.SaveRun(context.WithoutCancel(ctx), *run))
	}
	err := errors.Join(readErr, sendErr, enterErr, orderErr, b.followUp(ctx, job, run), b.leftKnown(ctx))
	if enterErr == nil {
		_, enterErr = b.enter(ctx, job, run, budget(ctx, 2, enterAfter)) // who waits for these is read by the next run
		err = errors.Join(err, enterErr)
	}
	if run.Written == 0 {
		return err
	}
	return errors.Join(err, b.Ledger.Update(context.WithoutCancel(ctx), job.Name, func(s *JobState) {
		s.Waiting = max(0, s.Waiting-run.Written) // those will not be on the list any more
	}))
}

// doing is what a run does.
type doing struct{ now atomic.Value }

func (d *doing) text() string {
	text, _ := d.now.Load().(string)
	return text
}

func (b *Bot) progress(format string, args ...any) {
	text := Redact(fmt.Sprintf(format, args...))
	b.doing.now.Store(text)
	if b.Progress != nil {
		b.Progress(text)
	}
}
