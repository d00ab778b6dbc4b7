package bot

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// bought finds the messages that orders belong to, and takes back what was cancelled. It looks at all orders of the products in
// question, so that it says the same whatever came first.
func (b *Bot) bought(ctx context.Context, run *Run, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	skus := map[string]bool{}
	for _, key := range keys {
		shop, id, _ := strings.Cut(key, "/")
		o, _, err := b.Ledger.FindOrder(ctx, shop, id)
		if err != nil {
			return err
		}
		for _, line := range o.Lines {
			skus[line.SKU] = true
		}
	}
	var orders []Order
	for o, err := range b.Ledger.AllOrders(ctx) {
		if err != nil {
			return err
		}
		if slices.ContainsFunc(o.Lines, func(line OrderLine) bool { return skus[line.SKU] }) {
			orders = append(orders, o)
		}
	}
	sends, err := b.Ledger.Sends(ctx, func(n Notification) bool { return skus[n.Restock.SKU] })
	if err != nil {
		return err
	}
	about, sales := map[string]string{}, map[string]Sale{} // message → the one that it reminds of, or itself
	for _, s := range sends {
		about[s.Key] = cmp.Or(s.Of, s.Key)
	}
	for _, s := range Attribute(orders, sends, b.windows()) {
		if _, known := sales[about[s.Key]]; !known && s.Tier != Halo {
			sales[about[s.Key]] = s
		}
	}
	for _, key := range slices.Sorted(maps.Values(about)) {
		sale, sold := sales[key]
		news, err := b.sold(ctx, key, sale, sold)
		if err != nil {
			return err
		}
		if news {
			run.Bought++
		}
	}
	return nil
}

func (b *Bot) windows() Windows {
	if b.Windows == (Windows{}) {
		return DefaultWindows()
	}
	return b.Windows
}

// sold notes on a notification that what it was about was bought, or that it was given back, whole or in part. Only the order itself
// takes a purchase back: that it is put down to nobody any more, because somebody was forgotten or the windows are shorter now, is no
// news of it. It reports whether the purchase was news.
func (b *Bot) sold(ctx context.Context, key string, sale Sale, sold bool) (news bool, err error) {
	err = b.Ledger.note(ctx, key, func(n *Notification) bool {
		news = false
		last := Note{}
		for _, o := range n.Notes {
			if o.Event == EventBought || o.Event == EventReturned {
				last = o
			}
		}
		order, before := orderKey(sale.Shop, sale.Order), last.Event == EventBought
		number := "order " + cmp.Or(sale.Number, sale.Order)
		what := fmt.Sprintf(" %s, %s", sale.Amount, sale.Tier)
		switch {
		case before && last.Order == "": // forgotten
			return false
		case sold && before && last.Order == order:
			if strings.HasSuffix(last.Detail, what) {
				return false
			}
			b.addNote(n, Note{Event: EventBought, At: b.Now(), Order: order, Detail: number + ", now" + what})
			return true
		case before && b.givenBack(ctx, last.Order, n.Restock.SKU):
			n.Bought = time.Time{}
			b.addNote(n, Note{Event: EventReturned, At: b.Now(), Order: last.Order, Detail: last.Detail})
		case !sold:
			return false
		}
		if sold {
			n.Bought, news = sale.At, true
			b.addNote(n, Note{Event: EventBought, At: sale.At, Order: order, Detail: number + "," + what})
		}
		return true
	})
	return news, err
}

// givenBack reports whether an order says so of a product.
func (b *Bot) givenBack(ctx context.Context, key, sku string) bool {
	shop, id, _ := strings.Cut(key, "/")
	o, ok, err := b.Ledger.FindOrder(ctx, shop, id)
	if err != nil || !ok {
		return false
	}
	if !o.Counts() {
		return true
	}
	for i, line := range o.Lines {
		if quantity, _ := o.Net(i); line.SKU == sku && quantity > 0 {
			return false
		}
	}
	return true
}
