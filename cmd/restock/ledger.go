package main

import (
	"fmt"
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
			wanted := func(n bot.Notification) bool {
				return (only == "" || n.State == bot.State(only)) && (job == "" || n.Job == job)
			}
			for n, err := range w.ledger.Where(c.Context(), wanted) {
				if err != nil {
					return err
				}
				list = append(list, masked(n))
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
	c.AddCommand(a.ledgerShow(), a.ledgerResolve(), a.ledgerAudit())
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
