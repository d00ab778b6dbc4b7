package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/bot/notify/email"
)

func (a *app) ledgerShow() *cobra.Command {
	var plain bool
	c := &cobra.Command{
		Use:   "show KEY",
		Short: "Show why a customer was or was not told",
		Args:  cobra.ExactArgs(1),
		RunE: a.withState(func(c *cobra.Command, w *workshop, args []string) error {
			n, ok, err := w.ledger.Find(c.Context(), args[0])
			if err != nil {
				return err
			}
			if !ok {
				return fmt.Errorf("there is no notification %s; `restock ledger` lists them", args[0])
			}
			if !plain {
				n = masked(n)
			}
			if a.json {
				clicks, err := w.ledger.ClicksOf(c.Context(), n.Key)
				if err != nil {
					return err
				}
				return a.printJSON(struct {
					bot.Notification
					Clicks []bot.Hit `json:"clicks,omitempty"`
				}{n, clicks.Hits})
			}
			a.print("%s  %s", n.Key, n.State)
			of := ""
			if n.Subscription.Customer != "" {
				of = " of " + n.Subscription.Customer
			}
			a.print("  request %s%s for %s %s (restock %d)", n.Subscription.ID, of, n.Restock.SKU, n.Restock.Name, n.Restock.Number)
			a.print("  %s %s", dash(string(n.Channel)), dash(n.Address))
			for _, ch := range n.Changes {
				parts := []string{ch.At.In(w.config.Location).Format("2006-01-02 15:04:05"), string(ch.To), string(ch.Reason), ch.Detail}
				a.print("  %s", strings.Join(strings.Fields(strings.Join(parts, " ")), " "))
			}
			if n.State == bot.Queued && n.Reason != "" {
				a.print("  waits: %s", waitsFor(n.Reason))
			}
			if n.State == bot.Ambiguous {
				a.print("  to settle it: %s", w.howToSettle(n))
			}
			if proof := n.Subscription.Fields["proof"]; proof != "" {
				a.print("  consent: %s", proof)
			}
			if n.FollowUp.State != "" {
				a.print("  CRM: %s", strings.TrimSpace(string(n.FollowUp.State)+" "+n.FollowUp.Detail))
			}
			return a.showLater(c.Context(), w, n)
		}),
	}
	c.Flags().BoolVar(&plain, "addresses", false, "Show the customer's address in full")
	return a.jsonFlag(c)
}

// showLater prints what happened after a message: events, and who followed its links.
func (a *app) showLater(ctx context.Context, w *workshop, n bot.Notification) error {
	for _, note := range n.Notes {
		parts := []string{note.At.In(w.config.Location).Format("2006-01-02 15:04:05"), string(note.Event), note.Detail}
		a.print("  %s; CRM: %s", strings.Join(strings.Fields(strings.Join(parts, " ")), " "), dash(strings.TrimSpace(string(note.FollowUp.State)+" "+note.FollowUp.Detail)))
	}
	clicks, err := w.ledger.ClicksOf(ctx, n.Key)
	if err != nil {
		return err
	}
	for _, h := range clicks.Hits {
		who := "a person"
		if h.Rule != "" {
			who = "a program (" + string(h.Rule) + ")"
		}
		a.print("  %s link followed by %s from %s: %s", h.At.In(w.config.Location).Format("2006-01-02 15:04:05"), who, dash(h.Net), dash(h.Agent))
	}
	if clicks.More > 0 {
		a.print("  and %d times more", clicks.More)
	}
	return nil
}

// howToSettle says how a person finds out whether an ambiguous message arrived.
func (w *workshop) howToSettle(n bot.Notification) string {
	where := "look for it among the gateway's messages of that minute"
	if n.Channel == bot.Email {
		from := ""
		if w.config.SMTP != nil {
			from = w.config.SMTP.From
		}
		where = "look for Message-ID " + email.MessageID(n.Key, from) + " in the mail server's log"
	}
	return where + ", or ask the customer; then `restock ledger resolve " + n.Key + " accepted`, or failed (never send it), or queued (it certainly did not go out)"
}

// waitsFor says what a queued message waits for.
func waitsFor(r bot.Reason) string {
	switch r {
	case bot.WaveFull:
		return "wave_full: as many are invited as there are units for; it keeps its place and has its turn later"
	case bot.InHoldout:
		return "holdout: told last, by lot, to see what would have been bought anyway"
	case bot.QuietHours:
		return "quiet_hours: it is night where the customer is; sent in the morning"
	}
	return string(r)
}

func (a *app) ledgerResolve() *cobra.Command {
	return &cobra.Command{
		Use:   "resolve KEY accepted|failed|queued",
		Short: "Settle an ambiguous notification by your own knowledge",
		Long: "Settle an ambiguous or held notification: accepted (the customer got it), failed (never send it), or queued (it\n" +
			"certainly did not go out: send it with the next run).",
		Args: cobra.ExactArgs(2),
		RunE: a.withState(func(c *cobra.Command, w *workshop, args []string) error {
			to := bot.State(args[1])
			if to != bot.Accepted && to != bot.Failed && to != bot.Queued {
				return usagef("%q: expected accepted, failed or queued", args[1])
			}
			n, err := w.ledger.Resolve(c.Context(), args[0], to, who())
			if err != nil {
				return err
			}
			a.print("%s is %s now", n.Key, n.State)
			return nil
		}),
	}
}
