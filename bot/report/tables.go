package report

import (
	"fmt"
	"strings"
	"time"

	"restock/bot"
)

// Table is one table of a report, as every rendering but the page shows it.
type Table struct {
	Name   string // "summary", "periods", …
	Title  string
	Header []string
	Rows   [][]any // string, int, float64 (a share), time.Time, time.Duration, *bot.Quantity, []bot.Amount, *bot.Amount
}

// Tables lists the tables of a report.
func (r Report) Tables() []Table {
	return []Table{r.summary(), r.periods(), r.products(), r.restocks(), r.wanted()}
}

// TableNames lists the names of the tables.
func TableNames() []string { return []string{"summary", "periods", "products", "restocks", "wanted"} }

// Title says what the report is about: "Mon 2 Nov to Sun 8 Nov 2026".
func (r Report) Title() string {
	zone := r.zone()
	from, to := r.From.In(zone), r.To.In(zone).Add(-time.Second)
	if from.Format(time.DateOnly) == to.Format(time.DateOnly) {
		return to.Format("Mon 2 Jan 2006")
	}
	if from.Year() != to.Year() {
		return from.Format("Mon 2 Jan 2006") + " to " + to.Format("Mon 2 Jan 2006")
	}
	return from.Format("Mon 2 Jan") + " to " + to.Format("Mon 2 Jan 2006")
}

func (r Report) zone() *time.Location {
	if zone, err := time.LoadLocation(r.Zone); err == nil {
		return zone
	}
	return r.From.Location()
}

// Definitions say what the figures mean; they stand on every report.
func (r Report) Definitions() []string {
	list := []string{
		"Direct: a person followed our link and bought just that product within " + span(r.Windows.Direct) + " of the click.",
		"Assisted: was told, did not click within " + span(r.Windows.Direct) + " before, and bought just that product within " + span(r.Windows.Assisted) + " of the last message.",
		"Halo: was told, and bought another variant of it. Direct, assisted and halo are never added up; only units per message are those of direct and assisted.",
		"Each line of an order counts for one message, and of each customer and restock only the first purchase. Cancelled orders and refunds are taken off. Amounts are after discounts, as the shop reports them. What was not paid yet counts until it is cancelled.",
		"Clicked: messages whose link a person followed. All clicks are those of mail scanners too.",
		"Conversion: the share of the messages told in the period that led to a direct purchase, whenever that was.",
		"Waiting: as far as it is known here; a CRM whose list is asked for product by product tells of products that came back only.",
		"Reorder: (waiting + lost) times the units bought for each message, less what is in stock.",
		"Days are those of " + r.Zone + ".",
	}
	if r.Foreign > 0 {
		list = append(list, fmt.Sprintf("Of %d order(s) something was given back in another currency than the order's. It is not taken off: see restock orders.", r.Foreign))
	}
	return list
}

// span writes a time as people say it: 7 days, 12 hours.
func span(d time.Duration) string {
	hours := int(d.Hours())
	switch {
	case hours >= 48 && hours%24 == 0:
		return fmt.Sprintf("%d days", hours/24)
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%d hours", hours)
	}
	return d.String()
}

func (r Report) summary() Table {
	t := Table{Name: "summary", Title: "Summary", Header: []string{"Figure", "This period", "Before", "Change"}}
	add := func(name string, now, before any, change string) {
		t.Rows = append(t.Rows, []any{name, now, before, change})
	}
	count := func(name string, now, before int) { add(name, now, before, change(float64(now), float64(before))) }
	f, b := r.Figures, r.Before
	count("Sign-ups", f.SignUps, b.SignUps)
	add("Waiting now", r.Waiting, "", "")
	worth := "  worth"
	if priced := r.priced(); priced < r.Waiting {
		worth = fmt.Sprintf("  worth, of %d whose price is known", priced)
	}
	add(worth, text(r.Demand, r.zone()), "", "")
	count("Told", f.Told, b.Told)
	count("  by e-mail", f.ByWay[bot.Email], b.ByWay[bot.Email])
	count("  by SMS", f.ByWay[bot.SMS], b.ByWay[bot.SMS])
	count("  delivered, where it is reported", f.Delivered, b.Delivered)
	count("Bounced", f.Bounced, b.Bounced)
	count("Failed", f.Failed, b.Failed)
	count("Ambiguous", f.Ambiguous, b.Ambiguous)
	count("Clicked", f.Clicked, b.Clicked)
	count("  clicks of people", f.HumanClicks, b.HumanClicks)
	count("  all clicks", f.AllClicks, b.AllClicks)
	for _, tier := range []struct {
		name        string
		now, before Sales
	}{{"Direct", f.Direct, b.Direct}, {"Assisted", f.Assisted, b.Assisted}, {"Halo", f.Halo, b.Halo}} {
		count(tier.name+" orders", tier.now.Orders, tier.before.Orders)
		count("  units", tier.now.Units, tier.before.Units)
		add("  revenue", text(tier.now.Revenue, r.zone()), text(tier.before.Revenue, r.zone()), changeOf(tier.now.Revenue, tier.before.Revenue))
	}
	now, _ := f.Rate()
	then, _ := b.Rate()
	add("Conversion", f.share(), b.share(), change(now, then))
	add("Seen to told, half within", f.P50, b.P50, change(f.P50.Seconds(), b.P50.Seconds()))
	add("Seen to told, 95 % within", f.P95, b.P95, change(f.P95.Seconds(), b.P95.Seconds()))
	count("Lost (sold out before their turn)", f.Lost, b.Lost)
	if h := r.Holdout; h != nil {
		add("Holdout: bought unasked", fmt.Sprintf("%d of %d", h.HeldBought, h.Held), "", "")
		add("  bought when told", fmt.Sprintf("%d of %d", h.ToldBought, h.Told), "", "")
		add("  extra purchases", fmt.Sprintf("%.1f", h.Extra), "", "")
	}
	return t
}

// priced is how many wait for something whose price is known.
func (r Report) priced() (n int) {
	for _, w := range r.Wanted {
		if w.Price != nil {
			n += w.Waiting
		}
	}
	return n
}

// change is the change against the period before: +12 %.
func change(now, before float64) string {
	if before == 0 {
		return ""
	}
	return fmt.Sprintf("%+.0f %%", (now-before)/before*100)
}

// changeOf compares money, where both are of one and the same currency.
func changeOf(now, before []bot.Amount) string {
	if len(now) != 1 || len(before) != 1 || now[0].Currency != before[0].Currency {
		return ""
	}
	return change(float64(now[0].Minor), float64(before[0].Minor))
}

// quiet reports whether nothing happened.
func (f Figures) quiet() bool {
	return f.SignUps+f.Told+f.Failed+f.Ambiguous+f.Lost+f.AllClicks+f.Direct.Orders+f.Assisted.Orders+f.Halo.Orders == 0
}

// figureHeader and figureCells are the columns that periods, products and restocks have in common.
func figureHeader() []string {
	return []string{
		"Sign-ups", "Told", "E-mail", "SMS", "Bounced", "Failed", "Ambiguous", "Messages clicked", "People's clicks", "All clicks", "Direct orders", "Direct units",
		"Direct revenue", "Assisted orders", "Assisted units", "Assisted revenue", "Halo orders", "Halo units", "Halo revenue", "Conversion", "Half told in",
		"95 % told in", "Lost",
	}
}

func (f Figures) cells() []any {
	return []any{
		f.SignUps, f.Told, f.ByWay[bot.Email], f.ByWay[bot.SMS], f.Bounced, f.Failed, f.Ambiguous, f.Clicked, f.HumanClicks, f.AllClicks, f.Direct.Orders, f.Direct.Units,
		f.Direct.Revenue, f.Assisted.Orders, f.Assisted.Units, f.Assisted.Revenue,
		f.Halo.Orders, f.Halo.Units, f.Halo.Revenue, f.share(), f.P50, f.P95, f.Lost,
	}
}

// share is the rate as a cell: of nothing there is none.
func (f Figures) share() any {
	if rate, ok := f.Rate(); ok {
		return rate
	}
	return ""
}

func (r Report) periods() Table {
	t := Table{Name: "periods", Title: "By " + r.Per, Header: append([]string{strings.ToUpper(r.Per[:1]) + r.Per[1:]}, figureHeader()...)}
	for _, p := range r.Periods {
		t.Rows = append(t.Rows, append([]any{labelled{p.Start, p.label(r.Per, r.zone())}}, p.cells()...))
	}
	return t
}

func (r Report) products() Table {
	t := Table{Name: "products", Title: "Products", Header: append([]string{"SKU", "Product"}, figureHeader()...)}
	for _, p := range r.Products {
		t.Rows = append(t.Rows, append([]any{p.SKU, p.Name}, p.cells()...))
	}
	return t
}

func (r Report) restocks() Table {
	t := Table{Name: "restocks", Title: "Restocks", Header: append([]string{"SKU", "Product", "Restock", "Opened", "Closed", "Units", "Sold", "Sell-through", "Waiting"}, figureHeader()...)}
	for _, e := range r.Restocks {
		t.Rows = append(t.Rows, append([]any{e.SKU, e.Name, e.Number, e.Opened.In(r.zone()), e.Closed, e.Quantity, e.Sold, e.Through, e.Waiting}, e.cells()...))
	}
	return t
}

func (r Report) wanted() Table {
	t := Table{Name: "wanted", Title: "Wanted", Header: []string{"SKU", "Product", "Waiting", "Lost", "Price", "Demand", "In stock", "Out since", "Units per message", "Reorder"}}
	for _, w := range r.Wanted {
		t.Rows = append(t.Rows, []any{w.SKU, w.Name, w.Waiting, w.Lost, w.Price, w.Demand, w.InStock, w.Since, fmt.Sprintf("%.2f", w.TakeUp), w.Reorder})
	}
	return t
}

// labelled is a day with its name: people read the name, programs the day.
type labelled struct {
	start time.Time
	label string
}

// text writes a cell for people.
func text(cell any, zone *time.Location) string {
	switch v := cell.(type) {
	case labelled:
		return v.label
	case string:
		return bot.Printable(v)
	case float64:
		return fmt.Sprintf("%.1f %%", v*100)
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.In(zone).Format("2006-01-02 15:04")
	case time.Duration:
		if v == 0 {
			return ""
		}
		return short(v)
	case *bot.Quantity:
		if v == nil {
			return ""
		}
		return v.String()
	case *bot.Amount:
		if v == nil {
			return ""
		}
		return v.String()
	case []bot.Amount:
		var list []string
		for _, a := range v {
			list = append(list, a.String())
		}
		return strings.Join(list, "; ")
	}
	return fmt.Sprint(cell)
}

// short writes how long something took: 42s, 3m20s, 5h10m, 3d4h.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return "<1s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()+0.5))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%dh", int(d.Hours())/24, int(d.Hours())%24)
}
