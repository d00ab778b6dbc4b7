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
	if cause := context.Cause(work); cause != nil && errors.Is(err, context.Canceled) {
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
		if step.Class == HeldClass {
			run.Outcome = HeldRun
		}
	}
}

// run does the work. When the stock cannot be read, nobody is told anything, but what was sent earlier is still written
// back into the CRM.
func (b *Bot) run(ctx context.Context, job Job, run *Run) error {
	c, readErr := b.read(ctx, job, run)
	if run.DryRun || errors.Is(readErr, context.Canceled) {
		return readErr
	}
	var sendErr error
	if readErr == nil {
		sendErr = b.deliver(ctx, job, run, c)
	}
	return errors.Join(readErr, sendErr, b.followUp(ctx, job, run))
}

// read reads both sites, compares, and remembers. Nothing is remembered unless everything was read.
func (b *Bot) read(ctx context.Context, job Job, run *Run) (Comparison, error) {
	b.progress("reading the stock of %s", job.IMS)
	read, err := b.Sites.Stock(ctx, job.IMS)
	if err != nil {
		return Comparison{}, err
	}
	known, err := b.Ledger.Known(ctx, job.Name)
	if err != nil {
		return Comparison{}, err
	}
	if err := plausible(job, known, read); err != nil {
		return Comparison{}, err
	}
	c := Compare(job.Name, run.ID, known, read)
	run.StockLevels, run.Learned, run.Missing = len(read.Levels), c.Learned, len(c.Missing)
	run.Restocks, run.SoldOut = len(c.Opened), len(c.Closed)
	if len(c.Missing) > 0 && read.Complete == CompleteYes && !read.AbsentIsOut {
		run.Warnings = append(run.Warnings, fmt.Sprintf("%d known product(s) are not in the stock list any more: they keep "+
			"their last level; first: %s", len(c.Missing), c.Missing[0]))
	}

	b.progress("reading who waits in %s", job.CRM)
	skus := make([]string, len(c.Opened))
	for i, r := range c.Opened {
		skus[i] = r.SKU
	}
	subs, waiting, err := b.Sites.Subscribers(ctx, job.CRM, skus)
	if err != nil {
		return Comparison{}, err
	}
	run.Subscriptions = waiting
	shapes := b.Sites.Shapes()
	run.Warnings = append(run.Warnings, unknownProducts(shapes, known, read.Levels)...)
	if err := b.drifted(ctx, shapes); err != nil {
		return Comparison{}, err
	}
	var unfinished []Notification
	for n, err := range b.Ledger.open(ctx, job.Name) {
		if err != nil {
			return Comparison{}, err
		}
		unfinished = append(unfinished, n)
	}
	plan := Plan(job.Name, run.ID, c.Opened, subs, unfinished, job.Policy, b.Now())
	for _, n := range plan {
		if n.State == Suppressed {
			run.Suppressed++
			run.NotTold = append(run.NotTold, NotTold{n.Subscription.ID, n.Restock.SKU, n.Reason, n.Key})
		}
	}
	if run.DryRun {
		if b.Planned != nil {
			b.Planned(c.Levels, plan)
		}
		return c, nil
	}
	if err := b.Ledger.Commit(ctx, c, plan); err != nil {
		return Comparison{}, err
	}
	if err := b.Ledger.SaveLevels(ctx, job.Name, c); err != nil {
		return c, err
	}
	return c, b.Ledger.learn(ctx, shapes)
}

// plausible refuses a reading whose size differs too much from what is known: it is more likely half a list than a real
// change.
func plausible(job Job, known map[string]Level, read Reading) error {
	before, now := lastRows(known), len(read.Levels)
	if read.MaxChange == 0 || before == 0 || abs(now-before)*100 <= read.MaxChange*before {
		return nil
	}
	return &StepError{
		Class: DataContract, Site: job.IMS, Flow: "stock", Expected: fmt.Sprintf("about %d rows (expect.change %d%%)", before, read.MaxChange),
		Found: fmt.Sprintf("%d", now), Hint: "is a filter set on the page? If the change is right, raise change: for one run",
	}
}

// lastRows counts the levels that the last good reading showed.
func lastRows(known map[string]Level) int {
	var last time.Time
	n := 0
	for _, level := range known {
		switch {
		case level.ReadAt.After(last):
			last, n = level.ReadAt, 1
		case level.ReadAt.Equal(last):
			n++
		}
	}
	return n
}

func abs(n int) int { return max(n, -n) }

func (b *Bot) progress(format string, args ...any) {
	if b.Progress != nil {
		b.Progress(fmt.Sprintf(format, args...))
	}
}
