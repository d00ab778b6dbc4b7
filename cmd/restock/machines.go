package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"restock/bot"
	"restock/bot/schedule"
	"restock/state"
)

// What a machine does, of several that share a state.
const (
	roleSchedule = "schedule" // runs jobs when they are due
	roleWeb      = "web"      // answers customers and operators
	roleBrowse   = "browse"   // reads parts of long lists, for runs of any machine
	roleSend     = "send"     // sends a part of what runs of any machine send
)

// allRoles lists them.
func allRoles() []string { return []string{roleSchedule, roleBrowse, roleSend, roleWeb} }

func rolesOf(list []string) (map[string]bool, error) {
	does := map[string]bool{}
	for _, role := range list {
		if !slices.Contains(allRoles(), role) {
			return nil, usagef("--roles %s: expected some of %s", role, strings.Join(allRoles(), ", "))
		}
		does[role] = true
	}
	if len(does) == 0 {
		return nil, usagef("--roles: expected some of %s", strings.Join(allRoles(), ", "))
	}
	return does, nil
}

// How often a daemon says that it is there, and looks for runs that nobody goes on with.
const (
	presence = 10 * time.Second
	watch    = 5 * time.Second
	// retryOrphan is how long to wait where a run could not even begin.
	retryOrphan = 5 * time.Minute
)

// present says again and again that this daemon is at work.
func (w *workshop) present(ctx context.Context, does map[string]bool) {
	roles := slices.DeleteFunc(allRoles(), func(role string) bool { return !does[role] })
	m := bot.Machine{Name: bot.ThisProcess(), Roles: strings.Join(roles, ","), Since: w.a.now()}
	var idle time.Time // since when nobody runs jobs
	for ctx.Err() == nil {
		m.Texts, _ = w.texts()                        // said by who sends
		_ = w.ledger.Present(ctx, m)                  // it is not seen meanwhile, and nothing else
		_ = state.Seen(ctx, w.store, w.seen(), false) // said when the state is opened
		idle = w.nobodyRuns(ctx, idle)
		pauseFor(ctx, presence)
	}
}

// pauseFor waits, or until ctx ends.
func pauseFor(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// heedStarts runs what is asked for on machines that run no jobs.
func (b *board) heedStarts(ctx context.Context) {
	for ctx.Err() == nil {
		for _, job := range b.w.config.Jobs {
			if err := b.startAsked(ctx, job.Name); err != nil && ctx.Err() == nil {
				b.w.a.say("restock: job %s: %v", job.Name, err)
			}
		}
		pauseFor(ctx, watch)
	}
}

// adoptOrphans goes on with runs that were cut off: their process, or their machine, is gone.
func (b *board) adoptOrphans(ctx context.Context, jobs []schedule.Job) {
	tried := map[string]time.Time{} // run → when this machine tried to go on with it
	for ctx.Err() == nil {
		for _, job := range jobs {
			if err := b.adoptOrphan(ctx, job.Name, tried); err != nil && ctx.Err() == nil {
				b.w.a.say("restock: job %s: %v", job.Name, err)
			}
		}
		pauseFor(ctx, watch)
	}
}

func (b *board) adoptOrphan(ctx context.Context, job string, tried map[string]time.Time) error {
	run, orphan, err := b.w.ledger.Orphan(ctx, job)
	if err != nil || !orphan || time.Since(tried[run.ID]) < retryOrphan {
		return err
	}
	tried[run.ID] = time.Now()
	if paused, err := b.paused(ctx, job); err != nil || paused {
		return err
	}
	next, err := b.run(ctx, job, bot.TriggerResume)
	if _, busy := errors.AsType[*bot.LockedError](err); busy {
		return nil // another machine was first
	}
	b.w.a.say("run %s of job %s went on where run %s was cut off: %s", next.ID, job, run.ID, next.Outcome)
	return err
}
