package main

import (
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"restock/bot"
)

// orderView is an order as it is listed.
type orderView struct {
	bot.Order
	Counts bool `json:"counts"` // as a purchase
}

func (a *app) ordersCommand() *cobra.Command {
	var last int
	c := &cobra.Command{
		Use:   "orders",
		Short: "List what the shop has told of its orders, the latest first",
		Args:  cobra.NoArgs,
		RunE: a.withState(func(c *cobra.Command, w *workshop, _ []string) error {
			list := []orderView{}
			for o, err := range w.ledger.AllOrders(c.Context()) {
				if err != nil {
					return err
				}
				list = append(list, orderView{o, o.Counts()})
			}
			slices.SortFunc(list, func(a, b orderView) int { return b.At.Compare(a.At) })
			list = list[:min(last, len(list))]
			if a.json {
				return a.printJSON(map[string]any{"orders": list})
			}
			t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "SHOP\tORDER\tAT\tSTATE\tCOUNTS\tPRODUCTS\tFROM")
			for _, o := range list {
				products, counts := "", "no"
				for i, line := range o.Lines {
					quantity, minor := o.Net(i)
					products += fmt.Sprintf("%d x %s %s; ", quantity, dash(line.SKU), bot.Amount{Minor: minor, Currency: o.Currency})
				}
				if o.Counts {
					counts = "yes"
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", o.Shop, firstOf(o.Number, o.ID), o.At.In(w.config.Location).Format("2006-01-02 15:04"), o.State, counts,
					dash(products), dash(o.Source))
			}
			return t.Flush()
		}),
	}
	c.Flags().IntVar(&last, "last", 50, "How many")
	return a.jsonFlag(c)
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
