package report_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/report"
	"restock/state/statetest"
)

var noon = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func onLedger(t *testing.T) *bot.Ledger {
	l := bot.NewLedger(&statetest.Memory{}, func() time.Time { return noon.AddDate(0, 0, -5) })
	l.Vault, _ = bot.NewVault([]byte("a secret of these tests"))
	l.SaveLevels(t.Context(), "shop", bot.Comparison{Levels: []bot.Level{{StockLevel: bot.StockLevel{SKU: "A", Availability: bot.Out}}}})
	l.Update(t.Context(), "shop", func(*bot.JobState) {})
	return l
}

func takeOrder(t *testing.T, l *bot.Ledger, id, who string, at time.Time, lines ...bot.OrderLine) {
	if _, err := l.TakeOrder(context.Background(), bot.Order{Shop: "s", ID: id, At: at, Updated: at, State: bot.OrderPaid, Currency: "AUD", People: []string{l.Person(who)}, Lines: lines}); err != nil {
		t.Fatal(err)
	}
}

// the figures of a past period are the same after somebody was forgotten.
func TestLoopForgottenFigures(t *testing.T) {
	for _, how := range []string{"erase", "retain"} {
		l := onLedger(t)
		n := msg("aaaaaaaaaaaaaaaaaaaaaaaaaa", "a@example.com", noon.AddDate(0, 0, -4))
		l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n})
		s, _, _ := l.AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: "a@example.com"})
		s.FollowUp.State = bot.FollowUpWritten
		l.SaveSignUp(t.Context(), &s)
		takeOrder(t, l, "1", "a@example.com", noon.AddDate(0, 0, -3), bot.OrderLine{ID: "1", SKU: "A", Quantity: 1, Minor: 5000})
		before := build(t, l, noon.AddDate(0, 0, -7), noon, "day")
		if how == "erase" {
			l.Erase(t.Context(), "a@example.com")
		} else if k, err := l.Retain(t.Context(), noon.AddDate(0, 0, 1), bot.DefaultWindows()); k != 1 || err != nil {
			t.Log(k, err)
		}
		after := build(t, l, noon.AddDate(0, 0, -7), noon, "day")
		if before.Assisted.Orders != after.Assisted.Orders || before.SignUps != after.SignUps {
			t.Errorf("%s: assisted %d %v -> %d %v; sign-ups %d -> %d", how, before.Assisted.Orders, before.Assisted.Revenue, after.Assisted.Orders, after.Assisted.Revenue, before.SignUps, after.SignUps)
		}
	}
}

// one customer, one wish: one waits, also while the wave is under way, and none after leaving.
func TestLoopWaitingTwice(t *testing.T) {
	l := onLedger(t)
	s, _, _ := l.AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: "a@example.com"})
	s.FollowUp.State = bot.FollowUpWritten
	l.SaveSignUp(t.Context(), &s)
	n := msg("aaaaaaaaaaaaaaaaaaaaaaaaaa", "a@example.com", noon.AddDate(0, 0, -4))
	n.State, n.Changes = bot.Queued, n.Changes[:1]
	l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n})
	if r := build(t, l, noon.AddDate(0, 0, -7), noon, "day"); r.Waiting != 1 {
		t.Errorf("%d wait for A, want 1: %+v", r.Waiting, r.Wanted)
	}
	l = onLedger(t)
	s, _, _ = l.AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: "b@example.com"})
	s.FollowUp.State = bot.FollowUpWritten
	l.SaveSignUp(t.Context(), &s)
	l.Suppress(t.Context(), bot.Suppression{Who: l.Person("b@example.com"), Channel: bot.Email, Reason: bot.LeftUs})
	if r := build(t, l, noon.AddDate(0, 0, -7), noon, "day"); r.Waiting != 0 {
		t.Errorf("who has left waits: %d", r.Waiting)
	}
	l = onLedger(t)
	s, _, _ = l.AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: "b@example.com"})
	s.FollowUp.State = bot.FollowUpWritten
	l.SaveSignUp(t.Context(), &s)
	n = msg("aaaaaaaaaaaaaaaaaaaaaaaaaa", "b@example.com", noon.AddDate(0, 0, -4))
	n.State, n.Reason = bot.Bounced, bot.DeadAddress
	n.Changes = append(n.Changes, bot.Change{At: noon.AddDate(0, 0, -4), To: bot.Bounced})
	l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n})
	if r := build(t, l, noon.AddDate(0, 0, -7), noon, "day"); r.Waiting != 0 {
		t.Errorf("whose mailbox does not exist waits for ever: %d", r.Waiting)
	}
}

// two jobs told the same customer of the same product: the reports of the jobs add up to that of all.
func TestLoopJobsAddUp(t *testing.T) {
	l := onLedger(t)
	l.Update(t.Context(), "shop2", func(*bot.JobState) {})
	a, b := msg("aaaaaaaaaaaaaaaaaaaaaaaaaa", "a@example.com", noon.AddDate(0, 0, -4)), msg("bbbbbbbbbbbbbbbbbbbbbbbbbb", "a@example.com", noon.AddDate(0, 0, -3))
	b.Job, b.Restock.Job = "shop2", "shop2"
	l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{a, b})
	takeOrder(t, l, "1", "a@example.com", noon.AddDate(0, 0, -2), bot.OrderLine{ID: "1", SKU: "A", Quantity: 1, Minor: 5000})
	sum := 0
	for _, job := range []string{"shop", "shop2"} {
		r, _ := report.Build(t.Context(), l, report.Options{From: noon.AddDate(0, 0, -7), To: noon, Zone: time.UTC, Per: "day", Job: job, Windows: bot.DefaultWindows(), Now: noon})
		sum += r.Assisted.Orders
	}
	if all := build(t, l, noon.AddDate(0, 0, -7), noon, "day"); all.Assisted.Orders != sum {
		t.Errorf("all jobs: %d assisted; of each job: %d", all.Assisted.Orders, sum)
	}
}

// one customer who was kept back buys in one order with two lines: one has bought.
func TestLoopHoldoutLines(t *testing.T) {
	l := onLedger(t)
	n := msg("aaaaaaaaaaaaaaaaaaaaaaaaaa", "a@example.com", noon.AddDate(0, 0, -4))
	n.Holdout = noon.AddDate(0, 0, -3)
	n.Changes[1].At = n.Holdout
	l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n})
	line := bot.OrderLine{ID: "1", SKU: "A", Quantity: 1, Minor: 5000}
	other := line
	other.ID = "2"
	takeOrder(t, l, "1", "a@example.com", noon.AddDate(0, 0, -4).Add(time.Hour), line, other)
	r := build(t, l, noon.AddDate(0, 0, -7), noon, "day")
	if r.Holdout == nil || r.Holdout.HeldBought != 1 {
		t.Errorf("%+v", r.Holdout)
	}
}

// separators of other countries' spreadsheets, and what only looks like a first letter.
func TestLoopCSV(t *testing.T) {
	for _, name := range []string{"Lamp;=1+1", " =1+1", "\u00a0=1+1", "\u200b=1+1", "\u200e=1+1", "\"=1+1", "−1", "﹢1", "Lamp\t=1+1", "Lamp\r=1+1", "Lamp\n=1+1"} {
		l := onLedger(t)
		n := msg("aaaaaaaaaaaaaaaaaaaaaaaaaa", "a@example.com", noon.AddDate(0, 0, -4))
		n.Restock.Name = name
		l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n})
		r := build(t, l, noon.AddDate(0, 0, -7), noon, "day")
		var b bytes.Buffer
		r.WriteCSV(&b, "products")
		_, rest, _ := strings.Cut(b.String(), "\r\n")
		t.Logf("%q -> %q", name, rest[:min(len(rest), 24)])
	}
}

// a click on a message of which it is not known whether it arrived.
func TestLoopAmbiguousClick(t *testing.T) {
	l := onLedger(t)
	n := msg("aaaaaaaaaaaaaaaaaaaaaaaaaa", "a@example.com", noon.AddDate(0, 0, -4))
	n.State = bot.Ambiguous
	n.Changes[1].To = bot.Ambiguous
	l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n})
	l.AddClicks(t.Context(), map[string]*bot.Clicks{n.Key: {Key: n.Key, Hits: []bot.Hit{{At: noon.AddDate(0, 0, -3), Agent: humanAgent, Net: "1.2.3.0/24"}}}})
	takeOrder(t, l, "1", "a@example.com", noon.AddDate(0, 0, -2), bot.OrderLine{ID: "1", SKU: "A", Quantity: 1, Minor: 5000})
	r := build(t, l, noon.AddDate(0, 0, -7), noon, "day")
	t.Log("ambiguous: told", r.Told, "all clicks", r.AllClicks, "clicked", r.Clicked, "direct", r.Direct.Orders, "assisted", r.Assisted.Orders)
	// today so far against the whole of yesterday
}
