package bot_test

import (
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

// A: two requests of one customer, one with the phone too: "first purchase only" fails.
func TestLoopFirstOnly(t *testing.T) {
	day := 24 * time.Hour
	sends := []bot.Send{
		{Key: "k1", Job: "shop", SKU: "A", Episode: 1, People: []string{"mail"}, Told: at(9), Clicks: []time.Time{at(10)}},
		{Key: "k2", Job: "shop", SKU: "A", Episode: 1, People: []string{"fone", "mail"}, Told: at(9).Add(time.Minute), Clicks: []time.Time{at(12)}},
	}
	mk := func(id string, when time.Time) bot.Order {
		return bot.Order{Shop: "s", ID: id, At: when, State: bot.OrderPaid, Currency: "AUD", People: []string{"mail"}, Lines: []bot.OrderLine{{SKU: "A", Quantity: 1, Minor: 100}}}
	}
	sales := bot.Attribute([]bot.Order{mk("1", at(11)), mk("2", at(13).Add(day))}, sends, bot.DefaultWindows())
	if len(sales) != 1 {
		t.Errorf("%d purchases of one customer in one restock count, want the first only: %+v", len(sales), sales)
	}
}

// B: a first order is cancelled, a second one stands: the CRM never hears that the first was given back.
func TestLoopReplacement(t *testing.T) {
	store, c := told(t, 1)
	l := led(store, at(11))
	l.TakeOrder(t.Context(), order(l, "1", "c0@example.com", at(11)))
	c.goes(t, store, at(12))
	o := order(l, "1", "c0@example.com", at(11))
	o.State, o.Updated = bot.OrderCancelled, at(13)
	l.TakeOrder(t.Context(), o)
	l.TakeOrder(t.Context(), order(l, "2", "c0@example.com", at(13)))
	c.goes(t, store, at(14))
	c.goes(t, store, at(15))
	t.Log(c.notes)
	if !strings.Contains(strings.Join(c.notes, "|"), "returned:order #1") {
		t.Errorf("the CRM shows order #1 as bought for ever: %q", c.notes)
	}
}

// C: half is given back: the CRM keeps the amount.
func TestLoopPartialReturn(t *testing.T) {
	store, c := told(t, 1)
	l := led(store, at(11))
	o := order(l, "1", "c0@example.com", at(11))
	o.Lines[0].Quantity, o.Lines[0].Minor = 2, 10000
	l.TakeOrder(t.Context(), o)
	c.goes(t, store, at(12))
	o.Updated = at(13)
	o.Refunds = map[string]bot.Refund{"r": {At: at(13), Lines: map[string]bot.RefundLine{"1": {Quantity: 1, Minor: 5000}}}}
	l.TakeOrder(t.Context(), o)
	c.goes(t, store, at(14))
	t.Log(c.notes)
	if len(c.notes) == 1 {
		t.Errorf("one of two was given back, the CRM still says %q", c.notes)
	}
}

// D: the run says how many messages were bought, and counts the old ones again.
func TestLoopRunBought(t *testing.T) {
	store, c := told(t, 1)
	l := led(store, at(11))
	l.TakeOrder(t.Context(), order(l, "1", "c0@example.com", at(11)))
	first, _ := c.goes(t, store, at(12))
	l.TakeOrder(t.Context(), order(l, "2", "stranger@example.com", at(13)))
	second, _ := c.goes(t, store, at(14))
	if first.Bought != 1 || second.Bought != 0 {
		t.Errorf("bought: %d, then %d for a stranger's order; want 1, 0", first.Bought, second.Bought)
	}
}

// E: a human click after 32 machine hits is not a person's any more.
func TestLoopClickAfterMany(t *testing.T) {
	l := bot.NewLedger(&statetest.Memory{}, func() time.Time { return at(9) })
	n := bot.Notification{
		Key: bot.Key("shop", "A", 1, "1"), Job: "shop", State: bot.Accepted, Channel: bot.Email, Address: "a@example.com",
		Restock: bot.Restock{SKU: "A", Number: 1}, Changes: []bot.Change{{At: at(9), To: bot.Accepted}},
	}
	l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n})
	add := func(h bot.Hit) {
		l.AddClicks(t.Context(), map[string]*bot.Clicks{n.Key: {Key: n.Key, Told: at(9), Hits: []bot.Hit{h}}})
	}
	for i := range 32 {
		add(bot.Hit{At: at(9).Add(time.Duration(10+5*i) * time.Second), Method: "HEAD", Agent: "SafeLinks"})
	}
	add(bot.Hit{At: at(12), Agent: "Mozilla/5.0 Firefox", Net: "1.2.3.0/24"})
	c, _ := l.ClicksOf(t.Context(), n.Key)
	if len(c.Human()) != 1 {
		t.Errorf("%d hits, of people %d, want 1: the sale will be assisted, or none", c.All(), len(c.Human()))
	}
}

// F: signed up, left by the link of another message, signs up again: nothing comes of it, and nobody says so.
func TestLoopSignUpAfterLeaving(t *testing.T) {
	store := &statetest.Memory{}
	l := led(store, at(9))
	l.SaveLevels(t.Context(), "shop", bot.Comparison{Levels: []bot.Level{{StockLevel: bot.StockLevel{SKU: "A", Availability: bot.Out}}}})
	wish := bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: "kim@example.com", Consent: "yes"}
	s, _, _ := l.AddSignUp(t.Context(), wish)
	s.FollowUp.State = bot.FollowUpWritten
	l.SaveSignUp(t.Context(), &s)
	l.Suppress(t.Context(), bot.Suppression{Who: l.Person("kim@example.com"), Channel: bot.Email, Reason: bot.LeftUs, Source: "link"})
	l = led(store, at(20))
	got, fresh, err := l.AddSignUp(t.Context(), wish)
	list, _ := l.Unconfirmed(t.Context())
	if len(list) != 1 {
		t.Errorf("state %s, fresh %v, %v: no confirmation is asked for, she stays unsubscribed, and was told 'Thank you'", got.State(), fresh, err)
	}
}

// G: a wish that the CRM refused; who asks again weeks later is thanked, and nothing is tried.
func TestLoopSignUpRejected(t *testing.T) {
	store := &statetest.Memory{}
	l := led(store, at(9))
	l.SaveLevels(t.Context(), "shop", bot.Comparison{Levels: []bot.Level{{StockLevel: bot.StockLevel{SKU: "A", Availability: bot.Out}}}})
	wish := bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: "kim@example.com", Consent: "yes"}
	s, _, _ := l.AddSignUp(t.Context(), wish)
	s.FollowUp.State, s.FollowUp.Attempt = bot.FollowUpRejected, 99
	l.SaveSignUp(t.Context(), &s)
	got, fresh, err := led(store, at(9).AddDate(0, 0, 20)).AddSignUp(t.Context(), wish)
	if got.State() == "rejected" {
		t.Errorf("asked again: state %s, fresh %v, %v; the customer is thanked", got.State(), fresh, err)
	}
}

// H: what the kept-back have bought unasked is forgotten after 60 days: the holdout's extra sales grow.
func TestLoopHoldoutForgotten(t *testing.T) {
	store := &statetest.Memory{}
	l := led(store, at(9))
	n := bot.Notification{
		Key: bot.Key("shop", "A", 1, "1"), Job: "shop", State: bot.Accepted, Channel: bot.Email, Address: "a@example.com",
		Restock: bot.Restock{SKU: "A", Number: 1}, Subscription: bot.Subscription{ID: "1", SKU: "A", Email: "a@example.com"},
		Changes: []bot.Change{{At: at(9), To: bot.Queued}, {At: at(9).AddDate(0, 0, 1), To: bot.Accepted}}, Holdout: at(9).AddDate(0, 0, 1),
	}
	l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n})
	l.TakeOrder(t.Context(), order(l, "1", "a@example.com", at(12))) // in the time in which nobody had told
	late := led(store, at(9).AddDate(0, 0, 61))
	late.Retain(t.Context(), at(9).AddDate(-1, 0, 0), bot.DefaultWindows())
	o, _, _ := late.FindOrder(t.Context(), "shopify", "1")
	if len(o.People) == 0 {
		t.Error("the order that the holdout is measured by belongs to nobody any more: bought unasked falls from 1 to 0")
	}
}

// I: two states of one order within one second of the shop's clock: the refund is lost.
func TestLoopSameSecond(t *testing.T) {
	a := bot.Order{
		Shop: "woocommerce", ID: "1", At: at(9), Updated: at(10), State: bot.OrderPaid, Currency: "AUD", Source: "order.updated",
		Lines: []bot.OrderLine{{ID: "1", SKU: "A", Quantity: 1, Minor: 5000}},
	}
	b := a
	b.Refund("9", 2000)
	m := a.Merge(b)
	if _, minor := m.Net(0); minor != 3000 {
		t.Errorf("kept %d, want 3000", minor)
	}
}

// J: told, clicked, bought 9 days later: the definition of assisted says "did not click".
func TestLoopAssistedClicked(t *testing.T) {
	day := 24 * time.Hour
	sends := []bot.Send{{Key: "k1", Job: "shop", SKU: "A", Episode: 1, People: []string{"m"}, Told: at(9), Clicks: []time.Time{at(10)}}}
	sales := bot.Attribute([]bot.Order{{Shop: "s", ID: "1", At: at(9).Add(9 * day), State: bot.OrderPaid, Currency: "AUD", People: []string{"m"}, Lines: []bot.OrderLine{{SKU: "A", Quantity: 1, Minor: 100}}}}, sends, bot.DefaultWindows())
	t.Logf("%+v", sales)
}

// K: who has bought follows the link again: the place is "kept", and never taken up.
