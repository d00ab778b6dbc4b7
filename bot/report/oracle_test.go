package report_test

import (
	"slices"
	"sort"
	"strings"
	"time"

	"restock/bot"
	"restock/bot/report"
)

// count counts over the logs what happened at times of which in holds. It is written as plainly as can be, and shares nothing with the
// package but its types.
func (h *history) count(in func(time.Time) bool) report.Figures {
	f := report.Figures{ByWay: map[bot.Channel]int{bot.Email: 0, bot.SMS: 0}}
	var waits []time.Duration
	for _, m := range h.sent {
		if !in(m.at) {
			continue
		}
		switch m.state {
		case bot.Failed:
			f.Failed++
		case bot.Ambiguous:
			f.Ambiguous++
		case bot.Expired:
			if !m.reminder {
				f.Lost++
			}
		default:
			f.Told++
			f.ByWay[m.channel]++
			if m.state == bot.Bounced {
				f.Bounced++
			}
			if !m.reminder {
				waits = append(waits, m.at.Sub(m.opened))
			}
		}
	}
	f.P50, f.P95 = percentile(waits, 0.50), percentile(waits, 0.95)
	for _, s := range h.signUps {
		if in(s.At) {
			f.SignUps++
		}
	}
	for _, k := range h.clicks {
		if in(k.hit.At) {
			f.AllClicks++
			if h.byPerson(k) {
				f.HumanClicks++
			}
		}
	}
	for _, m := range h.sent {
		if list := h.people(m.key); len(list) > 0 && in(list[0]) {
			f.Clicked++
		}
	}
	h.sales(in, &f)
	return f
}

// percentile is the smallest time that so large a share of the times do not exceed.
func percentile(list []time.Duration, share float64) time.Duration {
	for _, candidate := range slices.Sorted(slices.Values(list)) {
		n := 0
		for _, d := range list {
			if d <= candidate {
				n++
			}
		}
		if float64(n) >= share*float64(len(list))-1e-9 {
			return candidate
		}
	}
	return 0
}

// byPerson applies the published rules to one line of the log of clicks.
func (h *history) byPerson(k clickLog) bool {
	near := 0
	for _, other := range h.clicks {
		if other.key != k.key {
			continue
		}
		apart := other.hit.At.Sub(k.hit.At)
		if other.hit.Trap && apart >= -time.Minute && apart <= time.Minute {
			return false
		}
		if apart >= -time.Second && apart <= time.Second {
			near++
		}
	}
	for _, m := range h.sent {
		if m.key == k.key && k.hit.At.Before(m.at.Add(3*time.Second)) {
			return false
		}
	}
	return near < 3 && k.hit.Method == "" && k.hit.Agent == humanAgent
}

// people are the clicks of people on one message, in order.
func (h *history) people(key string) []time.Time {
	var list []time.Time
	for _, k := range h.clicks {
		if k.key == key && h.byPerson(k) {
			list = append(list, k.hit.At)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Before(list[j]) })
	return list
}

// claim is a message that wants to have led to a line of an order.
type claim struct {
	m     sentLog
	when  time.Time // of the click, or of the message
	click bool
}

func (h *history) sales(in func(time.Time) bool, f *report.Figures) {
	orders := slices.Clone(h.orders)
	sort.Slice(orders, func(i, j int) bool {
		return orders[i].At.Before(orders[j].At) || orders[i].At.Equal(orders[j].At) && orders[i].ID < orders[j].ID
	})
	first := map[string]string{}
	seen := map[string]bool{}
	converted := map[string]bool{}
	tiers := map[string]*report.Sales{"direct": &f.Direct, "assisted": &f.Assisted, "halo": &f.Halo}
	for _, o := range orders {
		if o.Test || o.State == bot.OrderCancelled {
			continue
		}
		for i, line := range o.Lines {
			tier, m, ok := h.claims(o, line)
			units, cents := kept(o, i)
			if !ok || units == 0 {
				continue
			}
			name := m.key // each message is of a restock of its own
			if tier == "halo" {
				name += ">" + line.SKU
			}
			if other, again := first[name]; again && other != o.ID {
				continue
			}
			first[name] = o.ID
			if tier == "direct" && !converted[m.key] && in(m.at) {
				f.Converted++
			}
			converted[m.key] = converted[m.key] || tier == "direct"
			if !in(o.At) {
				continue
			}
			s := tiers[tier]
			if !seen[tier+o.ID] {
				seen[tier+o.ID] = true
				s.Orders++
			}
			s.Units += units
			s.Revenue = plus(s.Revenue, o.Currency, cents)
		}
	}
}

func plus(list []bot.Amount, currency string, cents int64) []bot.Amount {
	for i := range list {
		if list[i].Currency == currency {
			list[i].Minor += cents
			return list
		}
	}
	list = append(list, bot.Amount{Minor: cents, Currency: currency})
	sort.Slice(list, func(i, j int) bool { return list[i].Currency < list[j].Currency })
	return list
}

// claims finds the message that a line is put down to.
func (h *history) claims(o bot.Order, line bot.OrderLine) (tier string, m sentLog, ok bool) {
	var direct, assisted, halo []claim
	for _, m := range h.sent {
		known := slices.Contains(o.People, m.who) || slices.Contains(o.People, m.phone) || o.Send != "" && strings.HasPrefix(m.key, o.Send)
		if m.state != bot.Accepted || !known || m.at.After(o.At) {
			continue
		}
		fresh := o.At.Sub(m.at) <= 240*time.Hour
		if m.sku != line.SKU {
			if product(m.sku) == line.Product && fresh && h.ordered(m.sku) {
				halo = append(halo, claim{m, m.at, false})
			}
			continue
		}
		for _, click := range h.people(m.key) {
			if !click.After(o.At) && o.At.Sub(click) <= 168*time.Hour {
				direct = append(direct, claim{m, click, true})
			}
		}
		if fresh {
			assisted = append(assisted, claim{m, m.at, false})
		}
	}
	for _, list := range []struct {
		tier   string
		claims []claim
	}{{"direct", direct}, {"assisted", assisted}, {"halo", halo}} {
		if len(list.claims) == 0 {
			continue
		}
		sort.Slice(list.claims, func(i, j int) bool {
			a, b := list.claims[i], list.claims[j]
			return a.when.After(b.when) || a.when.Equal(b.when) && a.m.key < b.m.key
		})
		return list.tier, list.claims[0].m, true
	}
	return "", m, false
}

// ordered reports whether any order has told which product a variant is of.
func (h *history) ordered(sku string) bool {
	return slices.ContainsFunc(h.orders, func(o bot.Order) bool {
		return slices.ContainsFunc(o.Lines, func(l bot.OrderLine) bool { return l.SKU == sku })
	})
}

// kept is what of a line was not given back.
func kept(o bot.Order, i int) (units int, cents int64) {
	line, sum := o.Lines[i], int64(0)
	for _, l := range o.Lines {
		sum += l.Minor
	}
	units, cents = line.Quantity, line.Minor
	for _, r := range o.Refunds {
		if back, ok := r.Lines[line.ID]; ok {
			units, cents = units-back.Quantity, cents-back.Minor
		}
		if r.Minor > 0 {
			cents -= r.Minor * line.Minor / sum
		}
	}
	return units, cents
}
