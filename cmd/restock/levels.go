package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"restock/bot"
)

func (a *app) levelsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "levels [JOB]",
		Short: "Show the last known stock levels",
		Args:  cobra.MaximumNArgs(1),
		RunE: a.withState(func(c *cobra.Command, w *workshop, args []string) error {
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			job, err := w.config.Job(name)
			if err != nil {
				return usagef("%w", err)
			}
			known, err := w.ledger.Known(c.Context(), job.Name)
			if err != nil {
				return err
			}
			list := make([]bot.Level, 0, len(known))
			for _, sku := range slices.Sorted(maps.Keys(known)) {
				list = append(list, known[sku])
			}
			if a.json {
				return a.printJSON(map[string]any{"job": job.Name, "levels": list})
			}
			t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "SKU\tQUANTITY\tSTOCK\tRESTOCKS\tREAD\tNAME")
			for _, l := range list {
				quantity := "-"
				if l.Quantity != nil {
					quantity = l.Quantity.String() + " " + l.Unit
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\n", l.SKU, quantity, l.Availability, l.Episode,
					l.ReadAt.In(w.config.Location).Format("2006-01-02 15:04"), l.Name)
			}
			return errors.Join(t.Flush())
		}),
	}
	return a.jsonFlag(c)
}
