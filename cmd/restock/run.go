package main

import (
	"errors"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/bot/notify"
	"restock/bot/notify/sms"
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
	Now    int         `json:"now,omitempty"`    // of a dry run: told at once, the others in later waves
	SMS    *texting    `json:"sms,omitempty"`    // of a dry run
}

// texting is what the text messages of a dry run would be billed as.
type texting struct {
	Messages int     `json:"messages"`
	Segments int     `json:"segments"`
	Cost     float64 `json:"cost,omitempty"`
	Currency string  `json:"currency,omitempty"`
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
		r.Now, r.SMS = w.wave(name, levels, plan), w.texting(plan)
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

// wave is how many of a plan would be told at once.
func (w *workshop) wave(job string, levels []bot.Level, plan []bot.Notification) int {
	c, err := w.config.Job(job)
	if err != nil {
		return 0
	}
	return c.Bot(w.channels()).Policy.Waves.Now(levels, plan)
}

// texting counts the segments of a plan's text messages; nil where there are none.
func (w *workshop) texting(plan []bot.Notification) *texting {
	var t texting
	render, err := notify.Renderer(w.shop())
	for _, n := range plan {
		if err != nil || n.Channel != bot.SMS || n.State != bot.Queued {
			continue
		}
		if m, err := render(n); err == nil {
			parts, _ := sms.Segments(sms.Plain(m.SMS))
			t.Messages, t.Segments = t.Messages+1, t.Segments+parts
		}
	}
	if t.Messages == 0 {
		return nil
	}
	var price float64
	price, t.Currency, _ = w.config.SMS.Cost()
	t.Cost = price * float64(t.Segments)
	return &t
}
