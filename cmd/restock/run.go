package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/state"
)

func (a *app) runCommand() *cobra.Command {
	var dry bool
	c := &cobra.Command{
		Use:   "run [JOB]",
		Short: "Run a job once, now",
		Long: "Run a job once, now: read the stock, read who waits, tell them, write it back. What an earlier run left undone\n" +
			"is finished too. JOB may be left out when there is only one.",
		Example: "  restock run\n  restock run --dry-run --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) (err error) {
			w, err := a.open(c.Context(), state.Runner)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, w.close()) }()
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			return a.runOnce(c, w, name, dry)
		},
	}
	c.Flags().BoolVar(&dry, "dry-run", false, "Read and plan only: send, write and remember nothing")
	return a.jsonFlag(c)
}

// result is what `run --json` prints.
type result struct {
	bot.Run
	Levels []bot.Level `json:"levels,omitempty"` // of a dry run
	Plan   []planned   `json:"plan,omitempty"`   // of a dry run
}

// planned is a message that a dry run would send, or not.
type planned struct {
	SKU          string      `json:"sku"`
	Subscription string      `json:"subscription"`
	Channel      bot.Channel `json:"channel,omitempty"`
	Reason       bot.Reason  `json:"reason,omitempty"` // why not
}

func (a *app) runOnce(c *cobra.Command, w *workshop, name string, dry bool) error {
	var r result
	p := a.newProgress()
	o := runOptions{progress: p.show, planned: func(levels []bot.Level, plan []bot.Notification) {
		r.Levels = levels
		for _, n := range plan {
			r.Plan = append(r.Plan, planned{n.Restock.SKU, n.Subscription.ID, n.Channel, n.Reason})
		}
	}}
	var err error
	r.Run, err = w.run(c.Context(), name, "hand", dry, o)
	p.end()
	if r.ID != "" {
		var printErr error
		if a.json {
			printErr = a.printJSON(r)
		} else {
			a.printRun(r)
		}
		err = errors.Join(err, printErr)
	}
	return err
}

// printRun tells a person what a run did.
func (a *app) printRun(r result) {
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	row := func(name string, value any, remark string) { fmt.Fprintf(t, "  %s\t%v\t%s\n", name, value, remark) }
	a.print("run %s of job %s: %s", r.ID, r.Job, r.Outcome)
	row("stock levels", r.StockLevels, fmt.Sprintf("%d new", r.Learned))
	row("back in stock", r.Restocks, fmt.Sprintf("%d sold out", r.SoldOut))
	row("waiting", r.Subscriptions, "")
	if r.DryRun {
		row("would tell", len(r.Plan)-r.Suppressed, "dry run: nothing was sent, written or remembered")
	} else {
		row("told", total(r.Accepted), channels(r.Accepted))
		row("written to the CRM", r.Written, left(r.NotWritten, "still to be written"))
		row("to be tried again", r.Retry, "")
		row("held", r.Held, left(r.Held, "beyond a limit; see `restock ledger --state held`"))
		row("failed", r.Failed, "")
		row("expired", r.Expired, "")
		row("ambiguous", r.Ambiguous, left(r.Ambiguous, "may have gone out; see `restock ledger --state ambiguous`"))
	}
	_ = t.Flush() // stdout is gone with us
	for _, n := range r.Plan {
		if n.Reason == "" {
			a.print("  would tell: request %s for %s by %s", n.Subscription, n.SKU, n.Channel)
		}
	}
	for _, n := range r.NotTold {
		a.print("  not told: request %s for %s: %s", n.Subscription, n.SKU, strings.ReplaceAll(string(n.Reason), "_", " "))
	}
	for _, warning := range r.Warnings {
		a.print("  warning: %s", warning)
	}
}

func total(counts map[bot.Channel]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

func channels(counts map[bot.Channel]int) string {
	var parts []string
	for _, c := range []bot.Channel{bot.Email, bot.SMS} {
		if counts[c] > 0 {
			parts = append(parts, fmt.Sprintf("%d by %s", counts[c], c))
		}
	}
	return strings.Join(parts, ", ")
}

func left(n int, text string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s", n, text)
}
