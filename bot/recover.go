package bot

import (
	"context"
	"errors"
	"time"
)

// recover puts right what a dead run left: its record is closed, what it had claimed is queued again, because nothing of
// it had left, and what stood right before the point of no return is settled by the run's journal, or else ambiguous. It must
// be called under the job's lease.
func (l *Ledger) recover(ctx context.Context, now Run) (ambiguous int, err error) {
	dead, err := l.interrupt(ctx, now)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(l.recallParcels(ctx, now.Job), l.dropOldShards(ctx, now.Job)); err != nil {
		return 0, err
	}
	first := true
	for { // a dead run that only stood still may go on meanwhile; what it does after this changes nothing any more
		var claimed, pending []Notification
		for n, err := range l.open(ctx, now.Job) {
			switch {
			case err != nil:
				return ambiguous, err
			case n.State == Claimed:
				claimed = append(claimed, n)
			case n.State == DotPending:
				pending = append(pending, n)
			case first && n.State == Accepted && n.Run == dead.ID && dead.ID != "":
				dead.Accepted[n.Channel]++
			}
		}
		first = false
		if len(claimed)+len(pending) == 0 {
			return ambiguous, errors.Join(l.complete(ctx, dead, ambiguous), l.sweep(ctx, now.Job))
		}
		if _, err := l.Move(ctx, claimed, Change{To: Queued, Run: now.ID, Reason: Interrupted}); err != nil {
			return ambiguous, err
		}
		n, err := l.judgePending(ctx, now.ID, pending)
		if ambiguous += n; err != nil {
			return ambiguous, err
		}
	}
}

// complete puts into the record of a run that was cut off what the ledger knows of it: its last figures are some seconds old, and other
// machines may have sent for it.
func (l *Ledger) complete(ctx context.Context, dead Run, ambiguous int) error {
	if dead.ID == "" {
		return nil
	}
	run, ok, err := l.Run(ctx, dead.ID)
	if err != nil || !ok {
		return err
	}
	for c, n := range dead.Accepted {
		if run.Accepted == nil {
			run.Accepted = map[Channel]int{}
		}
		run.Accepted[c] = max(run.Accepted[c], n)
	}
	run.Ambiguous += ambiguous
	return l.SaveRun(ctx, run)
}

// interrupt notes on the run before that it was cut off, if it was, and that this one has begun. It returns the former, without its
// figures.
func (l *Ledger) interrupt(ctx context.Context, now Run) (dead Run, err error) {
	s, err := l.State(ctx, now.Job)
	if err != nil {
		return dead, err
	}
	before := func(run Run) error {
		if run.Job != now.Job {
			return nil
		}
		if last := run.Started; last.Sub(now.Started) > maxClockBack {
			return &StepError{
				Class: Config, Flow: "run", Expected: "a time after " + last.Format(time.RFC3339) + ", when run " + run.ID + " began", Found: now.Started.Format(time.RFC3339),
				Hint: "the clock of this machine was set back: set it right, then run again. Nothing was read or sent",
			}
		}
		if run.Outcome != Running {
			return nil
		}
		dead = Run{ID: run.ID, Counts: Counts{Accepted: map[Channel]int{}}}
		run.Outcome, run.Error = Interrupt, "the process ended in the middle; run "+now.ID+" went on"
		return l.SaveRun(ctx, run)
	}
	if s.Begun.Run != "" {
		run, ok, err := l.Run(ctx, s.Begun.Run)
		if err == nil && ok {
			err = before(run)
		}
		if err != nil {
			return dead, err
		}
	} else { // a state of an older restock
		for run, err := range decoded[Run](l.store.Scan(ctx, Runs, "")) {
			if err == nil {
				err = before(run)
			}
			if err != nil {
				return dead, err
			}
		}
	}
	return dead, l.Update(ctx, now.Job, func(s *JobState) {
		resumes := 0
		if now.Trigger == TriggerResume {
			resumes = s.Begun.Resumes + 1
		}
		s.Begun = Begun{Run: now.ID, At: now.Started, Resumes: resumes}
	})
}

// maxClockBack is how far the clock may go back between two runs: daylight saving never moves it, time servers by seconds.
const maxClockBack = time.Hour
