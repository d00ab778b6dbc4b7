package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"restock/bot"
)

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
		row("at once", r.Now, "the others in later waves, while there is stock")
		if r.SMS != nil {
			row("SMS segments", r.SMS.Segments, strings.TrimSpace(fmt.Sprintf("of %d messages %s", r.SMS.Messages, cost(r.SMS))))
		}
	} else {
		row("told", total(r.Accepted), channels(r.Accepted))
		row("written to the CRM", r.Written, left(r.NotWritten, "still to be written"))
		row("to be tried again", r.Retry, "")
		if r.SignUps+r.Orders+r.Bought+r.Noted > 0 {
			row("sign-ups entered", r.SignUps, "")
			row("events written", r.Noted, fmt.Sprintf("%d orders read, %d messages bought", r.Orders, r.Bought))
		}
		row("later", r.Later, left(r.Later, "in later waves, or in the morning"))
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

func cost(t *texting) string {
	if t.Currency == "" {
		return ""
	}
	return fmt.Sprintf("for %.2f %s", t.Cost, t.Currency)
}
