package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
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
			if last < 0 {
				return usagef("--last %d: expected a number; 0 lists all", last)
			}
			if last > 0 {
				list = list[:min(last, len(list))]
			}
			if a.json {
				return a.printJSON(map[string]any{"orders": list})
			}
			t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "SHOP\tORDER\tAT\tSTATE\tCOUNTS\tPRODUCTS\tFROM")
			for _, o := range list {
				counts := "no"
				var products []string
				for i, line := range o.Lines {
					quantity, minor := o.Net(i)
					products = append(products, fmt.Sprintf("%d x %s %s", quantity, dash(line.SKU), bot.Amount{Minor: minor, Currency: o.Currency}))
				}
				if o.Counts {
					counts = "yes"
				}
				at := ""
				if !o.At.IsZero() {
					at = o.At.In(w.config.Location).Format("2006-01-02 15:04")
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", o.Shop, cmp.Or(o.Number, o.ID), dash(at), o.state(), counts, dash(strings.Join(products, "; ")), dash(o.Source))
			}
			return t.Flush()
		}),
	}
	c.Flags().IntVar(&last, "last", 50, "How many; 0: all")
	return a.jsonFlag(c)
}

// state is how far an order is, or why it does not count.
func (o orderView) state() string {
	left := 0
	for i := range o.Lines {
		quantity, _ := o.Net(i)
		left += quantity
	}
	switch {
	case o.Test:
		return "test"
	case o.At.IsZero():
		return "not told of yet"
	case !o.Counts && o.State != bot.OrderCancelled:
		return "deleted"
	case o.Counts && left == 0:
		return "given back"
	case o.Foreign():
		return string(o.State) + ", refund in another currency"
	}
	return string(o.State)
}
