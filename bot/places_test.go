package bot_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

func TestPlaceIsNotUnsettled(t *testing.T) {
	n := bot.Notification{
		Key: "k", Job: "shop", State: bot.Accepted, Restock: bot.Restock{SKU: "A", Number: 1}, Subscription: bot.Subscription{ID: "7", SKU: "A", Email: "a@example.com"},
		FollowUp: bot.FollowUp{State: bot.FollowUpPending},
	}
	p := bot.Plan("shop", "r", []bot.Restock{{SKU: "A", Number: 2}}, []bot.Subscription{{ID: "7", SKU: "A", Email: "a@example.com", Kept: true}}, []bot.Notification{n}, bot.Policy{Channels: []bot.Channel{bot.Email}}, at(9))
	if p[0].State != bot.Queued {
		t.Errorf("%s %s", p[0].State, p[0].Reason)
	}
}

func TestPlaceWaits(t *testing.T) {
	store, c := &statetest.Memory{}, &clerk{company: newCompany(1)}
	c.goes(t, store, at(9))
	c.stock["A"] = 5
	c.noWrites = true // the record of this request cannot be written for a while
	c.goes(t, store, at(10))
	c.stock["A"] = 0
	c.goes(t, store, at(11))
	l := led(store, at(12))
	keep(t, l, 1)
	c.stock["A"] = 3
	c.goes(t, store, at(14))
	c.noWrites = false
	c.stock["A"] = 0
	c.goes(t, store, at(15))
	c.stock["A"] = 3
	c.goes(t, store, at(16))
	if c.sent["c0@example.com"] != 2 {
		t.Errorf("told %d times; the page said: your place is kept", c.sent["c0@example.com"])
	}
}

func keep(t *testing.T, l *bot.Ledger, episode int) {
	var n bot.Notification
	for x := range l.All(t.Context()) {
		n = x
	}
	cl := &bot.Clicker{Ledger: l, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	ctx, stop := context.WithCancel(t.Context())
	f := cl.Add(&n, bot.Hit{At: at(12), Agent: "Mozilla/5.0 (X11) Firefox", Gone: true, Keep: true, Net: "1.2.3.0/24"}, episode)
	go cl.Run(ctx)
	if err := cl.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := f.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestPlaceKeptMeanwhile(t *testing.T) {
	store, c := told(t, 1)
	c.stock["A"] = 0
	c.goes(t, store, at(11))
	hs := &hookStore{Store: store}
	hs.before = func(w []bot.Write) func() {
		if w[0].Table == bot.Levels {
			return func() { keep(t, led(store, at(12)), 1) }
		}
		return nil
	}
	c.stock["A"] = 3
	c.goes(t, hs, at(12))
	c.stock["A"] = 0
	c.goes(t, store, at(14))
	c.stock["A"] = 3
	c.goes(t, store, at(15))
	if c.sent["c0@example.com"] != 2 {
		t.Errorf("told %d times; the place that was promised is gone", c.sent["c0@example.com"])
	}
}

func TestEnteredIsReadFor(t *testing.T) {
	store, c := told(t, 1)
	c.stock["A"] = 0
	c.goes(t, store, at(11))
	l := led(store, at(12))
	l.AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: "late@example.com"})
	c.signErr = func(bot.SignUp) error { return &bot.StepError{Class: bot.SiteDown} }
	c.stock["A"] = 5
	c.goes(t, store, at(13)) // restock opens; it could not be entered
	c.signErr = nil
	c.failRead = errors.New("IMS down")
	c.goes(t, store, at(14)) // entered now; the stock cannot be read (or the process dies)
	c.failRead = nil
	for h := 15; h < 20; h++ {
		c.goes(t, store, at(h))
	}
	t.Log(c.signed)
	if c.sent["late@example.com"] != 1 {
		t.Errorf("told %d times although the product is in stock for hours", c.sent["late@example.com"])
	}
}

func TestForgottenOrders(t *testing.T) {
	store, c := told(t, 1)
	l := led(store, at(11))
	l.TakeOrder(t.Context(), order(l, "1001", "c0@example.com", at(11)))
	c.goes(t, store, at(12))
	l.Erase(t.Context(), "c0@example.com")
	var who string
	for e := range store.Scan(t.Context(), bot.Suppressions, "") {
		who = strings.Split(e.Key, "/")[0]
	}
	for _, table := range []bot.Table{bot.Orders, bot.Notifications} {
		for e := range store.Scan(t.Context(), table, "") {
			if strings.Contains(string(e.Value), who) && table == bot.Orders || strings.Contains(string(e.Value), "1001") && table == bot.Notifications {
				t.Errorf("%s: who was forgotten can be found by the order", table)
			}
		}
	}
}

func TestRefundOfMillions(t *testing.T) {
	o := bot.Order{At: at(9), Currency: "IDR", Lines: []bot.OrderLine{{ID: "1", SKU: "A", Quantity: 1, Minor: 50_000_000_00}, {ID: "2", SKU: "B", Quantity: 1, Minor: 50_000_000_00}}}
	o.Refund("r", 40_000_000_00)
	_, m := o.Net(0)
	if m != 30_000_000_00 {
		t.Errorf("kept %d, expected %d", m, int64(30_000_000_00))
	}
}

func TestNotedMeanwhile(t *testing.T) {
	store, c := &statetest.Memory{}, &clerk{company: newCompany(1)}
	c.goes(t, store, at(9))
	c.stock["A"] = 5
	hs := &hookStore{Store: store}
	l := led(store, at(10))
	done := false
	hs.after = func(w []bot.Write) {
		if done || w[0].Table != bot.Notifications {
			return
		}
		for n := range l.All(t.Context()) {
			if n.FollowUp.State == bot.FollowUpWritten && !done {
				done = true // another job's run, or process, notes an event right now
				l.TakeOrder(t.Context(), order(l, "1", "c0@example.com", at(10)))
				b := &bot.Bot{Ledger: led(store, at(10)), Sites: newCompany(0), Clerk: c, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: func() time.Time { return at(10) }, Events: map[string][]bot.Event{"shop": bot.Events()}}
				b.Do(t.Context(), bot.Job{Name: "other", IMS: "i", CRM: "c"}, bot.NewRun("other", "test", at(10)))
			}
		}
	}
	c.goes(t, hs, at(10))
	for h := 11; h < 16; h++ {
		c.goes(t, store, at(h))
	}
	for n := range l.All(t.Context()) {
		for _, o := range n.Notes {
			t.Log(o.Event, o.FollowUp.State)
		}
	}
	if len(c.notes) == 0 {
		t.Error("the event is pending for ever: it is not on the work list")
	}
}

func TestSecondWish(t *testing.T) {
	store, c := &statetest.Memory{}, &clerk{company: newCompany(1)}
	c.policy = bot.Policy{Channels: []bot.Channel{bot.Email}, Life: 24 * time.Hour, CoolDown: time.Hour}
	m := func(h, min int) time.Time { return at(h).Add(time.Duration(min) * time.Minute) }
	c.goes(t, store, m(9, 0))
	c.stock["A"] = 5
	c.goes(t, store, m(10, 0)) // restock 1
	c.stock["A"] = 0
	c.goes(t, store, m(11, 0)) // out, within the cool-down
	s, fresh, err := led(store, m(11, 5)).AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: "late@example.com"})
	t.Log(s.State(), fresh, err)
	c.stock["A"] = 5
	c.goes(t, store, m(11, 30)) // back: the same restock goes on
	t.Log("told", c.sent)
	c.stock["A"] = 0
	c.goes(t, store, m(12, 0))
	c.goes(t, store, m(14, 0)) // over
	s, fresh, err = led(store, m(15, 0)).AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: "late@example.com"})
	t.Log(s.State(), "fresh", fresh, err)
	c.stock["A"] = 5
	c.goes(t, store, m(20, 0))
	t.Log("told", c.sent)
	if c.sent["late@example.com"] != 2 {
		t.Error("the second wish was thanked for and is nowhere")
	}
}

func TestOldOrdersAreReadAgain(t *testing.T) {
	store, c := told(t, 1)
	o := order(led(store, at(11)), "1", "c0@example.com", at(11))
	c.ordersF = func(q bot.OrderQuery) []bot.Order { // as flows/orders.go:71: what is older than Since is passed over
		o.Updated = c.now
		if o.At.Before(q.Since) {
			return nil
		}
		return []bot.Order{o}
	}
	c.goes(t, store, at(12))
	for d := 1; d < 5; d++ {
		if d == 3 {
			o.State = bot.OrderCancelled
		}
		c.goes(t, store, at(12).AddDate(0, 0, d))
	}
	got, _, _ := led(store, at(12)).FindOrder(t.Context(), "shopify", "1")
	if got.State != bot.OrderCancelled {
		t.Errorf("cancelled after 3 days, the ledger says %s; notes %q", got.State, c.notes)
	}
}
