package bot_test

import (
	"fmt"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

// queueOf is a company in which so many wait for a product that is out.
func queueOf(n int, w bot.Waves) *company {
	c := newCompany(0)
	for i := range n {
		c.subs = append(c.subs, bot.Subscription{ID: fmt.Sprint(i + 1), SKU: "A", Email: fmt.Sprintf("w%d@example.com", i+1), Requested: fmt.Sprintf("2026-01-%02d", 28-i%28)})
	}
	c.policy = bot.Policy{Channels: []bot.Channel{bot.Email}, Life: 24 * time.Hour, Waves: w, CoolDown: time.Hour}
	return c
}

// TestWaves: units x multiplier are invited, in the order of the requests; the next have their turn when the interval is over
// and there is still stock; nobody is forgotten meanwhile, and nobody is told when it is sold out.
func TestWaves(t *testing.T) {
	store, c := &statetest.Memory{}, queueOf(500, bot.Waves{Percent: 200, Interval: time.Hour})
	c.mustRun(t, store, at(9))
	c.stock["A"] = 3
	if r := c.mustRun(t, store, at(10)); r.Accepted[bot.Email] != 6 || r.Later != 494 {
		t.Fatalf("500 waiting, 3 units, 2 each: %d told, %d later", r.Accepted[bot.Email], r.Later)
	}
	for i := range 6 { // the requests of 1 January, the lowest numbers first
		if c.sent[fmt.Sprintf("w%d@example.com", 28+28*i)] != 1 {
			t.Errorf("told: %v", c.sent)
		}
	}
	if r := c.mustRun(t, store, at(10).Add(30*time.Minute)); r.Accepted[bot.Email] != 0 {
		t.Errorf("%d told while all invitations are open", r.Accepted[bot.Email])
	}
	c.stock["A"] = 4
	if r := c.mustRun(t, store, at(10).Add(45*time.Minute)); r.Accepted[bot.Email] != 2 {
		t.Errorf("one unit more: %d told", r.Accepted[bot.Email])
	}
	c.stock["A"] = 1
	if r := c.mustRun(t, store, at(11).Add(time.Minute)); r.Accepted[bot.Email] != 0 {
		t.Errorf("1 unit, 2 invitations open: %d told", r.Accepted[bot.Email])
	}
	if r := c.mustRun(t, store, at(12)); r.Accepted[bot.Email] != 2 {
		t.Errorf("after the interval: %d told", r.Accepted[bot.Email])
	}
	for day := 1; day <= 3; day++ { // the queue outlives the life of a message, as long as there is stock
		c.stock["A"] = 1
		if r := c.mustRun(t, store, at(12).Add(time.Duration(day*20)*time.Hour)); r.Expired != 0 || r.Accepted[bot.Email] != 2 {
			t.Errorf("day %d: %d expired, %d told", day, r.Expired, r.Accepted[bot.Email])
		}
	}
	c.stock["A"] = 0
	c.mustRun(t, store, at(13).Add(60*time.Hour))
	if r := c.mustRun(t, store, at(15).Add(60*time.Hour)); r.Accepted[bot.Email] != 0 || r.Expired == 0 {
		t.Errorf("sold out: %+v", r)
	}
	told := len(c.sent)
	c.stock["A"] = 500
	if r := c.mustRun(t, store, at(16).Add(60*time.Hour)); r.Accepted[bot.Email] != 500-told {
		t.Errorf("back again with enough for all: %d of %d told", r.Accepted[bot.Email], 500-told)
	}
	for address, n := range c.sent {
		if n != 1 {
			t.Errorf("%s was told %d times", address, n)
		}
	}
}

// TestWaveFailed: an invitation that cannot be delivered gives its place to the next; a shortage of numbers has a size of its own;
// the newest may go first; and without waves everybody is told.
func TestWaveFailed(t *testing.T) {
	store, c := &statetest.Memory{}, queueOf(10, bot.Waves{Percent: 100, Interval: time.Hour})
	c.outcome = func(n bot.Notification) bot.Delivery {
		if n.Subscription.ID == "10" { // the first in line
			return bot.Delivery{State: bot.Failed, Reason: bot.DeadAddress}
		}
		return bot.Delivery{State: bot.Accepted}
	}
	c.mustRun(t, store, at(9))
	c.stock["A"] = 2
	if r := c.mustRun(t, store, at(10)); r.Failed != 1 || r.Accepted[bot.Email] != 1 {
		t.Fatalf("%+v", r)
	}
	if r := c.mustRun(t, store, at(10).Add(time.Minute)); r.Accepted[bot.Email] != 1 {
		t.Errorf("the place of the failed one: %d told", r.Accepted[bot.Email])
	}

	store, c = &statetest.Memory{}, queueOf(10, bot.Waves{Percent: 100, Interval: time.Hour, Newest: true})
	c.mustRun(t, store, at(9))
	c.stock["A"] = 1
	if c.mustRun(t, store, at(10)); c.sent["w1@example.com"] != 1 {
		t.Errorf("the newest first: %v", c.sent)
	}

	store, c = &statetest.Memory{}, queueOf(10, bot.Waves{})
	c.mustRun(t, store, at(9))
	c.stock["A"] = 1
	if r := c.mustRun(t, store, at(10)); r.Accepted[bot.Email] != 10 {
		t.Errorf("without waves: %d told", r.Accepted[bot.Email])
	}
}

// TestFlap: twenty changes in ten minutes are one restock, and each is told once.
func TestFlap(t *testing.T) {
	store, c := &statetest.Memory{}, queueOf(8, bot.DefaultWaves())
	c.mustRun(t, store, at(9))
	restocks := 0
	for i := range 20 {
		c.stock["A"] = int64((i + 1) % 2 * 50)
		restocks += c.mustRun(t, store, at(10).Add(time.Duration(i)*30*time.Second)).Restocks
	}
	if restocks != 1 || len(c.sent) != 8 {
		t.Errorf("%d restocks, told: %v", restocks, c.sent)
	}
}

// TestEnough: fewer units than are wanted count as none, for all products or for one.
func TestEnough(t *testing.T) {
	store, c := &statetest.Memory{}, queueOf(3, bot.DefaultWaves())
	c.policy.Enough = bot.Enough{Units: bot.Units(2), SKU: map[string]bot.Quantity{"A": bot.Units(5)}}
	c.mustRun(t, store, at(9))
	c.stock["A"] = 4
	if r := c.mustRun(t, store, at(10)); r.Restocks != 0 || len(c.sent) != 0 {
		t.Errorf("4 of 5: %+v", r)
	}
	c.stock["A"] = 5
	if r := c.mustRun(t, store, at(11)); r.Restocks != 1 || len(c.sent) != 3 {
		t.Errorf("5 of 5: %+v", r)
	}
}

// TestQuiet: nobody is told at night by the clock of where they are, and everybody is in the morning.
func TestQuiet(t *testing.T) {
	sydney, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		t.Fatal(err)
	}
	store, c := &statetest.Memory{}, newCompany(0)
	for i, state := range []string{"NSW", "WA", "", "qld"} {
		fields := map[string]string{"state": state}
		if state == "" {
			fields = map[string]string{"postcode": "5000"}
		}
		c.subs = append(c.subs, bot.Subscription{ID: fmt.Sprint(i), SKU: "A", Email: fmt.Sprintf("q%d@example.com", i), Fields: fields})
	}
	c.policy = bot.Policy{Channels: []bot.Channel{bot.Email}, Life: 24 * time.Hour, Quiet: bot.Quiet{From: 20 * time.Hour, To: 8 * time.Hour, Zone: sydney}}
	night := time.Date(2026, 11, 25, 20, 15, 0, 0, sydney) // in Perth it is 17:15, in Adelaide 19:45, in Brisbane 19:15
	c.mustRun(t, store, night.Add(-time.Hour))
	c.stock["A"] = 50
	if r := c.mustRun(t, store, night); r.Accepted[bot.Email] != 3 || r.Later != 1 || c.sent["q0@example.com"] != 0 {
		t.Errorf("at night: %+v, %v", r, c.sent)
	}
	if r := c.mustRun(t, store, night.Add(11*time.Hour)); r.Accepted[bot.Email] != 0 {
		t.Errorf("at 7:15: %+v", r)
	}
	if r := c.mustRun(t, store, night.Add(12*time.Hour)); r.Accepted[bot.Email] != 1 || c.sent["q0@example.com"] != 1 {
		t.Errorf("in the morning: %+v", r)
	}
}

// TestSuppression: whoever has left is not planned, and is stopped even when the message is on its way to the server.
func TestSuppression(t *testing.T) {
	store, c := &statetest.Memory{}, queueOf(3, bot.Waves{})
	ledger := bot.NewLedger(store, time.Now)
	if err := ledger.Suppress(t.Context(), bot.Suppression{Who: ledger.Person("W1@example.com "), Reason: bot.LeftUs, Source: "link"}); err != nil {
		t.Fatal(err)
	}
	c.mustRun(t, store, at(9))
	c.stock["A"] = 3
	c.before = func(n bot.Notification) *bot.Delivery { // meanwhile the second one leaves
		if err := ledger.Suppress(t.Context(), bot.Suppression{Who: ledger.Person("w2@example.com"), Channel: bot.Email, Reason: bot.LeftUs, Source: "one-click"}); err != nil {
			t.Error(err)
		}
		return nil
	}
	r := c.mustRun(t, store, at(10))
	if r.Suppressed != 2 || r.Accepted[bot.Email] != 1 || c.sent["w3@example.com"] != 1 || len(c.sent) != 1 {
		t.Errorf("%+v, told %v", r, c.sent)
	}
	for n, err := range ledger.All(t.Context()) {
		if err != nil || n.State == bot.Suppressed && n.Reason != bot.LeftUs {
			t.Errorf("%s %s %s, %v", n.Address, n.State, n.Reason, err)
		}
	}
}

// TestResendOnce: where the file wants it so, an ambiguous message is sent once more, once, and not before its time.
func TestResendOnce(t *testing.T) {
	for _, wanted := range []bool{false, true} {
		store, c := &statetest.Memory{}, queueOf(1, bot.Waves{})
		if wanted {
			c.policy.Resend = map[bot.Channel]time.Duration{bot.Email: 6 * time.Hour}
		}
		c.outcome = func(bot.Notification) bot.Delivery { return bot.Delivery{State: bot.Ambiguous, Reason: bot.NoReply} }
		c.mustRun(t, store, at(1))
		c.stock["A"] = 3
		c.mustRun(t, store, at(2))
		for _, hour := range []int{3, 7} {
			if c.mustRun(t, store, at(hour)); c.sent["w1@example.com"] != 1 {
				t.Errorf("wanted %v, at %d: sent %d times", wanted, hour, c.sent["w1@example.com"])
			}
		}
		want := map[bool]int{false: 1, true: 2}[wanted]
		for _, hour := range []int{9, 16, 23} {
			if c.mustRun(t, store, at(hour)); c.sent["w1@example.com"] != want {
				t.Errorf("wanted %v, at %d: sent %d times", wanted, hour, c.sent["w1@example.com"])
			}
		}
	}
}

// TestReminders: one or two, after their time, only while in stock and not bought, and never written into the CRM again.
func TestReminders(t *testing.T) {
	start := func() (*statetest.Memory, *company) {
		store, c := &statetest.Memory{}, queueOf(2, bot.Waves{})
		c.policy.Reminders = []time.Duration{48 * time.Hour, 96 * time.Hour}
		c.mustRun(t, store, at(1))
		c.stock["A"] = 3
		if r := c.mustRun(t, store, at(2)); r.Accepted[bot.Email] != 2 || r.Written != 2 {
			t.Fatalf("%+v", r)
		}
		return store, c
	}
	store, c := start()
	for _, step := range []struct{ hours, sent int }{{20, 0}, {47, 0}, {49, 2}, {60, 0}, {97, 2}, {200, 0}} {
		if r := c.mustRun(t, store, at(2).Add(time.Duration(step.hours)*time.Hour)); r.Accepted[bot.Email] != step.sent || r.Written != 0 || r.Expired != 0 {
			t.Errorf("after %d h: %d reminded, %d written, %d expired", step.hours, r.Accepted[bot.Email], r.Written, r.Expired)
		}
	}

	store, c = start()
	ledger := bot.NewLedger(store, time.Now)
	for n, err := range ledger.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if n.Reminder == 0 && n.Address == "w1@example.com" {
			if err := ledger.Receive(t.Context(), bot.Receipt{Key: n.Key, Kind: bot.Purchased, Detail: "order 7"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if r := c.mustRun(t, store, at(2).Add(49*time.Hour)); r.Accepted[bot.Email] != 1 || c.sent["w1@example.com"] != 1 {
		t.Errorf("one has bought: %d reminded, %v", r.Accepted[bot.Email], c.sent)
	}

	store, c = start()
	c.stock["A"] = 0
	c.mustRun(t, store, at(2).Add(40*time.Hour))
	c.mustRun(t, store, at(2).Add(44*time.Hour))
	c.stock["A"] = 9
	for _, hours := range []int{45, 49, 100} {
		if r := c.mustRun(t, store, at(2).Add(time.Duration(hours)*time.Hour)); r.Accepted[bot.Email] != 0 {
			t.Errorf("sold out meanwhile: %d reminded after %d h", r.Accepted[bot.Email], hours)
		}
	}
}

// TestNotListed: a product that the stock list does not show any more may be gone: who waits is not told, and not forgotten.
func TestNotListed(t *testing.T) {
	store, c := &statetest.Memory{}, queueOf(2, bot.Waves{Percent: 100, Interval: time.Hour})
	c.mustRun(t, store, at(9))
	c.stock["A"] = 1
	c.mustRun(t, store, at(10))
	delete(c.stock, "A")
	if r := c.mustRun(t, store, at(12)); r.Accepted[bot.Email] != 0 || len(c.sent) != 1 {
		t.Errorf("not listed: %v", c.sent)
	}
	c.stock["A"] = 1
	if c.mustRun(t, store, at(13)); len(c.sent) != 2 {
		t.Errorf("listed again: %v", c.sent)
	}
}
