package main

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"restock/bot"
)

// sampleMonth fills a ledger with a month of a shop.
func sampleMonth(t *testing.T, l *bot.Ledger, now time.Time) {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 7))
	names := []string{"Compact stove", "Folding dry bag", "Insulated hammock", "Ultralight cooler", "Waterproof jacket", "Merino trail shoe, very wide"}
	var c bot.Comparison
	var plan []bot.Notification
	clicks := map[string]*bot.Clicks{}
	for i, name := range names {
		sku := fmt.Sprintf("AO-%d", 1001+7*i)
		quantity := bot.Units(int64(10 + i*4))
		opened := now.AddDate(0, 0, -26+4*i)
		restock := bot.Restock{Job: "shop", SKU: sku, Number: 1, Name: name, Quantity: &quantity, Opened: opened, OpenedBy: "r"}
		c.Opened = append(c.Opened, restock)
		level := bot.Level{StockLevel: bot.StockLevel{SKU: sku, Name: name, Availability: bot.In, Quantity: &quantity}, Episode: 1, Open: true, ReadAt: now}
		if i%2 == 1 {
			none := bot.Units(0)
			level.Availability, level.Quantity, level.OutSince = bot.Out, &none, now.AddDate(0, 0, -3)
		}
		c.Levels = append(c.Levels, level)
		for j := range 20 + rng.IntN(25) {
			id, told := fmt.Sprint(j), opened.Add(time.Duration(20+rng.IntN(60*(1+j)))*time.Second)
			n := bot.Notification{
				Key: bot.Key("shop", sku, 1, id), Job: "shop", Restock: restock, Channel: bot.Email, Address: fmt.Sprintf("p%d-%d@example.com", i, j), State: bot.Accepted,
				Subscription: bot.Subscription{ID: id, SKU: sku}, Changes: []bot.Change{{At: opened, To: bot.Queued}, {At: told, To: bot.Accepted}},
			}
			if j%4 == 3 {
				n.Channel, n.Address = bot.SMS, fmt.Sprintf("+6149157%04d", i*100+j)
			}
			if j%9 == 8 {
				n.State, n.Reason, n.Changes[1].To = bot.Expired, bot.SoldOut, bot.Expired
			}
			plan = append(plan, n)
			if n.State != bot.Accepted || rng.IntN(3) == 0 {
				continue
			}
			hits := []bot.Hit{{At: told.Add(2 * time.Second), Agent: "Mimecast"}, {At: told.Add(time.Duration(5+rng.IntN(600)) * time.Minute), Agent: personAgent}}
			clicks[n.Key] = &bot.Clicks{Key: n.Key, Told: told, Hits: hits[rng.IntN(2):]}
			if rng.IntN(3) > 0 {
				continue
			}
			order(t, l, bot.Order{
				ID: fmt.Sprint(i*100 + j), At: told.Add(12 * time.Hour), People: []string{l.Person(n.Address)},
				Lines: []bot.OrderLine{{ID: "1", SKU: sku, Product: "P", Quantity: 1, Minor: int64(4990 + 1000*i)}},
			})
		}
	}
	if err := l.Commit(t.Context(), c, plan); err != nil {
		t.Fatal(err)
	}
	if err := l.SaveLevels(t.Context(), "shop", c); err != nil {
		t.Fatal(err)
	}
	if err := l.Update(t.Context(), "shop", func(s *bot.JobState) { s.Wanted = map[string]int{"AO-1008": 31, "AO-1022": 12, "AO-1036": 4} }); err != nil {
		t.Fatal(err)
	}
	if _, err := l.AddClicks(t.Context(), clicks); err != nil {
		t.Fatal(err)
	}
}

func order(t *testing.T, l *bot.Ledger, o bot.Order) {
	t.Helper()
	o.Shop, o.Updated, o.State, o.Currency = "shopify", o.At, bot.OrderPaid, "AUD"
	if _, err := l.TakeOrder(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}
