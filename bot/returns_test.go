package bot_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

type clerk struct {
	*company
	notes   []string
	signErr func(s bot.SignUp) error
	signed  []string
	ordersF func(q bot.OrderQuery) []bot.Order
}

func (c *clerk) Note(ctx context.Context, _ string, n bot.Notification, note bot.Note, intent func(context.Context) error) (bot.FollowUp, error) {
	if err := intent(ctx); err != nil {
		return bot.FollowUp{}, err
	}
	c.notes = append(c.notes, n.Subscription.ID+":"+string(note.Event)+":"+note.Detail)
	return bot.FollowUp{State: bot.FollowUpWritten}, nil
}

func (c *clerk) SignUp(ctx context.Context, _ string, s bot.SignUp, intent func(context.Context) error) (bot.FollowUp, error) {
	if c.signErr != nil {
		if err := c.signErr(s); err != nil {
			return bot.FollowUp{}, err
		}
	}
	if err := intent(ctx); err != nil {
		return bot.FollowUp{}, err
	}
	c.signed = append(c.signed, s.Address)
	c.subs = append(c.subs, bot.Subscription{ID: "su" + s.ID, SKU: s.SKU, Email: s.Address})
	return bot.FollowUp{State: bot.FollowUpWritten}, nil
}

func (c *clerk) Orders(_ context.Context, _ string, q bot.OrderQuery) ([]bot.Order, error) {
	if c.ordersF == nil {
		return nil, nil
	}
	return c.ordersF(q), nil
}

func (c *clerk) goes(t *testing.T, store bot.Store, now time.Time) (bot.Run, error) {
	t.Helper()
	clock := func() time.Time { return now }
	l := bot.NewLedger(store, clock)
	l.Vault, _ = bot.NewVault([]byte("a secret of these tests"))
	b := &bot.Bot{
		Ledger: l, Sites: c, Clerk: c, Senders: map[bot.Channel]bot.Sender{bot.Email: c},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: clock, Events: map[string][]bot.Event{"shop": bot.Events()},
	}
	c.now = now
	j := job()
	if c.policy.Life > 0 {
		j.Policy = c.policy
	}
	if c.ordersF != nil {
		j.Orders = "orders"
	}
	return b.Do(t.Context(), j, bot.NewRun("shop", "test", now))
}

func led(store bot.Store, now time.Time) *bot.Ledger {
	l := bot.NewLedger(store, func() time.Time { return now })
	l.Vault, _ = bot.NewVault([]byte("a secret of these tests"))
	return l
}

func order(l *bot.Ledger, id, who string, at time.Time) bot.Order {
	return bot.Order{
		Shop: "shopify", ID: id, Number: "#" + id, At: at, Updated: at, State: bot.OrderPaid, Currency: "AUD", People: []string{l.Person(who)},
		Lines: []bot.OrderLine{{ID: "1", SKU: "A", Quantity: 1, Minor: 5000}},
	}
}

func told(t *testing.T, customers int) (*statetest.Memory, *clerk) {
	store, c := &statetest.Memory{}, &clerk{company: newCompany(customers)}
	if _, err := c.goes(t, store, at(9)); err != nil {
		t.Fatal(err)
	}
	c.stock["A"] = 5
	if _, err := c.goes(t, store, at(10)); err != nil {
		t.Fatal(err)
	}
	return store, c
}

func TestForgottenIsNotReturned(t *testing.T) {
	for _, how := range []string{"erase", "retain"} {
		store, c := told(t, 2)
		l := led(store, at(11))
		l.TakeOrder(t.Context(), order(l, "1", "c0@example.com", at(11)))
		c.goes(t, store, at(12))
		t.Log(how, c.notes)
		if how == "erase" {
			led(store, at(13)).Erase(t.Context(), "c0@example.com")
		} else {
			n, err := led(store, at(13)).Retain(t.Context(), at(13).Add(time.Hour), bot.DefaultWindows())
			t.Log("retained", n, err)
		}
		l.TakeOrder(t.Context(), order(l, "2", "somebody@else.com", at(14)))
		c.goes(t, store, at(15))
		t.Log(how, c.notes)
		if strings.Contains(fmt.Sprint(c.notes), "returned") {
			t.Error("CRM was told that the purchase was returned")
		}
	}
}

// TestRetainWindows: who made an order is kept as long as a message led to it by the windows of the file, and not longer.
func TestRetainWindows(t *testing.T) {
	day := 24 * time.Hour
	for _, c := range []struct {
		windows bot.Windows
		kept    bool
	}{{bot.DefaultWindows(), false}, {bot.Windows{Direct: 7 * day, Assisted: 30 * day}, true}} {
		store, _ := told(t, 1)
		if _, err := led(store, at(11)).TakeOrder(t.Context(), order(led(store, at(11)), "1", "c0@example.com", at(10).Add(20*day))); err != nil {
			t.Fatal(err)
		}
		l := led(store, at(11).Add(90*day))
		if _, err := l.Retain(t.Context(), at(11).Add(-day), c.windows); err != nil {
			t.Fatal(err)
		}
		for o, err := range l.AllOrders(t.Context()) {
			if err != nil || (len(o.People) > 0) != c.kept {
				t.Errorf("with windows of %s: made by %v, %v", c.windows.Assisted, o.People, err)
			}
		}
	}
}

// hookStore runs f once before the Apply that matches.
type hookStore struct {
	bot.Store
	before func(w []bot.Write) func()
	after  func(w []bot.Write)
}

func (h *hookStore) Apply(ctx context.Context, w ...bot.Write) ([]bot.Outcome, error) {
	if h.before != nil {
		if f := h.before(w); f != nil {
			h.before = nil
			f()
		}
	}
	o, err := h.Store.Apply(ctx, w...)
	if h.after != nil {
		h.after(w)
	}
	return o, err
}

func (h *hookStore) Scan(ctx context.Context, t bot.Table, p string) iter.Seq2[bot.Entry, error] {
	return h.Store.Scan(ctx, t, p)
}

func TestInboxKnocks(t *testing.T) {
	store, c := told(t, 1)
	l := led(store, at(11))
	o := order(l, "1", "c0@example.com", at(11))
	l.TakeOrder(t.Context(), o)
	hs := &hookStore{Store: store}
	hs.before = func(w []bot.Write) func() {
		for _, x := range w {
			if x.Table == bot.Inbox && x.Value == nil { // attend removes what it has looked at
				return func() {
					o.State, o.Updated = bot.OrderCancelled, at(12)
					changed, err := l.TakeOrder(t.Context(), o)
					t.Log("cancellation taken", changed, err)
				}
			}
		}
		return nil
	}
	c.goes(t, hs, at(12))
	for h := 13; h < 20; h++ {
		c.goes(t, store, at(h))
	}
	t.Log(c.notes)
	if !strings.Contains(fmt.Sprint(c.notes), "returned") {
		t.Error("the cancellation never reached the CRM")
	}
}

func TestRefundGrows(t *testing.T) {
	a := bot.Order{Shop: "s", ID: "1", At: at(9), Updated: at(9), Lines: []bot.OrderLine{{SKU: "A", Quantity: 1, Minor: 5000}}}
	a.Refund("list", 900)
	b := a
	b.Refunds = nil
	b.Updated = at(12)
	b.Refund("list", 1500)
	m := a.Merge(b)
	if m.Refunds["list"].Minor != 1500 {
		t.Errorf("refund is %d, expected 1500", m.Refunds["list"].Minor)
	}
}

func TestOrderClock(t *testing.T) {
	l := led(&statetest.Memory{}, at(9))
	mk := func(h int, s bot.OrderState) bot.Order {
		o := order(l, "1", "x@example.com", at(9))
		o.Updated, o.State = at(h), s
		return o
	}
	for _, o := range []bot.Order{mk(9, bot.OrderPaid), mk(12, bot.OrderPaid), mk(11, bot.OrderCancelled)} {
		l.TakeOrder(t.Context(), o)
	}
	o, _, _ := l.FindOrder(t.Context(), "shopify", "1")
	if o.State != bot.OrderPaid {
		t.Errorf("state %s, the shop said paid last (at 12)", o.State)
	}
	a := mk(9, bot.OrderPaid).Merge(mk(12, bot.OrderPaid)).Merge(mk(11, bot.OrderCancelled))
	t.Log("Merge alone:", a.State)
}

func TestBoughtOnce(t *testing.T) {
	store, c := told(t, 1)
	c.ordersF = func(q bot.OrderQuery) []bot.Order { // as flows/orders.go: At is "now" for an order of today whose list has no time
		o := order(led(store, at(9)), "1", "c0@example.com", c.now)
		o.Updated = c.now
		return []bot.Order{o}
	}
	for h := 11; h < 18; h++ {
		if _, err := c.goes(t, store, at(h)); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.notes) != 1 {
		t.Errorf("%d notes: %q", len(c.notes), c.notes)
	}
}

func TestScannerKeepsNoPlace(t *testing.T) {
	store, c := told(t, 1)
	c.stock["A"] = 0
	c.goes(t, store, at(11))
	l := led(store, at(12))
	var n bot.Notification
	for x := range l.All(t.Context()) {
		n = x
	}
	cl := &bot.Clicker{Ledger: l, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	ctx, stop := context.WithCancel(t.Context())
	cl.Add(&n, bot.Hit{At: at(12), Agent: "SafeLinks-Scanner/2.1", Purpose: "prefetch", Gone: true, Net: "1.2.3.0/24"}, 1)
	go cl.Run(ctx)
	if err := cl.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop()
	clicks, _ := l.ClicksOf(t.Context(), n.Key)
	t.Logf("rule %q, human %d", clicks.Hits[0].Rule, len(clicks.Human()))
	c.stock["A"] = 3
	c.goes(t, store, at(14))
	if c.sent["c0@example.com"] != 1 {
		t.Errorf("told %d times, because a scanner opened the link", c.sent["c0@example.com"])
	}
}

func TestConfirmationsAreFew(t *testing.T) {
	store := &statetest.Memory{}
	l := led(store, at(9))
	var c bot.Comparison
	for i := range 100 {
		c.Levels = append(c.Levels, bot.Level{StockLevel: bot.StockLevel{SKU: fmt.Sprint("S", i), Availability: bot.Out}})
	}
	l.SaveLevels(t.Context(), "shop", c)
	l.Erase(t.Context(), "victim@example.com")
	for i := range 100 {
		l.AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: fmt.Sprint("S", i), Channel: bot.Email, Address: "victim@example.com"})
	}
	list, _ := l.Unconfirmed(t.Context())
	asked := 0
	for _, s := range list {
		if may, err := l.MayAsk(t.Context(), s); err != nil || may {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("%d confirmations for a forgotten address within one moment", asked)
	}
}

func TestConfirmationOnce(t *testing.T) {
	store := &statetest.Memory{}
	l := led(store, at(9))
	l.SaveLevels(t.Context(), "shop", bot.Comparison{Levels: []bot.Level{{StockLevel: bot.StockLevel{SKU: "A", Availability: bot.Out}}}})
	l.AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: "v@example.com", Confirm: true})
	list, _ := l.Unconfirmed(t.Context())
	s := list[0]
	s.Asked, s.Sent = at(9), true
	l.SaveSignUp(t.Context(), &s) // as cmd/restock does; then it is sent, and the process dies
	l = led(store, at(10))
	list, _ = l.Unconfirmed(t.Context())
	if len(list) != 0 {
		t.Errorf("it is on the list again, asked at %s: sent a second time", list[0].Asked)
	}
}

func TestNoReminderAfterBuying(t *testing.T) {
	store, c := &statetest.Memory{}, &clerk{company: newCompany(1)}
	c.policy = bot.Policy{Channels: []bot.Channel{bot.Email}, Life: 24 * time.Hour, Reminders: []time.Duration{2 * time.Hour}}
	c.goes(t, store, at(9))
	c.stock["A"] = 5
	c.goes(t, store, at(10))
	l := led(store, at(11))
	l.TakeOrder(t.Context(), order(l, "1", "c0@example.com", at(11))) // on disk an hour before the reminder is due
	c.goes(t, store, at(13))
	if c.sent["c0@example.com"] != 1 {
		t.Errorf("%d messages: reminded after buying", c.sent["c0@example.com"])
	}
	t.Log(c.notes)
}

func TestRepeatCustomer(t *testing.T) {
	store, c := &statetest.Memory{}, &clerk{company: newCompany(1)}
	c.policy = bot.Policy{Channels: []bot.Channel{bot.Email}, Life: 24 * time.Hour, Reminders: []time.Duration{4 * time.Hour}}
	day := func(d, h int) time.Time { return at(h).AddDate(0, 0, d) }
	c.goes(t, store, day(0, 9))
	c.stock["A"] = 5
	c.goes(t, store, day(0, 10))
	l := led(store, day(0, 11))
	l.TakeOrder(t.Context(), order(l, "1", "c0@example.com", day(0, 11)))
	c.goes(t, store, day(0, 12))
	c.stock["A"] = 0
	c.goes(t, store, day(30, 9))
	c.subs = append(c.subs, bot.Subscription{ID: "again", SKU: "A", Email: "c0@example.com"})
	c.stock["A"] = 5
	c.goes(t, store, day(60, 10))
	l.TakeOrder(t.Context(), order(l, "2", "c0@example.com", day(60, 11)))
	c.goes(t, store, day(60, 12)) // attend has seen it
	before := c.sent["c0@example.com"]
	c.goes(t, store, day(60, 15))
	t.Log(c.notes, c.sent)
	if c.sent["c0@example.com"] != before {
		t.Errorf("reminded although the purchase of this restock was on record for 3 hours")
	}
}

func TestOpenedBeforeAccepted(t *testing.T) {
	l := led(&statetest.Memory{}, at(9))
	n := bot.Notification{
		Key: bot.Key("shop", "A", 1, "1"), Job: "shop", State: bot.DotPending, Channel: bot.Email, Address: "a@example.com", Restock: bot.Restock{SKU: "A", Number: 1},
		Changes: []bot.Change{{At: at(9), To: bot.DotPending}},
	}
	l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n})
	cl := &bot.Clicker{Ledger: l, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	ctx, stop := context.WithCancel(t.Context())
	cl.Add(&n, bot.Hit{At: at(9).Add(100 * time.Millisecond), Agent: "Mozilla/5.0 Chrome", Net: "1.2.3.0/24"}, 1) // scanned while the mail server still holds the 250 back
	go cl.Run(ctx)
	if err := cl.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop()
	l.Move(t.Context(), func() []bot.Notification { n, _, _ := l.Find(t.Context(), n.Key); return []bot.Notification{n} }(), bot.Change{To: bot.Accepted, At: at(9).Add(200 * time.Millisecond)})
	for c := range l.Clicked(t.Context()) {
		if len(c.Human()) != 0 {
			t.Errorf("a click 100 ms before the message was accepted is a person's; told %v", c.Told)
		}
	}
}

func TestSignUpsGetTheirTurn(t *testing.T) {
	store, c := &statetest.Memory{}, &clerk{company: newCompany(0)}
	c.goes(t, store, at(9))
	for i := range 3 {
		l := led(store, at(9).Add(time.Duration(i)*time.Second))
		l.AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: fmt.Sprintf("poison%d@example.com", i)})
	}
	l := led(store, at(10))
	l.AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: "good@example.com"})
	c.signErr = func(s bot.SignUp) error {
		if strings.HasPrefix(s.Address, "poison") {
			return &bot.StepError{Class: bot.PageChanged, Found: "neither, or both, in time"}
		}
		return nil
	}
	for h := 11; h < 23; h++ {
		c.goes(t, store, at(h))
	}
	if len(c.signed) == 0 {
		t.Error("12 runs, and the good one was never tried")
	}
}
