package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/bot/schedule"
	"restock/selectors"
	"restock/state"
)

func (a *app) serveCommand() *cobra.Command {
	var roles []string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run jobs on their schedule until stopped",
		Long: "Run jobs on their schedule until stopped. SIGTERM lets the message at work be finished and recorded; nothing new is\n" +
			"begun. While it runs, other restock commands work through it.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			w, err := a.open(c.Context(), state.Daemon)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, w.close()) }()
			does, err := rolesOf(roles)
			if err != nil {
				return err
			}
			return a.serve(c.Context(), w, does)
		},
	}
	c.Flags().StringSliceVar(&roles, "roles", allRoles(), "What this machine does, of several that share a state: schedule (runs), browse (parts of long lists), send (a part of what runs send), web (the pages)")
	return c
}

// pruneEvery is how often a daemon removes what is too old.
const pruneEvery = 6 * time.Hour

func (a *app) serve(ctx context.Context, w *workshop, does map[string]bool) error {
	sites, err := loadSites(w.config.Path(w.config.Sites))
	if err != nil {
		return err
	}
	if err := w.entered(sites); err != nil {
		return err
	}
	w.good = &goodSites{sites: sites}
	jobs := w.scheduled()
	if len(jobs) == 0 && does[roleSchedule] && w.config.Cluster == nil && w.config.Public == nil && w.config.Admin == nil {
		return usagef("no job in %s has a schedule: add schedule: to one", w.config.File)
	}
	p := &schedule.Planner{Store: w.store, Now: a.now, Log: a.log(), Missed: w.missed}
	var side sync.WaitGroup
	beside, end := context.WithCancel(ctx)
	defer side.Wait()
	defer end()
	b := newBoard(ctx, w, p)
	b.idle = !does[roleSchedule]
	defer b.runs.Wait()
	side.Go(func() { w.present(beside, does) })
	side.Go(func() { w.keepTime(beside) })
	side.Go(func() { // also on a machine that runs no jobs
		for beside.Err() == nil {
			w.prune()
			pauseFor(beside, pruneEvery)
		}
	})
	if does[roleWeb] {
		side.Go(func() { b.watch(beside) })
		if w.config.Admin != nil {
			side.Go(func() { b.lookAtNeeds(beside, does) })
		}
		if err := w.beside(beside, &side, b); err != nil {
			return err
		}
	}
	if does[roleBrowse] {
		workers := w.workers(beside, w.config.Jobs...)
		side.Go(workers.Wait)
	}
	if does[roleSend] && w.config.Cluster != nil {
		a.say("sends a part of what runs of other machines send")
		side.Go(func() { w.courier(beside) })
	}
	if !does[roleSchedule] {
		<-ctx.Done()
		a.say("stopped")
		return nil
	}
	side.Go(func() { w.digests(beside) })
	if len(w.config.Reports) > 0 {
		side.Go(func() { w.mailReports(beside) })
	}
	side.Go(func() { b.adoptOrphans(beside, jobs) })
	side.Go(func() { b.heedStarts(beside) })
	for _, job := range jobs {
		tick, err := p.Tick(ctx, job)
		if err != nil {
			return err
		}
		when := "next run "
		if tick.Due.Before(a.now()) {
			when = "runs now, for it was due "
		}
		a.say("job %s: %s%s", job.Name, when, tick.Due.In(w.config.Location).Format("Mon 2 Jan 2006 15:04 MST"))
	}
	if len(jobs) == 0 { // its pages are served all the same
		a.say("no job has a schedule: runs begin by hand only")
		<-ctx.Done()
	} else {
		err = p.Run(ctx, jobs, b.tick)
	}
	if ctx.Err() != nil {
		a.say("stopped")
		return nil
	}
	return err
}

// entered refuses to take sign-ups that no run could enter.
func (w *workshop) entered(sites map[string]*selectors.Site) error {
	if w.config.Public == nil || w.config.Public.SignUp == nil {
		return nil
	}
	job, err := w.config.Job(w.config.Public.SignUp.Job)
	if err != nil {
		return err
	}
	return missingFlows(w.config, job, sites).Err()
}

// beside opens the listeners of a daemon.
func (w *workshop) beside(ctx context.Context, side *sync.WaitGroup, b *board) error {
	public, err := w.listen(ctx)
	if err != nil {
		return err
	}
	if public != nil {
		side.Go(public)
	}
	operators, err := w.administer(ctx, b)
	if err != nil {
		return err
	}
	if operators != nil {
		side.Go(operators)
	}
	return nil
}

// skip counts a tick for which nothing was done.
func (b *board) skip(ctx context.Context, name string) error {
	job, err := b.w.config.Job(name)
	if err != nil {
		return err
	}
	return b.plan.Skip(ctx, schedule.Job{Name: name, Spec: job.Spec, CatchUp: job.CatchUp})
}

// tick does the run of a job that is due.
func (b *board) tick(ctx context.Context, job string, due time.Time) error {
	a := b.w.a
	switch paused, err := b.paused(ctx, job); {
	case err != nil:
		return err
	case paused:
		a.say("job %s: skipped, because it is paused", job)
		return b.skip(ctx, job)
	}
	run, err := b.run(ctx, job, "cron")
	if _, busy := errors.AsType[*bot.LockedError](err); busy {
		a.say("job %s: skipped, because it is running already", job)
		return nil
	}
	a.say("run %s of job %s, due %s: %s, %d back in stock, %d told, %d written, %d to be tried again, %d failed, %d ambiguous, %d expired",
		run.ID, job, due.In(b.w.config.Location).Format("15:04"), run.Outcome, run.Restocks, total(run.Accepted), run.Written, run.Retry,
		run.Failed, run.Ambiguous, run.Expired)
	for _, warning := range run.Warnings {
		a.say("  warning: %s", warning)
	}
	return err
}

// scheduled are the jobs that have a schedule.
func (w *workshop) scheduled() []schedule.Job {
	var jobs []schedule.Job
	for _, j := range w.config.Jobs {
		if j.Schedule != "" {
			jobs = append(jobs, schedule.Job{Name: j.Name, Spec: j.Spec, CatchUp: j.CatchUp})
		}
	}
	return jobs
}
