package report_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/report"
	"restock/state/statetest"
)

func rl(now time.Time) *bot.Ledger {
	return bot.NewLedger(&statetest.Memory{}, func() time.Time { return now })
}

func msg(key, who string, told time.Time) bot.Notification {
	return bot.Notification{
		Key: key, Job: "shop", State: bot.Accepted, Channel: bot.Email, Address: who, Restock: bot.Restock{Job: "shop", SKU: "A", Number: 1, Opened: told}, Subscription: bot.Subscription{ID: key, SKU: "A", Email: who},
		Changes: []bot.Change{{At: told, To: bot.Queued}, {At: told, To: bot.Accepted}},
	}
}

func build(t *testing.T, l *bot.Ledger, from, to time.Time, per string) report.Report {
	r, err := report.Build(context.Background(), l, report.Options{From: from, To: to, Zone: time.UTC, Per: per, Windows: bot.DefaultWindows(), Now: to})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWantedKnowsTheTold(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	var l *bot.Ledger
	st := &statetest.Memory{}
	l = bot.NewLedger(st, func() time.Time { return now.AddDate(0, 0, -60) })
	l.SaveLevels(t.Context(), "shop", bot.Comparison{Levels: []bot.Level{{StockLevel: bot.StockLevel{SKU: "A", Availability: bot.Out}}}})
	l.Mark(t.Context(), "x", now)
	l.Update(t.Context(), "shop", func(*bot.JobState) {})
	for i := range 10 {
		who := fmt.Sprintf("p%d@example.com", i)
		s, _, err := l.AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: who})
		if err != nil {
			t.Fatal(err)
		}
		s.FollowUp.State = bot.FollowUpWritten
		l.SaveSignUp(t.Context(), &s)
		n := msg(fmt.Sprintf("aaaaaaaaaaaaaaaaaaaaaaaaa%d", i), who, now.AddDate(0, 0, -50))
		if err := l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n}); err != nil {
			t.Fatal(err)
		}
	}
	for _, days := range []int{7, 60} {
		r := build(t, l, now.AddDate(0, 0, -days), now, "day")
		w := 0
		for _, x := range r.Wanted {
			w += x.Waiting
			t.Logf("%d days: %+v", days, x)
		}
		if w != 0 {
			t.Errorf("report of %d days: %d wait, all ten were told 50 days ago", days, w)
		}
	}
}

func TestSameInEachReport(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	l := rl(now)
	l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{
		msg("aaaaaaaaaaaaaaaaaaaaaaaaaa", "a@example.com", now.AddDate(0, 0, -40)),
		msg("bbbbbbbbbbbbbbbbbbbbbbbbbb", "b@example.com", now.AddDate(0, 0, -80)), msg("cccccccccccccccccccccccccc", "b@example.com", now.AddDate(0, 0, -4)),
	})
	l.AddClicks(t.Context(), map[string]*bot.Clicks{"aaaaaaaaaaaaaaaaaaaaaaaaaa": {Key: "aaaaaaaaaaaaaaaaaaaaaaaaaa", Told: now.AddDate(0, 0, -40), Hits: []bot.Hit{{At: now.AddDate(0, 0, -3), Agent: humanAgent, Net: "1.2.3.0/24"}}}})
	take := func(id, who string, at time.Time) {
		l.TakeOrder(t.Context(), bot.Order{Shop: "s", ID: id, At: at, Updated: at, State: bot.OrderPaid, Currency: "AUD", People: []string{l.Person(who)}, Lines: []bot.OrderLine{{ID: "1", SKU: "A", Quantity: 1, Minor: 1000}}})
	}
	take("1", "a@example.com", now.AddDate(0, 0, -2)) // a day after the click: direct
	week, long := build(t, l, now.AddDate(0, 0, -7), now, "day"), build(t, l, now.AddDate(0, 0, -49), now, "week")
	sum := func(r report.Report) string {
		return fmt.Sprintf("direct %d, assisted %d, clicked %d, all clicks %d", r.Direct.Orders, r.Assisted.Orders, r.Clicked, r.AllClicks)
	}
	last := long.Periods[len(long.Periods)-1]
	t.Log("last 7 days: ", sum(week))
	t.Log("last 49 days:", sum(long), "| its last week:", last.Start, last.Direct.Orders)
	if week.Direct.Orders != long.Direct.Orders {
		t.Error("the same purchase is in one report and not in the other")
	}
	// first purchase only
	take("2", "b@example.com", now.AddDate(0, 0, -79))
	take("3", "b@example.com", now.AddDate(0, 0, -3))
	week, long = build(t, l, now.AddDate(0, 0, -7), now, "day"), build(t, l, now.AddDate(0, 0, -90), now, "week")
	t.Log("b: last 7 days:", sum(week), "| 90 days:", sum(long))
	recent := 0
	for _, p := range long.Periods {
		if !p.Start.Before(now.AddDate(0, 0, -14)) {
			recent += p.Assisted.Orders
		}
	}
	if recent != week.Assisted.Orders {
		t.Errorf("the week alone has %d assisted, the same week of the longer report %d", week.Assisted.Orders, recent)
	}
}

func TestHoldout(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	st := &statetest.Memory{}
	build := func(reminders bool) *report.Holdout {
		l := bot.NewLedger(st.Clone(), func() time.Time { return now })
		planned := now.AddDate(0, 0, -6)
		var plan []bot.Notification
		for i := range 4 {
			n := msg(fmt.Sprintf("aaaaaaaaaaaaaaaaaaaaaaaaa%d", i), fmt.Sprintf("p%d@example.com", i), planned)
			if i < 2 { // held back for a day, then told
				n.Holdout = planned.Add(24 * time.Hour)
				n.Changes[1].At = planned.Add(24 * time.Hour)
			}
			plan = append(plan, n)
			if reminders { // as bot/reminder.go makes them: a copy with Holdout, Due and Changes of its own
				r := n
				r.Key, r.Of, r.Reminder = "r"+n.Key[1:], n.Key, 1
				r.State, r.Due, r.Reason = bot.Expired, planned.Add(72*time.Hour), bot.HasBought
				r.Changes = []bot.Change{{At: planned, To: bot.Queued}, {At: planned.Add(72 * time.Hour), To: bot.Expired}}
				plan = append(plan, r)
			}
		}
		l.Commit(t.Context(), bot.Comparison{}, plan)
		// one of those held back buys after it was told, two days later
		at := planned.Add(48 * time.Hour)
		l.TakeOrder(t.Context(), bot.Order{Shop: "s", ID: "1", At: at, Updated: at, State: bot.OrderPaid, Currency: "AUD", People: []string{l.Person("p0@example.com")}, Lines: []bot.OrderLine{{ID: "1", SKU: "A", Quantity: 1, Minor: 1000}}})
		r, err := report.Build(context.Background(), l, report.Options{From: now.AddDate(0, 0, -7), To: now, Zone: time.UTC, Per: "day", Windows: bot.DefaultWindows(), Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return r.Holdout
	}
	a, b := build(false), build(true)
	t.Logf("without reminders %+v", *a)
	t.Logf("with reminders    %+v", *b)
	if *a != *b {
		t.Error("unsent reminders change the holdout's figures")
	}
}

func TestZone(t *testing.T) {
	for _, name := range []string{"America/Santiago", "Africa/Cairo", "Asia/Beirut", "Atlantic/Azores", "America/Havana"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for m := 1; m <= 12; m++ {
			from := time.Date(2026, time.Month(m), 1, 0, 0, 0, 0, zone)
			to := from.AddDate(0, 1, 0)
			r, err := report.Build(context.Background(), rl(to), report.Options{From: from, To: to, Zone: zone, Per: "day", Windows: bot.DefaultWindows(), Now: to})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Periods) > 31 {
				t.Errorf("%s %s: %d days; the last ones are %s to %s", name, from.Month(), len(r.Periods), r.Periods[len(r.Periods)-2].Start, r.Periods[len(r.Periods)-1].End)
			}
			if last := r.Periods[len(r.Periods)-1]; !last.End.Equal(to) {
				t.Errorf("%s %s: the days end on %s, the period on %s", name, from.Month(), last.End, to)
			}
		}
	}
}
