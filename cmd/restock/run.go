package main

import (
	"errors"

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
