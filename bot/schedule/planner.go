package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"restock/bot"
)

// Job is a job and when it is due.
type Job struct {
	Name    string
	Spec    Spec
	CatchUp time.Duration // a tick that was missed by at most this long is made up for
}

// Tick is what is kept of a job's schedule.
type Tick struct {
	Due      time.Time `json:"due"`     // next
	Spec     string    `json:"spec"`    // that Due was computed from
	Started  time.Time `json:"started"` // last
	Finished time.Time `json:"finished"`
	Missed   int       `json:"missed"`  // ticks that were too old when the process came back
	Skipped  int       `json:"skipped"` // ticks that came while the run before was still going on, or the job was paused
}

// Planner starts jobs when they are due.
type Planner struct {
	Store bot.Store
	Now   func() time.Time
	Log   *slog.Logger
	// Missed, if set, is told of a tick that was too old to be made up for.
	Missed func(ctx context.Context, job string, due time.Time)
	// After, if set, stands in for time.After: a test's time goes faster.
	After func(time.Duration) <-chan time.Time
}

// look is how often the clock is looked at: a suspended machine or a changed clock is noticed within it.
const look = 30 * time.Second

// Run starts jobs when they are due until ctx ends, and returns when the last of them has returned. do is called for one
// tick of a job at a time; ticks that come while it works are skipped and counted.
func (p *Planner) Run(ctx context.Context, jobs []Job, do func(ctx context.Context, job string, due time.Time) error) error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, job := range jobs {
		all.Go(func() {
			if err := p.keep(ctx, job, do); err != nil && ctx.Err() == nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// keep watches one job.
func (p *Planner) keep(ctx context.Context, job Job, do func(context.Context, string, time.Time) error) error {
	var running sync.WaitGroup
	defer running.Wait()
	busy := make(chan struct{}, 1)
	for {
		due, err := p.take(ctx, job, len(busy) > 0)
		if err != nil {
			p.Log.LogAttrs(ctx, slog.LevelError, "schedule", slog.String("job", job.Name), slog.String("error", err.Error()))
		}
		if !due.IsZero() {
			busy <- struct{}{}
			running.Go(func() {
				defer func() { <-busy }()
				if err := do(ctx, job.Name, due); err != nil {
					p.Log.LogAttrs(ctx, slog.LevelError, "job", slog.String("job", job.Name), slog.String("error", err.Error()))
				}
				if err := p.change(context.WithoutCancel(ctx), job, func(t *Tick) { t.Finished = p.Now() }); err != nil {
					p.Log.LogAttrs(ctx, slog.LevelError, "schedule", slog.String("job", job.Name), slog.String("error", err.Error()))
				}
			})
		}
		wait := look
		if tick, tickErr := p.Tick(ctx, job); err == nil && tickErr == nil {
			wait = max(0, min(look, tick.Due.Sub(p.Now())))
		}
		after := p.After
		if after == nil {
			after = time.After
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-after(max(wait, time.Millisecond)):
		}
	}
}

// Tick returns what is kept of a job's schedule. A new job, or one whose expression has changed, is due next by it.
func (p *Planner) Tick(ctx context.Context, job Job) (Tick, error) {
	t, _, err := p.tick(ctx, job)
	return t, err
}

func (p *Planner) tick(ctx context.Context, job Job) (Tick, bot.Entry, error) {
	entry, err := p.Store.Get(ctx, bot.Ticks, job.Name)
	if err != nil {
		return Tick{}, entry, err
	}
	var t Tick
	if entry.Rev != 0 {
		if err := json.Unmarshal(entry.Value, &t); err != nil {
			return t, entry, err
		}
	}
	next := job.Spec.Next(p.Now())
	if spec := job.Spec.Text + " " + job.Spec.Zone.String(); t.Spec != spec {
		t.Spec, t.Due = spec, next
	}
	if t.Due.After(next) { // the clock was ahead when it was computed
		t.Due = next
	}
	return t, entry, nil
}

// take claims the tick that is due now, if there is one: it moves the due time on by compare-and-set, so that one process
// of many starts the run. All ticks that were missed count as one.
func (p *Planner) take(ctx context.Context, job Job, busy bool) (time.Time, error) {
	t, entry, err := p.tick(ctx, job)
	if err != nil {
		return time.Time{}, err
	}
	now := p.Now()
	due := t.Due
	if due.After(now) {
		if fresh := !sameTick(t, entry); fresh { // a new job, or a new expression: from now on it is due by it
			_, err = p.save(ctx, job, t, entry.Rev)
		}
		return time.Time{}, err
	}
	t.Due = job.Spec.Next(now)
	late := now.Sub(due) > job.CatchUp
	switch {
	case busy:
		t.Skipped++
	case late:
		t.Missed++
	default:
		t.Started = now
	}
	won, err := p.save(ctx, job, t, entry.Rev)
	if err != nil || !won || busy || late {
		if late && won {
			p.Log.LogAttrs(ctx, slog.LevelWarn, "missed a tick", slog.String("job", job.Name), slog.Time("due", due))
			if p.Missed != nil {
				p.Missed(ctx, job.Name, due)
			}
		}
		return time.Time{}, err
	}
	return due, nil
}

// sameTick reports whether a tick is due by what the entry holds.
func sameTick(t Tick, entry bot.Entry) bool {
	var kept Tick
	return entry.Rev != 0 && json.Unmarshal(entry.Value, &kept) == nil && kept.Spec == t.Spec && kept.Due.Equal(t.Due)
}

func (p *Planner) save(ctx context.Context, job Job, t Tick, rev uint64) (won bool, err error) {
	value, err := json.Marshal(t)
	if err != nil {
		return false, err
	}
	out, err := p.Store.Apply(ctx, bot.Write{Table: bot.Ticks, Key: job.Name, Value: value, Rev: rev})
	return err == nil && !out[0].Conflict, err
}

// Skip counts a tick for which nothing was done after all.
func (p *Planner) Skip(ctx context.Context, job Job) error {
	return p.change(ctx, job, func(t *Tick) { t.Skipped++ })
}

// change alters a tick, trying again when somebody else was quicker.
func (p *Planner) change(ctx context.Context, job Job, f func(*Tick)) error {
	for {
		t, entry, err := p.tick(ctx, job)
		if err != nil {
			return err
		}
		f(&t)
		if won, err := p.save(ctx, job, t, entry.Rev); won || err != nil {
			return err
		}
	}
}
