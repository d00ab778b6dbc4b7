package bot_test

import (
	"errors"
	"testing"

	"restock/bot"
	"restock/state/statetest"
)

// TestSeen: customers wait since the product was seen to be back, and not since the CRM could be read again; and it was out since it was
// read to be out the first time.
func TestSeen(t *testing.T) {
	store, c := &statetest.Memory{}, &clerk{company: newCompany(1)}
	if _, err := c.goes(t, store, at(8)); err != nil {
		t.Fatal(err)
	}
	if level, _, err := led(store, at(9)).Level(t.Context(), "shop", "A"); err != nil || !level.OutSince.Equal(at(8)) {
		t.Errorf("out since %s, %v; it was read to be out at %s", level.OutSince, err, at(8))
	}
	c.stock["A"] = 5
	c.failCRM = errors.New("the CRM is down")
	for _, hour := range []int{10, 11} {
		if _, err := c.goes(t, store, at(hour)); err == nil {
			t.Fatal("a CRM that is down was read")
		}
	}
	c.failCRM = nil
	if _, err := c.goes(t, store, at(14)); err != nil {
		t.Fatal(err)
	}
	l := led(store, at(15))
	n, _, err := l.Find(t.Context(), bot.Key("shop", "A", 1, "0"))
	if err != nil || n.State != bot.Accepted || !n.Restock.Opened.Equal(at(10)) || !n.Told().Equal(at(14)) {
		t.Errorf("%s, back since %s, told %s, %v", n.State, n.Restock.Opened, n.Told(), err)
	}
	if state, err := l.State(t.Context(), "shop"); err != nil || len(state.Seen) > 0 {
		t.Errorf("what was told of is still remembered as seen: %v, %v", state.Seen, err)
	}
}

// TestFollowedAmbiguous: who follows the link of a message has got it, whatever the mail server did not say.
func TestFollowedAmbiguous(t *testing.T) {
	store, c := &statetest.Memory{}, &clerk{company: newCompany(1)}
	c.outcome = func(bot.Notification) bot.Delivery { return bot.Delivery{State: bot.Ambiguous, Detail: "no answer"} }
	c.goes(t, store, at(8))
	c.stock["A"] = 5
	c.goes(t, store, at(9))
	l, key := led(store, at(10)), bot.Key("shop", "A", 1, "0")
	if n, _, err := l.Find(t.Context(), key); err != nil || n.State != bot.Ambiguous {
		t.Fatal(n.State, err)
	}
	hit := bot.Hit{At: at(10), Agent: "Mozilla/5.0 Firefox", Net: "203.0.113.0/24"}
	if _, err := l.AddClicks(t.Context(), map[string]*bot.Clicks{key: {Key: key, Hits: []bot.Hit{hit}}}); err != nil {
		t.Fatal(err)
	}
	c.goes(t, store, at(11))
	if n, _, err := l.Find(t.Context(), key); err != nil || n.State != bot.Accepted || c.sent["c0@example.com"] != 1 {
		t.Errorf("%s, sent %d times, %v", n.State, c.sent["c0@example.com"], err)
	}
}
