package report

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"restock/bot"
)

// prices notes what was paid for one of each product last.
func (b *builder) prices(orders []bot.Order) {
	paid := map[string]time.Time{}
	currency := usual(orders)
	for _, o := range orders {
		for _, line := range o.Lines {
			if o.Test || o.Currency != currency || line.SKU == "" || line.Quantity <= 0 || line.Minor <= 0 || o.At.Before(paid[line.SKU]) {
				continue
			}
			paid[line.SKU] = o.At
			b.paid[line.SKU] = bot.Amount{Minor: line.Minor / int64(line.Quantity), Currency: o.Currency}
		}
	}
}

// usual is the currency of most orders: one that was paid in another says nothing of the price.
func usual(orders []bot.Order) string {
	count := map[string]int{}
	best := ""
	for _, o := range orders {
		if o.Test || o.Currency == "" {
			continue
		}
		count[o.Currency]++
		if n := count[o.Currency]; n > count[best] || n == count[best] && o.Currency < best {
			best = o.Currency
		}
	}
	return best
}

// levels puts together who waits for what, and what should be ordered.
func (b *builder) levels(ctx context.Context, l *bot.Ledger) error {
	jobs, err := l.JobNames(ctx)
	if err != nil {
		return err
	}
	stock := map[string]bot.Level{}
	count := map[string]int{}
	for sku, requests := range b.waiting {
		count[sku] = len(requests)
	}
	for _, job := range jobs {
		if !b.ours(job) {
			continue
		}
		known, err := l.Known(ctx, job)
		if err != nil {
			return err
		}
		maps.Copy(stock, known)
		state, err := l.State(ctx, job)
		if err != nil {
			return err
		}
		for sku, n := range state.Wanted { // a whole list says more than what we know ourselves
			count[sku] = max(count[sku], n)
		}
	}
	skus := map[string]bool{}
	for sku := range count {
		skus[sku] = true
	}
	for sku := range b.lost {
		skus[sku] = true
	}
	for sku := range skus {
		if count[sku]+b.lost[sku] == 0 {
			continue
		}
		w := Wanted{SKU: sku, Name: cmp.Or(b.names[sku], stock[sku].Name), Waiting: count[sku], Lost: b.lost[sku]}
		if price, ok := b.paid[sku]; ok {
			w.Price = &price
		}
		w.take(b.takeUp(sku), stock[sku])
		b.r.Wanted = append(b.r.Wanted, w)
	}
	demand := newSales()
	for _, w := range b.r.Wanted {
		b.r.Waiting += w.Waiting
		if w.Demand != nil {
			demand.plus(*w.Demand)
		}
	}
	b.r.Demand = demand.Revenue
	slices.SortFunc(b.r.Wanted, func(a, b Wanted) int {
		return cmp.Or(b.Waiting-a.Waiting, b.Lost-a.Lost, strings.Compare(a.SKU, b.SKU))
	})
	for sku, level := range stock {
		b.names[sku] = cmp.Or(b.names[sku], level.Name)
	}
	return nil
}

// takeUp is how many units a message brings: of this product, else of all, else one.
func (b *builder) takeUp(sku string) float64 {
	if p := b.products[sku]; p != nil && p.Told > 0 && p.Direct.Units+p.Assisted.Units > 0 {
		return float64(p.Direct.Units+p.Assisted.Units) / float64(p.Told)
	}
	if f := b.r.Figures; f.Told > 0 && f.Direct.Units+f.Assisted.Units > 0 {
		return float64(f.Direct.Units+f.Assisted.Units) / float64(f.Told)
	}
	return 1
}

func (w *Wanted) take(up float64, level bot.Level) {
	w.TakeUp, w.InStock, w.Since = up, level.Quantity, level.OutSince
	if w.Price == nil {
		if price, ok := plainPrice(level.Price); ok {
			w.Price = &price
		}
	}
	if w.Price != nil {
		w.Demand = &bot.Amount{Minor: w.Price.Minor * int64(w.Waiting), Currency: w.Price.Currency}
	}
	have := 0.0
	if level.Quantity != nil && *level.Quantity > 0 {
		have = float64(*level.Quantity) / float64(bot.Units(1))
	}
	w.Reorder = max(0, int(math.Ceil(float64(w.Waiting+w.Lost)*up-have-1e-9)))
}

// plainPrice reads a price that says its currency by code: AUD 49.90, or 49.90 AUD.
func plainPrice(text string) (bot.Amount, bool) {
	words := strings.Fields(text)
	if len(words) != 2 {
		return bot.Amount{}, false
	}
	if a, err := bot.ParseAmount(words[1], words[0]); err == nil {
		return a, true
	}
	a, err := bot.ParseAmount(words[0], words[1])
	return a, err == nil
}
