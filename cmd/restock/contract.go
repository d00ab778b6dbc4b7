package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"restock/bot"
)

func headings(c bot.Contract) int {
	most := 0
	for _, set := range c.Headers {
		most = max(most, len(set))
	}
	return most
}

func (a *app) contractCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "contract",
		Short: "Show what good readings looked like, and accept a change",
		Long: "Each good reading of a list is remembered: its headings, empty cells, kinds of values and number of rows. A reading that\n" +
			"drifts from that is held, and nothing is sent. `restock contract accept SITE FLOW` forgets what was learned: the next\n" +
			"good reading is learned anew.",
		Args: cobra.NoArgs,
		RunE: a.withState(func(c *cobra.Command, w *workshop, _ []string) error {
			list, err := w.ledger.Contracts(c.Context())
			if err != nil {
				return err
			}
			if a.json {
				if list == nil {
					list = []bot.Contract{}
				}
				return a.printJSON(map[string]any{"contracts": list})
			}
			tw := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(tw, "site\tflow\treadings\trows\tcolumns\theadings\tlast")
			for _, one := range list {
				fmt.Fprintf(tw, "%s\t%s\t%d\t%d-%d\t%d\t%d\t%s\n", one.Site, one.Flow, one.Readings, one.MinRows, one.MaxRows,
					len(one.Columns), headings(one), one.Learned.In(w.config.Location).Format("2006-01-02 15:04"))
			}
			return tw.Flush()
		}),
	}
	accept := &cobra.Command{
		Use:   "accept SITE FLOW",
		Short: "Accept that a list has changed: learn it anew",
		Args:  cobra.ExactArgs(2),
		RunE: a.withState(func(c *cobra.Command, w *workshop, args []string) error {
			known, err := w.ledger.Forget(c.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			if !known {
				return fmt.Errorf("nothing was learned of %s %s; `restock contract` lists what was", args[0], args[1])
			}
			a.say("forgotten. The next good reading of %s %s is learned anew", args[0], args[1])
			return nil
		}),
	}
	c.AddCommand(accept)
	return a.jsonFlag(c)
}
