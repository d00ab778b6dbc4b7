package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"restock/bot"
	"restock/bot/report"
	"restock/flows/flowtest"
)

// compareLoop holds what the ledger says of sign-ups, clicks and purchases against the sample CRM and the sample shop.
func (a *app) compareLoop(ctx context.Context, w *workshop, world *flowtest.World, d *demonstration) error {
	now := a.now()
	from, to := report.Days(now, 1, w.config.Location)
	r, err := report.Build(ctx, w.ledger, report.Options{
		From: from, To: to, Zone: w.config.Location, Per: "day", Windows: w.config.Windows(), Now: now, Shop: w.config.Shop.Name,
	})
	if err != nil {
		return err
	}
	d.SignUps, d.Clicks, d.Purchases = r.SignUps, r.Clicked, r.Direct.Orders
	wrong := func(format string, args ...any) { d.Differences = append(d.Differences, fmt.Sprintf(format, args...)) }
	cents := 0
	for _, o := range world.Orders() {
		cents += o.Cents * o.Quantity
	}
	for _, amount := range r.Direct.Revenue {
		d.Currency = amount.Currency
		d.Revenue, _ = strconv.ParseFloat(amount.Decimal(), 64) // it is a number
		if amount.Minor != int64(cents) {
			wrong("the report says %s of direct sales, the shop sold for %d.%02d", amount, cents/100, cents%100)
		}
	}
	list, err := w.ledger.AllSignUps(ctx)
	if err != nil {
		return err
	}
	for _, s := range list {
		i := slices.IndexFunc(world.Requests(), func(r flowtest.Request) bool { return r.SKU == s.SKU && strings.EqualFold(r.Email, s.Address) })
		switch {
		case i < 0 || s.State() != "entered":
			wrong("sign-up %s is %s, and the CRM has no such request", s.ID, s.State())
		case !strings.Contains(world.Requests()[i].Note, "Bought on"):
			wrong("the CRM does not show that request %d was bought: %s", world.Requests()[i].ID, world.Requests()[i].Note)
		}
	}
	return errors.Join(a.writeReport(r, d.Folder))
}

// noted counts the events that the ledger has written.
func noted(runs []bot.Run) int {
	n := 0
	for _, r := range runs {
		n += r.Noted
	}
	return n
}
