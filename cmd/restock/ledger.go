package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/selectors/strict"
)

func (a *app) ledgerCommand() *cobra.Command {
	var only, job string
	c := &cobra.Command{
		Use:   "ledger",
		Short: "List notifications and why each was or was not sent",
		Example: "  restock ledger --state ambiguous\n  restock ledger show KEY\n" +
			"  restock ledger resolve KEY accepted",
		Args: cobra.NoArgs,
		RunE: a.withState(func(c *cobra.Command, w *workshop, _ []string) error {
			if err := knownState(only); err != nil {
				return err
			}
			var list []bot.Notification
			for n, err := range w.ledger.All(c.Context()) {
				if err != nil {
					return err
				}
				if (only == "" || n.State == bot.State(only)) && (job == "" || n.Job == job) {
					list = append(list, masked(n))
				}
			}
			if a.json {
				if list == nil {
					list = []bot.Notification{}
				}
				return a.printJSON(map[string]any{"notifications": list})
			}
			a.printLedger(list)
			return nil
		}),
	}
	c.Flags().StringVar(&only, "state", "", "Only this state")
	c.Flags().StringVar(&job, "job", "", "Only this job")
	c.AddCommand(a.ledgerShow(), a.ledgerResolve())
	return a.jsonFlag(c)
}

func knownState(name string) error {
	if name == "" {
		return nil
	}
	var names []string
	for _, s := range bot.States() {
		if string(s) == name {
			return nil
		}
		names = append(names, string(s))
	}
	return usagef("--state %q: expected %s", name, strict.List(names))
}

// masked hides the customer's address: lists are looked at over shoulders and copied into tickets.
func masked(n bot.Notification) bot.Notification {
	n.Address = bot.Redact(n.Address)
	n.Subscription.Email, n.Subscription.Phone = bot.Redact(n.Subscription.Email), bot.Redact(n.Subscription.Phone)
	return n
}

func (a *app) printLedger(list []bot.Notification) {
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "KEY\tSTATE\tREASON\tSKU\tREQUEST\tCHANNEL\tADDRESS\tCRM")
	for _, n := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", n.Key, n.State, dash(string(n.Reason)), n.Restock.SKU, n.Subscription.ID,
			dash(string(n.Channel)), dash(n.Address), dash(string(n.FollowUp.State)))
	}
	_ = t.Flush() // stdout is gone with us
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

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
				return a.printJSON(n)
			}
			a.print("%s  %s", n.Key, n.State)
			a.print("  request %s of %s for %s %s (restock %d)", n.Subscription.ID, dash(n.Subscription.Customer), n.Restock.SKU, n.Restock.Name, n.Restock.Number)
			a.print("  %s %s", dash(string(n.Channel)), dash(n.Address))
			for _, ch := range n.Changes {
				parts := []string{ch.At.In(w.config.Location).Format("2006-01-02 15:04:05"), string(ch.To), string(ch.Reason), ch.Detail}
				a.print("  %s", strings.Join(strings.Fields(strings.Join(parts, " ")), " "))
			}
			if n.FollowUp.State != "" {
				a.print("  CRM: %s %s", n.FollowUp.State, n.FollowUp.Detail)
			}
			return nil
		}),
	}
	c.Flags().BoolVar(&plain, "addresses", false, "Show the customer's address in full")
	return a.jsonFlag(c)
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
