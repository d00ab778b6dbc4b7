package report_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/report"
)

// history is what the world saw: the mail server, the gateway, the links and the shop, each in a log of its own.
type history struct {
	zone     *time.Location
	from, to time.Time
	per      string
	now      time.Time
	sent     []sentLog
	clicks   []clickLog
	orders   []bot.Order
	signUps  []bot.SignUp
}

type sentLog struct {
	key, sku, who, phone string
	channel              bot.Channel
	opened, at           time.Time
	state                bot.State
	reminder             bool
}

type clickLog struct {
	key string
	hit bot.Hit
}

const (
	humanAgent = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
	robotAgent = "SafeLinks-Scanner/2.1"
)

// TestReportFigures: on random histories, the figures of the report are those that a simple count over the logs gives; in many time
// zones, across changes of the clock.
func TestReportFigures(t *testing.T) {
	t.Parallel()
	const n = 10_000
	zones := []string{"Australia/Sydney", "Australia/Lord_Howe", "America/New_York", "Europe/London", "Asia/Kolkata", "UTC", "Pacific/Apia", "America/St_Johns", "Africa/Casablanca", "America/Santiago", "Atlantic/Azores", "America/Havana"}
	for seed := range n {
		rng := rand.New(rand.NewPCG(uint64(seed), 6))
		zone, err := time.LoadLocation(zones[rng.IntN(len(zones))])
		if err != nil {
			t.Fatal(err)
		}
		h := newHistory(rng, zone)
		got := h.report(t)
		if len(got.Periods) > 60 {
			t.Fatalf("history %d: %d periods", seed, len(got.Periods))
		}
		if wrong := h.compare(got); wrong != "" {
			t.Fatalf("history %d, %s by %s from %s to %s: %s", seed, zone, h.per, h.from, h.to, wrong)
		}
	}
}

func newHistory(rng *rand.Rand, zone *time.Location) *history {
	h := &history{zone: zone, per: report.Pers()[rng.IntN(3)]}
	day := time.Date(2026, time.Month(1+rng.IntN(12)), 1+rng.IntN(28), 0, 0, 0, 0, zone)
	if rng.IntN(2) == 0 { // around the changes of the clock in Sydney, London and New York
		day = []time.Time{
			time.Date(2026, 4, 3, 0, 0, 0, 0, zone), time.Date(2026, 10, 2, 0, 0, 0, 0, zone), time.Date(2026, 3, 27, 0, 0, 0, 0, zone),
			time.Date(2026, 10, 23, 0, 0, 0, 0, zone), time.Date(2026, 3, 6, 0, 0, 0, 0, zone), time.Date(2026, 10, 30, 0, 0, 0, 0, zone),
		}[rng.IntN(6)]
	}
	h.from, _ = report.Days(day.Add(12*time.Hour), 1, zone)
	h.to, _ = report.Days(day.Add(12*time.Hour).AddDate(0, 0, 2+rng.IntN(40)), 1, zone)
	h.now = h.to.AddDate(0, 0, 1)
	when := func() time.Time {
		return h.from.Add(time.Duration(rng.Int64N(int64(h.to.Sub(h.from))*3)) - h.to.Sub(h.from))
	}
	for i := range rng.IntN(14) {
		h.message(rng, i, when())
	}
	for i := range rng.IntN(8) {
		h.order(rng, i, when())
	}
	for range rng.IntN(3) {
		h.signUps = append(h.signUps, bot.SignUp{Job: "shop", SKU: sku(rng), Channel: bot.Email, Address: person(rng), At: when().Add(time.Duration(len(h.signUps)))})
	}
	return h
}

func sku(rng *rand.Rand) string    { return fmt.Sprintf("S%d", rng.IntN(4)) }
func person(rng *rand.Rand) string { return fmt.Sprintf("p%d@example.com", rng.IntN(4)) }

// product is what two variants have in common.
func product(sku string) string { return "P" + string("0011"[sku[1]-'0']) }

func (h *history) message(rng *rand.Rand, i int, at time.Time) {
	who := rng.IntN(4)
	m := sentLog{
		key: bot.Key("shop", "x", i, "x"), sku: sku(rng), who: fmt.Sprintf("p%d@example.com", who), phone: fmt.Sprintf("+6149157000%d", who), channel: bot.Email,
		at: at, opened: at.Add(-time.Duration(rng.IntN(7200)) * time.Second), state: bot.Accepted, reminder: rng.IntN(6) == 0,
	}
	if rng.IntN(3) == 0 {
		m.channel = bot.SMS
	}
	switch rng.IntN(8) {
	case 0:
		m.state = []bot.State{bot.Failed, bot.Ambiguous, bot.Expired}[rng.IntN(3)]
	case 1:
		m.state = bot.Bounced
	}
	h.sent = append(h.sent, m)
	if m.state != bot.Accepted && m.state != bot.Bounced {
		return
	}
	for n := range rng.IntN(4) {
		hit := bot.Hit{At: at.Add(time.Duration(rng.Int64N(int64(9 * 24 * time.Hour)))), Agent: humanAgent, Net: "203.0.113.0/24"}
		switch rng.IntN(6) {
		case 0:
			hit.Agent = robotAgent
		case 1:
			hit.Method = "HEAD"
		case 2:
			hit.At = at.Add(time.Second + time.Duration(n))
		case 3:
			hit.Trap = true
		}
		h.clicks = append(h.clicks, clickLog{m.key, hit})
	}
}

func (h *history) order(rng *rand.Rand, i int, at time.Time) {
	o := bot.Order{
		Shop: "shopify", ID: strconv.Itoa(i), At: at, Updated: at, State: bot.OrderPaid, Currency: []string{"AUD", "AUD", "NZD"}[rng.IntN(3)], People: []string{person(rng)},
		Test: rng.IntN(10) == 0,
	}
	if rng.IntN(8) == 0 {
		o.State = bot.OrderCancelled
	}
	if rng.IntN(4) == 0 {
		o.People = []string{fmt.Sprintf("+6149157000%d", rng.IntN(4))}
	}
	if rng.IntN(6) == 0 && len(h.sent) > 0 {
		o.People, o.Send = nil, bot.SendID(h.sent[rng.IntN(len(h.sent))].key)
	}
	for n := range 1 + rng.IntN(3) {
		s := sku(rng)
		o.Lines = append(o.Lines, bot.OrderLine{ID: strconv.Itoa(n), SKU: s, Product: product(s), Quantity: 1 + rng.IntN(3), Minor: int64(100 + rng.IntN(9000))})
	}
	switch rng.IntN(5) {
	case 0:
		o.Refunds = map[string]bot.Refund{"r": {Lines: map[string]bot.RefundLine{"0": {Quantity: 1, Minor: o.Lines[0].Minor / int64(o.Lines[0].Quantity)}}}}
	case 1:
		sum := int64(0)
		for _, l := range o.Lines {
			sum += l.Minor
		}
		o.Refunds = map[string]bot.Refund{"r": {Minor: sum / 2}}
	}
	h.orders = append(h.orders, o)
}

// compare counts over the logs. A day is what the calendar on the wall says.
func (h *history) compare(r report.Report) string {
	in := func(day, from, to string) bool { return day >= from && day < to }
	civil := func(t time.Time) string { return t.In(h.zone).Format(time.DateOnly) }
	from, to := civil(h.from), civil(h.to)
	whole := func(t time.Time) bool { return in(civil(t), from, to) }
	if wrong := differ(h.count(whole), r.Figures); wrong != "" {
		return "whole: " + wrong
	}
	for _, p := range r.Periods {
		name := h.unit(p.Start)
		part := h.count(func(t time.Time) bool { return whole(t) && h.unit(t) == name })
		if wrong := differ(part, p.Figures); wrong != "" {
			return name + ": " + wrong
		}
	}
	if h.from.Day() != 1 || h.to.In(h.zone).Day() != 1 {
		a, _ := time.Parse(time.DateOnly, from)
		b, _ := time.Parse(time.DateOnly, to)
		start := a.Add(a.Sub(b)).Format(time.DateOnly)
		if wrong := differ(h.count(func(t time.Time) bool { return in(civil(t), start, from) }), r.Before); wrong != "" {
			return "before: " + wrong
		}
	}
	told := 0
	for _, p := range r.Products {
		told += p.Told
	}
	if told != r.Told {
		return fmt.Sprintf("the products have %d, all have %d", told, r.Told)
	}
	return ""
}

// unit names the day, week or month of a time.
func (h *history) unit(t time.Time) string {
	t = t.In(h.zone)
	switch h.per {
	case "week":
		year, week := t.ISOWeek()
		return fmt.Sprintf("%d-W%02d", year, week)
	case "month":
		return t.Format("2006-01")
	}
	return t.Format(time.DateOnly)
}

func differ(want, got report.Figures) string {
	a, b := figures(want), figures(got)
	if a == b {
		return ""
	}
	return fmt.Sprintf("\n by the logs %s\n the report  %s", a, b)
}

func figures(f report.Figures) string {
	var parts []string
	for _, s := range []report.Sales{f.Direct, f.Assisted, f.Halo} {
		parts = append(parts, fmt.Sprintf("%d orders %d units %v", s.Orders, s.Units, s.Revenue))
	}
	return fmt.Sprintf("signups %d told %d %v bounced %d failed %d ambiguous %d lost %d clicked %d human %d all %d converted %d p50 %s p95 %s | %s", f.SignUps, f.Told, f.ByWay,
		f.Bounced, f.Failed, f.Ambiguous, f.Lost, f.Clicked, f.HumanClicks, f.AllClicks, f.Converted, f.P50, f.P95, strings.Join(parts, " | "))
}
