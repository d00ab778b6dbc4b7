package bot_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"restock/bot"
)

// TestSignUpFlood: whoever floods the form keeps nobody waiting: not those who are told, and not those who have signed up from elsewhere.
func TestSignUpFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, c := told(t, 1)
		c.stock["A"] = 0
		c.goes(t, store, at(11))
		c.goes(t, store, at(12)) // its restock is over
		l := led(store, at(12))
		sign := func(who, net string) {
			t.Helper()
			if _, _, err := l.AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: "A", Channel: bot.Email, Address: who, Net: net}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 200 {
			sign(fmt.Sprintf("junk%d@example.com", i), "203.0.113.0/24")
		}
		sign("ann@example.com", "198.51.100.0/24")
		sign("bob@example.com", "192.0.2.0/24")
		c.subs = append(c.subs, bot.Subscription{ID: "late", SKU: "A", Email: "late@example.com"})
		c.stock["A"] = 9
		start, first := time.Now(), time.Duration(0)
		c.signErr = func(bot.SignUp) error { time.Sleep(2 * time.Second); return nil }
		c.outcome = func(n bot.Notification) bot.Delivery {
			if n.Address == "late@example.com" {
				first = time.Since(start)
			}
			return bot.Delivery{State: bot.Accepted}
		}
		if _, err := c.goes(t, store, at(13)); err != nil {
			t.Fatal(err)
		}
		if first == 0 || first > 3*time.Minute {
			t.Errorf("told after %s: who waits is kept from it by a flood", first)
		}
		for _, who := range []string{"ann@example.com", "bob@example.com"} {
			if n := slices.Index(c.signed, who); n < 0 || n > 5 {
				t.Errorf("%s was entered as number %d, behind a flood from one network", who, n+1)
			}
		}
		if len(c.signed) != 202 {
			t.Errorf("%d of 202 were entered in the time that the run had left", len(c.signed))
		}
	})
}
