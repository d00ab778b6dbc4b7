package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"restock/bot/config"
	"restock/bot/schedule"
	"restock/state"
)

// upcoming is what `schedule --json` prints of a job.
type upcoming struct {
	Job      string         `json:"job"`
	Schedule string         `json:"schedule"`
	Zone     string         `json:"zone"`
	Next     []time.Time    `json:"next"`
	Changes  []clockChange  `json:"clock_changes"`
	Tick     *schedule.Tick `json:"tick,omitempty"`
}

type clockChange struct {
	At time.Time `json:"at"`
	By string    `json:"by"`
}

func (a *app) scheduleCommand() *cobra.Command {
	var n int
	c := &cobra.Command{
		Use:   "schedule",
		Short: "Show when jobs are due next",
		Long:  "Show when jobs are due next, in local time and UTC, with the next changes of the clock.",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := config.Load(a.config)
			if err != nil {
				return err
			}
			list := a.upcoming(cfg, n)
			if err := a.addTicks(c, list); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(map[string]any{"jobs": list})
			}
			a.printSchedule(list, cfg.Location)
			for _, r := range cfg.Reports {
				next := r.Spec.Next(a.now())
				a.print("report of the %s before, to %d recipient(s): next %s", r.Period, len(r.To), next.In(cfg.Location).Format("Mon 2 Jan 2006 15:04 MST"))
			}
			return nil
		},
	}
	c.Flags().IntVarP(&n, "next", "n", 5, "How many runs to show")
	return a.jsonFlag(c)
}

func (a *app) upcoming(cfg *config.Config, n int) []upcoming {
	var list []upcoming
	for _, j := range cfg.Jobs {
		if j.Schedule == "" {
			continue
		}
		u := upcoming{Job: j.Name, Schedule: j.Schedule, Zone: cfg.Zone, Changes: []clockChange{}}
		at := a.now()
		for range n {
			if at = j.Spec.Next(at); at.IsZero() {
				break
			}
			u.Next = append(u.Next, at.In(cfg.Location))
		}
		for _, c := range schedule.Changes(cfg.Location, a.now()) {
			u.Changes = append(u.Changes, clockChange{c.At, c.By.String()})
		}
		list = append(list, u)
	}
	return list
}

// addTicks adds what is kept of each job: without a state yet, there is nothing.
func (a *app) addTicks(c *cobra.Command, list []upcoming) (err error) {
	w, err := a.open(c.Context(), state.Reader)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	p := &schedule.Planner{Store: w.store, Now: a.now, Log: a.log()}
	for _, job := range w.scheduled() {
		tick, err := p.Tick(c.Context(), job)
		if err != nil {
			return err
		}
		for i := range list {
			if list[i].Job == job.Name {
				list[i].Tick = &tick
			}
		}
	}
	return nil
}

func (a *app) printSchedule(list []upcoming, zone *time.Location) {
	if len(list) == 0 {
		a.print("no job has a schedule")
	}
	for _, u := range list {
		a.print("%s  %s  (%s)", u.Job, u.Schedule, u.Zone)
		t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
		for _, at := range u.Next {
			fmt.Fprintf(t, "  %s\t%s\n", at.In(zone).Format("Mon 2 Jan 2006 15:04 MST"), at.UTC().Format("2006-01-02 15:04 UTC"))
		}
		_ = t.Flush() // stdout is gone with us
		for _, c := range u.Changes {
			a.print("  clock changes by %s on %s", c.By, c.At.Format("Mon 2 Jan 2006 15:04 MST"))
		}
		if u.Tick != nil && u.Tick.Missed+u.Tick.Skipped > 0 {
			a.print("  missed %d, skipped %d", u.Tick.Missed, u.Tick.Skipped)
		}
	}
}
