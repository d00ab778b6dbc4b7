package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"restock/bot"
	"restock/bot/schedule"
	"restock/bot/web/admin"
)

// board is what the operators' page can see and do of a daemon: it knows what runs.
type board struct {
	w    *workshop
	ctx  context.Context // of the daemon
	plan *schedule.Planner
	// idle says that this machine runs no jobs: others are asked to.
	idle bool

	mu      sync.Mutex
	texts   map[string]string // job → what it does now
	stops   map[string]context.CancelFunc
	held    map[string]bot.Lease // job → who runs it, of all processes
	checks  []admin.Check        // of the cluster
	needs   []admin.Check        // browser, mail and SMS, as they were lately
	left    admin.Check          // unsubscriptions, likewise
	changed chan struct{}
	runs    sync.WaitGroup
}

func newBoard(ctx context.Context, w *workshop, plan *schedule.Planner) *board {
	return &board{w: w, ctx: ctx, plan: plan, texts: map[string]string{}, stops: map[string]context.CancelFunc{}, changed: make(chan struct{})}
}

// say notes what a job does; "" is that it has ended.
func (b *board) say(job, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if text == "" {
		delete(b.texts, job)
	} else {
		b.texts[job] = bot.Redact(text)
	}
	close(b.changed)
	b.changed = make(chan struct{})
}

// run does a run that the page can show and stop.
func (b *board) run(ctx context.Context, job, trigger string) (bot.Run, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b.mu.Lock()
	if b.stops[job] != nil {
		b.mu.Unlock()
		return bot.Run{}, &bot.LockedError{What: "job " + job, Holder: "a run of this process", Hint: "wait until it ends, or stop it"}
	}
	b.stops[job] = cancel
	b.mu.Unlock()
	b.say(job, "beginning")
	defer func() {
		b.mu.Lock()
		delete(b.stops, job)
		b.mu.Unlock()
		b.say(job, "")
	}()
	shop := *b.w // each run has its own sites, senders and browser
	return shop.run(ctx, job, trigger, false, runOptions{progress: func(text string) { b.say(job, text) }})
}

// late is how long after its time a run may begin, before it is said to be overdue.
const late = 5 * time.Minute

// Jobs implements admin.Control.
func (b *board) Jobs(ctx context.Context) ([]admin.Job, error) {
	list := []admin.Job{}
	for _, j := range b.w.config.Jobs {
		one := admin.Job{Name: j.Name, Schedule: j.Schedule}
		paused, err := b.paused(ctx, j.Name)
		if err != nil {
			return nil, err
		}
		one.Paused = paused
		if j.Schedule != "" {
			tick, err := b.plan.Tick(ctx, schedule.Job{Name: j.Name, Spec: j.Spec, CatchUp: j.CatchUp})
			if err != nil {
				return nil, err
			}
			one.Missed, one.Skipped = tick.Missed, tick.Skipped
			if b.w.a.now().Sub(tick.Due) > late {
				one.Overdue = tick.Due
			}
			for at := b.w.a.now(); len(one.Next) < 5; {
				if at = j.Spec.Next(at); at.IsZero() {
					break
				}
				one.Next = append(one.Next, at)
			}
		}
		b.mu.Lock()
		_, one.Running = b.stops[j.Name]
		b.mu.Unlock()
		if lease, held := b.elsewhere(j.Name); held {
			one.Running, one.Holder = true, fmt.Sprintf("run %s, %s", lease.Run, lease.Holder)
		}
		list = append(list, one)
	}
	return list, nil
}

// Start implements admin.Control.
func (b *board) Start(job, who string) error {
	if _, err := b.w.config.Job(job); err != nil || job == "" {
		return errors.Join(err, errors.New("there is no such job"))
	}
	b.mu.Lock()
	busy := b.stops[job] != nil
	b.mu.Unlock()
	if _, held := b.elsewhere(job); busy || held || b.ctx.Err() != nil {
		return &bot.LockedError{What: "job " + job, Holder: "a run that is going on", Hint: "wait until it ends, or stop it"}
	}
	if b.idle {
		return b.startElsewhere(job, who)
	}
	b.runs.Go(func() {
		run, err := b.run(b.ctx, job, "hand")
		b.w.a.say("run %s of job %s, started by %s: %s", run.ID, job, who, run.Outcome)
		if err != nil {
			b.w.a.say("restock: %v", err)
		}
	})
	return nil
}

// Stop implements admin.Control.
func (b *board) Stop(job, who string) error {
	b.mu.Lock()
	stop := b.stops[job]
	b.mu.Unlock()
	if stop == nil {
		return b.stopElsewhere(job, who)
	}
	b.w.a.say("job %s is stopped by %s", job, who)
	stop()
	return nil
}

// pauseKey is where it is kept that a job is paused: since then, or the zero time.
func pauseKey(job string) string { return "paused/" + job }

// Pause implements admin.Control.
func (b *board) Pause(ctx context.Context, job string, paused bool, who string) error {
	if _, err := b.w.config.Job(job); err != nil || job == "" {
		return errors.Join(err, errors.New("there is no such job"))
	}
	at := time.Time{}
	if paused {
		at = b.w.a.now()
	}
	b.w.a.say("job %s is %s by %s", job, map[bool]string{true: "paused", false: "resumed"}[paused], who)
	return b.w.ledger.Mark(ctx, pauseKey(job), at)
}

func (b *board) paused(ctx context.Context, job string) (bool, error) {
	at, err := b.w.ledger.Marked(ctx, pauseKey(job))
	return !at.IsZero(), err
}

// Progress implements admin.Control.
func (b *board) Progress() (map[string]string, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	texts := maps.Clone(b.texts)
	for job, lease := range b.held {
		if _, ours := texts[job]; !ours && lease.Holder != bot.ThisProcess() {
			texts[job] = cmp.Or(lease.Doing, "beginning")
		}
	}
	return texts, b.changed
}

// Checks implements admin.Control.
func (b *board) Checks(ctx context.Context) []admin.Check {
	var list []admin.Check
	sites := map[string]bool{}
	for _, j := range b.w.config.Jobs {
		for _, site := range []string{j.IMS, j.CRM, j.Orders} {
			if site == "" || sites[site] {
				continue
			}
			sites[site] = true
			c := admin.Check{Name: "log-in to " + site, Open: true, Text: "no session is kept: the next run logs in"}
			if kept, err := b.w.ledger.Session(ctx, site); err == nil && kept != nil {
				c.OK, c.Open, c.Text = true, false, "logged in, and the session is kept"
			}
			if refusal, refused, err := b.w.ledger.Refused(ctx, site); err != nil {
				c.OK, c.Open, c.Text = false, false, err.Error()
			} else if refused {
				c.OK, c.Open, c.Text = false, false, "refused on "+refusal.At.In(b.w.config.Location).Format("2 Jan 15:04")
				c.Next = "correct the password in the secrets, then run again; it is not tried until it changes"
			}
			list = append(list, c)
		}
	}
	list = append(list, b.leaversLately(ctx))
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.needs == nil {
		b.needs = b.w.unknown()
	}
	return append(append(list, b.needs...), b.checks...)
}

// leaversLately is what [board.lookAtLeavers] found last.
func (b *board) leaversLately(ctx context.Context) admin.Check {
	b.mu.Lock()
	last := b.left
	b.mu.Unlock()
	if last.Name == "" {
		return b.lookAtLeavers(ctx)
	}
	return last
}

// lookAtLeavers looks through all who have left, so that no page has to wait for it.
func (b *board) lookAtLeavers(ctx context.Context) admin.Check {
	found := b.w.leavers(ctx)
	if ctx.Err() == nil {
		b.mu.Lock()
		b.left = found
		b.mu.Unlock()
	}
	return found
}
