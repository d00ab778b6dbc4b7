package report

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"restock/bot"
)

// clicks counts who followed links.
func (b *builder) clicks(ctx context.Context, l *bot.Ledger) error {
	human := map[string][]time.Time{}
	for c, err := range l.Clicked(ctx) {
		if err != nil {
			return err
		}
		m, ok := b.told[c.Key]
		if !ok {
			continue
		}
		c.Told = m.at // it may have been opened before it was known to be accepted
		l.Judge.Judge(&c)
		if human[c.Key] = c.Human(); !m.ours {
			continue
		}
		for i, h := range c.Hits {
			b.at(h.At, m.sku, m.restock, func(f *Figures) {
				f.AllClicks++
				if h.Rule == "" {
					f.HumanClicks++
				}
				if i == len(c.Hits)-1 {
					f.AllClicks += c.More
				}
			})
		}
		if len(human[c.Key]) > 0 {
			b.at(human[c.Key][0], m.sku, m.restock, func(f *Figures) { f.Clicked++ })
		}
	}
	for i := range b.sends {
		b.sends[i].Clicks = human[b.sends[i].Key]
	}
	return nil
}

// orders counts purchases.
func (b *builder) orders(ctx context.Context, l *bot.Ledger) error {
	var orders []bot.Order
	for o, err := range l.AllOrders(ctx) {
		if err != nil {
			return err
		}
		orders = append(orders, o)
		if o.Counts() && o.Foreign() && !o.At.Before(b.o.From) && o.At.Before(b.o.To) {
			b.r.Foreign++
		}
	}
	converted := map[string]bool{}
	sales := bot.Attribute(orders, b.sends, b.o.Windows)
	for _, s := range sales {
		if !b.told[s.Key].ours {
			continue
		}
		b.at(s.At, s.SKU, b.told[s.Key].restock, func(f *Figures) {
			switch s.Tier {
			case bot.Direct:
				f.Direct.add(s)
			case bot.Assisted:
				f.Assisted.add(s)
			case bot.Halo:
				f.Halo.add(s)
			}
		})
		if s.Tier == bot.Direct && !converted[s.Key] {
			converted[s.Key] = true
			m := b.told[s.Key]
			b.at(m.at, m.sku, m.restock, func(f *Figures) { f.Converted++ })
		}
	}
	b.holdout(l, orders, sales)
	b.prices(orders)
	return nil
}

// signUps counts the wishes from the shop's pages.
func (b *builder) signUps(ctx context.Context, l *bot.Ledger) error {
	list, err := l.AllSignUps(ctx)
	if err != nil {
		return err
	}
	for _, s := range list {
		taken := s.Cancelled == "" || s.Cancelled == bot.Forgotten // who was forgotten later had signed up all the same
		if !b.ours(s.Job) || !taken || s.Confirm && s.Confirmed.IsZero() {
			continue
		}
		b.names[s.SKU] = cmp.Or(b.names[s.SKU], s.Product)
		b.at(s.At, s.SKU, "", func(f *Figures) { f.SignUps++ })
		b.waitedFor(s)
		if err := b.signedUp(ctx, l, s); err != nil {
			return err
		}
	}
	return nil
}

// waitedFor counts a wish for the restock that came next, whenever it was made.
func (b *builder) waitedFor(s bot.SignUp) {
	var next opening
	for _, o := range b.openings[s.Job+"\x00"+s.SKU] {
		if o.at.After(s.At) && (next.at.IsZero() || o.at.Before(next.at)) {
			next = o
		}
	}
	if r := b.restocks[next.restock]; r != nil {
		r.SignUps++
	}
}

// signedUp counts somebody who waits since a sign-up, and whose request was not planned for yet.
func (b *builder) signedUp(ctx context.Context, l *bot.Ledger, s bot.SignUp) error {
	if s.Cancelled != "" || s.Address == "" {
		return nil
	}
	person := l.Person(s.Address)
	name := person + "\x00" + s.SKU
	if b.asked[name] || b.notified[name].After(s.At) {
		return nil
	}
	if _, gone, err := l.Suppressed(ctx, person, s.Channel); err != nil || gone {
		return err
	}
	b.wait(s.SKU, "sign-up "+person)
	return nil
}

func (s *Sales) add(sale bot.Sale) {
	if name := sale.Shop + "/" + sale.Order; !s.orders[name] {
		s.orders[name] = true
		s.Orders++
	}
	s.Units += sale.Quantity
	s.plus(sale.Amount)
}

// plus adds an amount to that of its currency.
func (s *Sales) plus(amount bot.Amount) {
	i, found := slices.BinarySearchFunc(s.Revenue, amount, func(a, b bot.Amount) int { return strings.Compare(a.Currency, b.Currency) })
	if !found {
		s.Revenue = slices.Insert(s.Revenue, i, bot.Amount{Currency: amount.Currency})
	}
	s.Revenue[i].Minor += amount.Minor
}
