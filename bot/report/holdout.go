package report

import (
	"time"

	"restock/bot"
)

// holdout compares those who were told with those who were kept back by lot.
func (b *builder) holdout(l *bot.Ledger, orders []bot.Order, sales []bot.Sale) {
	if len(b.held) == 0 {
		return
	}
	h := Holdout{}
	var unasked []bot.Send // as if they had been told when the others were
	until := map[string]time.Time{}
	for _, n := range b.held {
		planned := n.Changes[0].At
		if planned.Before(b.o.From) || !planned.Before(b.o.To) {
			continue
		}
		h.For = max(h.For, n.Holdout.Sub(planned))
		unasked = append(unasked, l.HeldSend(n))
		until[n.Key] = n.Holdout
		if told := n.Told(); !told.IsZero() && told.Before(n.Holdout) {
			until[n.Key] = told
		}
	}
	if h.Held = len(unasked); h.Held == 0 {
		return
	}
	already := map[string]bool{}
	for _, s := range bot.Attribute(orders, unasked, bot.Windows{Assisted: h.For}) {
		if s.Tier == bot.Assisted && s.At.Before(until[s.Key]) {
			already[s.Key] = true
		}
	}
	h.HeldBought = len(already)
	held := map[string]bool{}
	for _, n := range b.held {
		held[n.Key] = true
	}
	bought := map[string]bool{}
	for _, s := range sales {
		if m := b.told[s.Key]; s.Tier != bot.Halo && s.At.Sub(m.at) <= h.For {
			bought[s.Key] = true
		}
	}
	for key, m := range b.told {
		if held[key] || !m.ours || m.reminder || m.at.Before(b.o.From) || !m.at.Before(b.o.To) {
			continue
		}
		h.Told++
		if bought[key] {
			h.ToldBought++
		}
	}
	if h.Told > 0 {
		h.Extra = float64(h.ToldBought) - float64(h.Told)*float64(h.HeldBought)/float64(h.Held)
	}
	b.r.Holdout = &h
}
