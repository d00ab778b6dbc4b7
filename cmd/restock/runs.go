package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/state"
)

func (a *app) runsCommand() *cobra.Command {
	var job string
	var limit int
	c := &cobra.Command{
		Use:   "runs",
		Short: "List runs, newest first",
		Args:  cobra.NoArgs,
		RunE: a.withState(func(c *cobra.Command, w *workshop, _ []string) error {
			runs, err := w.ledger.History(c.Context(), job, limit)
			if err != nil {
				return err
			}
			if a.json {
				if runs == nil {
					runs = []bot.Run{}
				}
				return a.printJSON(map[string]any{"runs": runs})
			}
			a.printRuns(c.Context(), w, runs)
			return nil
		}),
	}
	c.Flags().StringVar(&job, "job", "", "Only this job")
	c.Flags().IntVarP(&limit, "limit", "n", 20, "How many")
	show := &cobra.Command{
		Use:   "show ID",
		Short: "Show a run with its steps and evidence",
		Args:  cobra.ExactArgs(1),
		RunE: a.withState(func(c *cobra.Command, w *workshop, args []string) error {
			run, ok, err := w.ledger.Run(c.Context(), args[0])
			switch {
			case err != nil:
				return err
			case !ok:
				return fmt.Errorf("there is no run %s; `restock runs` lists them", args[0])
			case a.json:
				return a.printJSON(run)
			}
			if err := w.bringEvidence(c.Context(), run.ID); err != nil {
				a.say("restock: %v", err)
			}
			run.Outcome = w.outcome(c.Context(), run)
			a.printRun(result{Run: run})
			a.printSteps(w, run)
			return nil
		}),
	}
	c.AddCommand(a.jsonFlag(show), a.releaseCommand())
	return a.jsonFlag(c)
}

// withState opens the state for a verb and closes it afterwards.
func (a *app) withState(do func(*cobra.Command, *workshop, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) (err error) {
		w, err := a.open(c.Context(), state.Reader)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, w.close()) }()
		return do(c, w, args)
	}
}

// outcome is how a run ended. One whose record says that it is running, and which nobody has, was cut off.
func (w *workshop) outcome(ctx context.Context, run bot.Run) bot.RunOutcome {
	if run.Outcome != bot.Running {
		return run.Outcome
	}
	if lease, held, err := w.ledger.Holding(ctx, run.Job); err == nil && (!held || lease.Run != run.ID) {
		return "cut off"
	}
	return run.Outcome
}

func (a *app) printRuns(ctx context.Context, w *workshop, runs []bot.Run) {
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RUN\tJOB\tSTARTED\tTOOK\tOUTCOME\tLEVELS\tBACK\tTOLD\tWRITTEN")
	for _, r := range runs {
		took := "-"
		if !r.Finished.IsZero() {
			took = r.Finished.Sub(r.Started).Round(100_000_000).String()
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\n", r.ID, r.Job, r.Started.In(w.config.Location).Format("2006-01-02 15:04:05"),
			took, w.outcome(ctx, r), r.StockLevels, r.Restocks, total(r.Accepted), r.Written)
	}
	_ = t.Flush() // stdout is gone with us
}

func (a *app) printSteps(w *workshop, run bot.Run) {
	for _, s := range run.Steps {
		a.print("  %s  %s › %s: %s (%s)", s.At.In(w.config.Location).Format("15:04:05"), s.Site, s.Flow, s.Text, s.Took.Round(1_000_000))
		if s.Error != "" {
			a.print("    %s", s.Error)
		}
	}
	if run.Error != "" {
		a.print("  error: %s", run.Error)
	}
	if run.Problem != nil && run.Problem.Evidence != "" {
		page := run.Problem.Page()
		if _, err := os.Stat(w.here(run)); err == nil {
			page = w.here(run)
		}
		a.print("  evidence: %s", page)
	}
}
