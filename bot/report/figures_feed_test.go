package report_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/report"
	"restock/state/statetest"
)

// report feeds the ledger as the bot does, and makes the report.
func (h *history) report(t *testing.T) report.Report {
	t.Helper()
	ctx := context.Background()
	l := bot.NewLedger(&statetest.Memory{}, func() time.Time { return h.now })
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var c bot.Comparison
	var plan []bot.Notification
	for i, m := range h.sent {
		r := bot.Restock{Job: "shop", SKU: m.sku, Number: i + 1, Opened: m.opened, OpenedBy: "r"}
		c.Opened = append(c.Opened, r)
		n := bot.Notification{
			Key: m.key, Job: "shop", Restock: r, Subscription: bot.Subscription{ID: strconv.Itoa(i), SKU: m.sku, Email: m.who, Phone: m.phone}, Channel: m.channel, Address: m.who,
			State: m.state, Changes: []bot.Change{{At: m.opened, To: bot.Queued}, {At: m.at, To: bot.Accepted}},
		}
		if m.channel == bot.SMS {
			n.Address = m.phone
		}
		if m.reminder {
			n.Reminder, n.Of = 1, "another"
		}
		switch m.state {
		case bot.Bounced:
			n.Changes = append(n.Changes, bot.Change{At: m.at.Add(time.Minute), To: bot.Bounced})
		case bot.Expired:
			n.Changes[1].To, n.Reason = bot.Expired, bot.SoldOut
		case bot.Failed, bot.Ambiguous:
			n.Changes[1].To = m.state
		}
		plan = append(plan, n)
	}
	must(l.Commit(ctx, c, plan))
	hits := map[string]*bot.Clicks{}
	for _, k := range h.clicks {
		if hits[k.key] == nil {
			hits[k.key] = &bot.Clicks{Key: k.key}
			for _, m := range h.sent {
				if m.key == k.key {
					hits[k.key].Told = m.at
				}
			}
		}
		hits[k.key].Hits = append(hits[k.key].Hits, k.hit)
	}
	if len(hits) > 0 {
		_, err := l.AddClicks(ctx, hits)
		must(err)
	}
	for _, o := range h.orders {
		for i, p := range o.People {
			o.People = slices.Clone(o.People)
			o.People[i] = l.Person(p)
		}
		_, err := l.TakeOrder(ctx, o)
		must(err)
	}
	must(l.SaveLevels(ctx, "shop", bot.Comparison{Levels: levels()}))
	seen := map[string]bool{}
	kept := h.signUps[:0]
	for _, s := range h.signUps {
		if name := s.SKU + s.Address; !seen[name] { // the same wish again is one
			seen[name] = true
			kept = append(kept, s)
			_, _, err := l.AddSignUp(ctx, s)
			must(err)
		}
	}
	h.signUps = kept
	r, err := report.Build(ctx, l, report.Options{From: h.from, To: h.to, Zone: h.zone, Per: h.per, Windows: bot.DefaultWindows(), Now: h.now})
	must(err)
	return r
}

func levels() (list []bot.Level) {
	for i := range 4 {
		list = append(list, bot.Level{StockLevel: bot.StockLevel{SKU: fmt.Sprintf("S%d", i), Availability: bot.Out}})
	}
	return list
}
