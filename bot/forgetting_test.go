package bot_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

func salesOf(t *testing.T, l *bot.Ledger) (list []bot.Sale) {
	t.Helper()
	var orders []bot.Order
	for o, err := range l.AllOrders(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		orders = append(orders, o)
	}
	sends, err := l.Sends(t.Context(), func(bot.Notification) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	return bot.Attribute(orders, sends, bot.DefaultWindows())
}

func toldTo(key, address, phone string, sku string, episode int, when time.Time) bot.Notification {
	n := bot.Notification{
		Key: bot.Key("shop", sku, episode, key), Job: "shop", State: bot.Accepted, Channel: bot.Email, Address: address,
		Restock: bot.Restock{SKU: sku, Number: episode}, Changes: []bot.Change{{At: when, To: bot.Accepted}},
	}
	n.Subscription.Email, n.Subscription.Phone = address, phone
	return n
}

// Two who share a phone count as one customer, so the first purchase only counts; forgetting one of them must not change that.
func TestForgetShared(t *testing.T) {
	for _, how := range []string{"erase", "retain both"} {
		store := &statetest.Memory{}
		l := led(store, at(15))
		l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{
			toldTo("1", "a@example.com", "+61491570006", "A", 1, at(9)), toldTo("2", "b@example.com", "+61491570006", "A", 1, at(9)),
		})
		o1, o2 := order(l, "1", "a@example.com", at(10)), order(l, "2", "b@example.com", at(11))
		l.TakeOrder(t.Context(), o1)
		l.TakeOrder(t.Context(), o2)
		before := salesOf(t, l)
		if how == "erase" {
			l.Erase(t.Context(), "a@example.com")
		} else {
			if _, err := l.Retain(t.Context(), at(15), bot.DefaultWindows()); err != nil {
				t.Fatal(err)
			}
		}
		if after := salesOf(t, l); len(before) != len(after) {
			t.Errorf("%s: %d sales before, %d after somebody was forgotten:\n%+v\n%+v", how, len(before), len(after), before, after)
		}
	}
}

// One customer, told by mail of one request and by SMS of another, is forgotten: the second purchase must not begin to count.
func TestForgetTwoWhos(t *testing.T) {
	store := &statetest.Memory{}
	l := led(store, at(15))
	sms := toldTo("2", "a@example.com", "+61491570006", "A", 1, at(11))
	sms.Channel, sms.Address = bot.SMS, "+61491570006"
	l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{toldTo("1", "a@example.com", "+61491570006", "A", 1, at(9)), sms})
	l.TakeOrder(t.Context(), order(l, "1", "a@example.com", at(10)))
	l.TakeOrder(t.Context(), order(l, "2", "a@example.com", at(12)))
	before := salesOf(t, l)
	l.Erase(t.Context(), "a@example.com")
	if after := salesOf(t, l); len(before) != len(after) {
		t.Errorf("%d sales before, %d after she was forgotten", len(before), len(after))
	}
}

// an Erase that dies half way and is done again.
func TestEraseTwice(t *testing.T) {
	store := &statetest.Memory{}
	hs := &hookStore{Store: store}
	l := led(store, at(15))
	l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{toldTo("1", "a@example.com", "", "A", 1, at(9))})
	l.TakeOrder(t.Context(), order(l, "1", "a@example.com", at(10)))
	dead := false
	func() {
		defer func() { recover() }()
		hs.after = func(w []bot.Write) {
			if w[0].Table == bot.People {
				dead = true
				panic("power is gone")
			}
		}
		led(hs, at(15)).Erase(t.Context(), "a@example.com")
	}()
	l.Erase(t.Context(), "a@example.com")
	if !dead {
		t.Fatal("it did not die where it was meant to")
	}
	if after := salesOf(t, l); len(after) != 1 {
		t.Errorf("%d sales after an Erase that died between the key and the orders, and was done again; want 1", len(after))
	}
}

// when nothing more is sent in all, nobody's own asks are used up.
func TestAsksInAll(t *testing.T) {
	store := &statetest.Memory{}
	l := led(store, at(9))
	for i := range 200 {
		if may, err := l.MayAsk(t.Context(), bot.SignUp{Channel: bot.SMS, Address: fmt.Sprintf("+614915%05d", i)}); !may || err != nil {
			t.Fatal(i, may, err)
		}
	}
	kim := bot.SignUp{Channel: bot.SMS, Address: "+61491570006"}
	for i := range 10 { // every two seconds
		if may, _ := led(store, at(20).Add(time.Duration(2*i)*time.Second)).MayAsk(t.Context(), kim); may {
			t.Fatal("asked")
		}
	}
	if may, err := led(store, at(9).Add(24*time.Hour+time.Minute)).MayAsk(t.Context(), kim); !may || err != nil {
		t.Errorf("the next day there is room again, but she may not be asked: %v %v", may, err)
	}
}

// it went out again before the CRM was back.
func TestSeenStale(t *testing.T) {
	store, c := &statetest.Memory{}, &clerk{company: newCompany(1)}
	c.goes(t, store, at(8))
	c.stock["A"] = 5
	c.failCRM = errors.New("the CRM is down")
	c.goes(t, store, at(9))
	c.stock["A"] = 0
	c.goes(t, store, at(10)) // sold out again; the CRM is still down
	c.failCRM = nil
	c.goes(t, store, at(11))
	c.stock["A"] = 5
	c.goes(t, store, at(20))
	n, _, err := led(store, at(21)).Find(t.Context(), bot.Key("shop", "A", 1, "0"))
	if err != nil || !n.Restock.Opened.Equal(at(20)) {
		t.Errorf("back since %s, but it was out at 10 and 11 and came back at 20", n.Restock.Opened)
	}
}

func TestSeenStale2(t *testing.T) { // the same, and the CRM is down all the time
	store, c := &statetest.Memory{}, &clerk{company: newCompany(1)}
	c.goes(t, store, at(8))
	c.stock["A"] = 5
	c.failCRM = errors.New("the CRM is down")
	c.goes(t, store, at(9))
	c.stock["A"] = 0
	if _, err := c.goes(t, store, at(10)); err == nil { // sold out again; the CRM is still down
		t.Fatal("a CRM that is down was read")
	}
	c.stock["A"] = 5
	c.failCRM = nil
	c.goes(t, store, at(20))
	n, _, err := led(store, at(21)).Find(t.Context(), bot.Key("shop", "A", 1, "0"))
	if err != nil || !n.Restock.Opened.Equal(at(20)) {
		t.Errorf("back since %s, but it was out at 10 and came back at 20", n.Restock.Opened)
	}
}

// entered in the second pass of a run; in the next one the first three fail: she is never read for.
func TestFreshLost(t *testing.T) {
	store, c := told(t, 1)
	c.stock["A"], c.stock["B"], c.stock["C"], c.stock["D"], c.stock["E"] = 0, 0, 9, 9, 9
	c.goes(t, store, at(11))
	c.goes(t, store, at(12))
	l := led(store, at(12))
	add := func(sku, who string) {
		if _, _, err := l.AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: sku, Channel: bot.Email, Address: who, Net: who}); err != nil {
			t.Fatal(err)
		}
	}
	add("A", "late@example.com")
	down := true
	c.signErr = func(s bot.SignUp) error {
		if down {
			return &bot.StepError{Class: bot.SiteDown}
		}
		return nil
	}
	c.stock["A"] = 5
	c.goes(t, store, at(13)) // opens; she cannot be entered
	down = false
	c.failRead = errors.New("IMS down")
	c.goes(t, store, at(14)) // entered, not read for
	c.failRead = nil
	l = led(store, at(14))
	add("B", "ok@example.com")
	l = led(store, at(14).Add(time.Minute))
	for i := range 5 {
		add("B", fmt.Sprintf("bad%d@example.com", i))
	}
	c.signErr = func(s bot.SignUp) error {
		if s.SKU == "B" && s.Address != "ok@example.com" {
			return &bot.StepError{Class: bot.SiteDown}
		}
		return nil
	}
	for h := 15; h < 20; h++ {
		c.goes(t, store, at(h))
	}
	if c.sent["late@example.com"] != 1 {
		t.Errorf("told %d times although the product is in stock for hours", c.sent["late@example.com"])
	}
}

// retained, then the shop says something of the order again
func TestRetainAgain(t *testing.T) {
	store := &statetest.Memory{}
	l := led(store, at(15))
	l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{toldTo("1", "a@example.com", "", "A", 1, at(9))})
	o := order(l, "1", "a@example.com", at(10))
	l.TakeOrder(t.Context(), o)
	l.Retain(t.Context(), at(15), bot.DefaultWindows())
	o.Updated = at(16)
	l.TakeOrder(t.Context(), o)
	for range 3 {
		l.Retain(t.Context(), at(17), bot.DefaultWindows())
	}
	got, _, _ := l.FindOrder(t.Context(), "shopify", "1")
	for _, p := range got.People {
		if p == l.Person("a@example.com") {
			t.Errorf("who was forgotten stands on the order again, for ever: %v %s", got.People, got.Number)
		}
	}
}

// a backup is put back: who was forgotten since is forgotten there too, and the figures stay.
func TestInheritFigures(t *testing.T) {
	store, old := &statetest.Memory{}, &statetest.Memory{}
	l, backup := led(store, at(15)), led(old, at(15))
	for _, x := range []*bot.Ledger{l, backup} {
		x.Commit(t.Context(), bot.Comparison{}, []bot.Notification{toldTo("1", "a@example.com", "", "A", 1, at(9))})
		x.TakeOrder(t.Context(), order(x, "1", "a@example.com", at(10)))
	}
	old2 := &statetest.Memory{}
	for _, table := range bot.Tables() {
		for e := range store.Scan(t.Context(), table, "") {
			old2.Apply(t.Context(), bot.Write{Table: table, Key: e.Key, Value: e.Value})
		}
	}
	backup = led(old2, at(15))
	l.Erase(t.Context(), "a@example.com")
	if _, n, err := backup.Inherit(t.Context(), l); err != nil || n != 1 {
		t.Fatalf("%d inherited, %v", n, err)
	}
	o, _, _ := backup.FindOrder(t.Context(), "shopify", "1")
	if len(salesOf(t, backup)) != 1 {
		t.Errorf("%d sales in the backup that was put back, want 1; on the order: %v", len(salesOf(t, backup)), o.People)
	}
}

// tier and amount go to and fro
func TestNotes(t *testing.T) {
	store, c := told(t, 1)
	l := led(store, at(11))
	l.TakeOrder(t.Context(), order(l, "1", "c0@example.com", at(11)))
	for h := 12; h < 22; h++ {
		l = led(store, at(h))
		o := order(l, "9", "x@example.com", at(h))
		l.TakeOrder(t.Context(), o)
		c.goes(t, store, at(h))
	}
	if len(c.notes) != 1 {
		t.Errorf("%d notes", len(c.notes))
	}
}

// a second, earlier order is learned later (lists and webhooks come late): the CRM must end with it, once.
func TestNotesEarlier(t *testing.T) {
	store, c := told(t, 1)
	l := led(store, at(12))
	l.TakeOrder(t.Context(), order(l, "2", "c0@example.com", at(12)))
	c.goes(t, store, at(13))
	l.TakeOrder(t.Context(), order(l, "1", "c0@example.com", at(11)))
	for h := 14; h < 18; h++ {
		l = led(store, at(h))
		l.TakeOrder(t.Context(), order(l, fmt.Sprint("9", h), "x@example.com", at(h)))
		c.goes(t, store, at(h))
	}
	if len(c.notes) > 2 {
		t.Errorf("%d notes", len(c.notes))
	}
}

// the time from a sign-up that is rejected again and again
func TestRejected50(t *testing.T) {
	store := &statetest.Memory{}
	l := led(store, at(9))
	l.SaveLevels(t.Context(), "shop", bot.Comparison{Levels: []bot.Level{{StockLevel: bot.StockLevel{SKU: "A", Availability: bot.Out}}}})
	wish := bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: "kim@example.com"}
	for i := range 52 {
		s, fresh, err := l.AddSignUp(t.Context(), wish)
		if err != nil || !fresh {
			t.Fatalf("%d: %s fresh %v, %v", i, s.State(), fresh, err)
		}
		s.FollowUp.State, s.FollowUp.Attempt = bot.FollowUpRejected, 99
		l.SaveSignUp(t.Context(), &s)
	}
}

// TestConfirmOff: where nothing has to be confirmed any more, who has not confirmed is taken at once; and a confirmation that was sent again
// holds as long as the first one.
func TestConfirmOff(t *testing.T) {
	store := &statetest.Memory{}
	l := led(store, at(9))
	l.SaveLevels(t.Context(), "shop", bot.Comparison{Levels: []bot.Level{{StockLevel: bot.StockLevel{SKU: "A", Availability: bot.Out}}}})
	wish := bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: "kim@example.com", Confirm: true, Consent: "old"}
	s, _, _ := l.AddSignUp(t.Context(), wish)
	s.Asked, s.Sent = at(9), true
	l.SaveSignUp(t.Context(), &s)
	l = led(store, at(20))
	wish.Confirm = false
	s, fresh, err := l.AddSignUp(t.Context(), wish)
	if err != nil || !fresh || s.State() != "waiting" {
		t.Errorf("nothing has to be confirmed any more: %s, %v, %v", s.State(), fresh, err)
	}
	s.Confirm, s.FollowUp.State = true, bot.FollowUpPending
	l.SaveSignUp(t.Context(), &s)
	// 7 days later: signs up once more, after that the link in the first mail
	l = led(store, at(9).Add(6*24*time.Hour+23*time.Hour))
	wish.Confirm = true
	s, _, err = l.AddSignUp(t.Context(), wish)
	s.Asked, s.Sent = at(9).Add(6*24*time.Hour+23*time.Hour), true // the message has left once more
	if err := l.SaveSignUp(t.Context(), &s); err != nil {
		t.Fatal(err)
	}
	l = led(store, at(9).Add(7*24*time.Hour+2*time.Hour))
	got, ok, err2 := l.ConfirmSignUp(t.Context(), s.ID)
	if !ok || err != nil || err2 != nil || got.Confirmed.IsZero() {
		t.Errorf("the confirmation that was sent 3 hours ago is too old: %v, %v, %v", ok, err, err2)
	}
}
