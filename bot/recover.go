package bot

import (
	"context"
	"errors"
	"time"
)

// recovery puts right what dead runs of a job left.
type recovery struct {
	*Ledger
	now       Run
	dead      map[string]*Run // whose records are to be completed: what the ledger knows of them
	ambiguous int
}

// recover puts right what a dead run left: its record is closed, what it had claimed is queued again, because nothing of
// it had left, and what stood right before the point of no return is settled by the run's journal, or else ambiguous. It must
// be called under the job's lease.
func (l *Ledger) recover(ctx context.Context, now Run) (ambiguous int, err error) {
	r := &recovery{Ledger: l, now: now, dead: map[string]*Run{}}
	if err := r.interrupt(ctx); err != nil {
		return 0, err
	}
	if err := errors.Join(l.recallParcels(ctx, now.Job), l.dropOldShards(ctx, now.Job)); err != nil {
		return 0, err
	}
	for first := true; ; first = false { // a dead run that only stood still may go on meanwhile
		journals, err := l.swept(ctx, now.Job) // before it is looked what is on its way: what leaves after this is not among them
		if err != nil {
			return r.ambiguous, err
		}
		done, err := r.pass(ctx, first)
		if err != nil {
			return r.ambiguous, err
		}
		if done {
			return r.ambiguous, errors.Join(r.complete(ctx), journals(ctx))
		}
	}
}

// pass settles what is claimed or on its way. done says that nothing was.
func (r *recovery) pass(ctx context.Context, first bool) (done bool, err error) {
	var claimed, pending []Notification
	for n, err := range r.open(ctx, r.now.Job) {
		switch {
		case err != nil:
			return false, err
		case n.State == Claimed:
			claimed = append(claimed, n)
		case n.State == DotPending:
			pending = append(pending, n)
		case first && n.State == Accepted:
			r.count(n)
		}
	}
	if len(claimed)+len(pending) == 0 {
		return true, nil
	}
	if _, err := r.Move(ctx, claimed, Change{To: Queued, Run: r.now.ID, Reason: Interrupted}); err != nil {
		return false, err
	}
	settled, err := r.judgePending(ctx, r.now.ID, pending)
	for _, n := range settled {
		r.count(n)
	}
	return false, err
}

// count counts a message for the run that it was sent by.
func (r *recovery) count(n Notification) {
	if n.State == Ambiguous {
		r.ambiguous++
	}
	dead := r.dead[n.Run]
	switch {
	case dead == nil:
	case n.State == Accepted:
		dead.Accepted[n.Channel]++
	case n.State == Ambiguous:
		dead.Ambiguous++
	}
}

// complete puts into the records of runs that were cut off what the ledger knows of them: their last figures are some seconds old, and
// other machines may have sent for them.
func (r *recovery) complete(ctx context.Context) error {
	if len(r.dead) == 0 {
		return nil
	}
	for id, dead := range r.dead {
		err := r.amend(ctx, id, func(run *Run) {
			if run.Accepted == nil {
				run.Accepted = map[Channel]int{}
			}
			for c, n := range dead.Accepted {
				run.Accepted[c] = max(run.Accepted[c], n)
			}
			run.Ambiguous += dead.Ambiguous
		})
		if err != nil {
			return err
		}
	}
	return r.Update(ctx, r.now.Job, func(s *JobState) { s.Begun.Before = nil })
}

// interrupt notes on the run before that it was cut off, if it was, and that this one has begun.
func (r *recovery) interrupt(ctx context.Context) error {
	l, now := r.Ledger, r.now
	s, err := l.State(ctx, now.Job)
	if err != nil {
		return err
	}
	dead := s.Begun.Before // of a recovery that was cut off itself
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
		dead = append(dead, run.ID)
		run.Outcome, run.Error = Interrupt, "the process ended in the middle; run "+now.ID+" went on"
		return l.SaveRun(ctx, run)
	}
	if s.Begun.Run != "" {
		run, ok, err := l.Run(ctx, s.Begun.Run)
		if err == nil && ok {
			err = before(run)
		}
		if err != nil {
			return err
		}
	} else { // a state of an older restock
		for run, err := range decoded[Run](l.store.Scan(ctx, Runs, "")) {
			if err == nil {
				err = before(run)
			}
			if err != nil {
				return err
			}
		}
	}
	for _, id := range dead {
		r.dead[id] = &Run{ID: id, Counts: Counts{Accepted: map[Channel]int{}}}
	}
	return l.Update(ctx, now.Job, func(s *JobState) {
		resumes := 0
		if now.Trigger == TriggerResume {
			resumes = s.Begun.Resumes + 1
		}
		s.Begun = Begun{Run: now.ID, At: now.Started, Resumes: resumes, Before: dead}
	})
}

// maxClockBack is how far the clock may go back between two runs: daylight saving never moves it, time servers by seconds.
const maxClockBack = time.Hour
