package bot_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

// catalogue is a company with a larger stock, whose readings a test can change one by one.
type catalogue struct {
	*company
	readings []func(*bot.Reading) // changes to the next readings
	reads    int
}

func newCatalogue(products, out, customers int) *catalogue {
	c := &catalogue{company: newCompany(0)}
	c.stock = map[string]int64{}
	for i := range products {
		c.stock[fmt.Sprintf("P%03d", i)] = 7
		if i < out {
			c.stock[fmt.Sprintf("P%03d", i)] = 0
		}
	}
	for i := range customers {
		c.subs = append(c.subs, bot.Subscription{ID: fmt.Sprint(i), SKU: "P000", Email: fmt.Sprintf("c%d@example.com", i)})
	}
	c.company.stockRead = func(r *bot.Reading) {
		c.reads++
		for i := range r.Levels {
			r.Levels[i].Source = fmt.Sprintf("https://ims/%d", i/20)
		}
		if len(c.readings) > 0 {
			c.readings[0](r)
			c.readings = c.readings[1:]
		}
	}
	return c
}

func guarded() bot.Policy {
	p := job().Policy
	p.Guards, p.Limits, p.CoolDown = bot.DefaultGuards(), bot.DefaultLimits(), time.Hour
	return p
}

// TestGuards: an unusual reading is read again; what stays unusual is held, changes nothing, tells nobody, and passes once a
// person has released it.
func TestGuards(t *testing.T) {
	for name, c := range map[string]struct {
		change func(map[string]int64)
		want   string
	}{
		"rows":     {func(s map[string]int64) { drop(s, 40) }, "60 rows"},
		"replaced": {func(s map[string]int64) { rename(s, 40) }, "40 of them are not on the list, and 40 are new"},
		"all out":  {func(s map[string]int64) { set(s, 0, 100, 0) }, "nothing at all in stock"},
		"sold out": {func(s map[string]int64) { set(s, 30, 90, 0) }, "60 of 70 products that were in stock are out"},
		"a page":   {func(s map[string]int64) { set(s, 80, 100, 0) }, "all products of a page are out, 20 of which were in stock: https://ims/4"},
		"restocks": {func(s map[string]int64) { set(s, 0, 28, 5) }, "28 of 100 products are back at once"},
	} {
		t.Run(name, func(t *testing.T) {
			store, co := &statetest.Memory{}, newCatalogue(100, 30, 3)
			co.policy = guarded()
			co.mustRun(t, store, at(9))
			c.change(co.stock)
			before := dump(t, store)
			run, err := co.run(t, store, at(10))
			if run.Outcome != bot.HeldRun || !strings.Contains(fmt.Sprint(err), c.want) || !strings.Contains(fmt.Sprint(err), "restock runs release "+run.ID) {
				t.Fatalf("%s: %v", run.Outcome, err)
			}
			if len(co.sent) != 0 || dump(t, store) != before {
				t.Errorf("something changed: sent %v", co.sent)
			}
			if co.reads != 3 {
				t.Errorf("%d readings: expected a second look", co.reads)
			}
			ledger := bot.NewLedger(store, func() time.Time { return at(10) })
			if _, err := ledger.Release(t.Context(), run.ID, "me"); err != nil {
				t.Fatal(err)
			}
			if _, err := ledger.Release(t.Context(), run.ID, "me"); err == nil {
				t.Error("released twice")
			}
			co.mustRun(t, store, at(11))
			if holds, err := ledger.Holds(t.Context(), "shop"); err != nil || len(holds) != 0 {
				t.Errorf("%v, %v", holds, err)
			}
		})
	}
}

func set(stock map[string]int64, from, to int, n int64) {
	for i := from; i < to; i++ {
		stock[fmt.Sprintf("P%03d", i)] = n
	}
}

func rename(stock map[string]int64, n int) {
	drop(stock, n)
	for i := range n {
		stock[fmt.Sprintf("Q%03d", i)] = 7
	}
}

func drop(stock map[string]int64, n int) {
	for i := range n {
		delete(stock, fmt.Sprintf("P%03d", 99-i))
	}
}

// dump is everything that a wrong reading must not change.
func dump(t *testing.T, store bot.Store) string {
	t.Helper()
	var b strings.Builder
	for _, table := range []bot.Table{bot.Levels, bot.Episodes, bot.Notifications, bot.Work, bot.Contracts} {
		for e, err := range store.Scan(t.Context(), table, "") {
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s/%s@%d\n", table, e.Key, e.Rev)
		}
	}
	return b.String()
}

// TestSecondLook: an unusual reading that a second one does not confirm is not used.
func TestSecondLook(t *testing.T) {
	store, co := &statetest.Memory{}, newCatalogue(100, 30, 0)
	co.policy = guarded()
	co.mustRun(t, store, at(9))
	half := func(r *bot.Reading) { r.Levels = r.Levels[:50] }
	co.readings = append(co.readings, half)
	if run := co.mustRun(t, store, at(10)); run.StockLevels != 100 || len(run.Warnings) != 1 {
		t.Errorf("%+v", run)
	}
	co.readings = append(co.readings, half, func(r *bot.Reading) { r.Levels = r.Levels[:40] })
	before := dump(t, store)
	if _, err := co.run(t, store, at(11)); bot.ClassOf(err) != bot.DataContract || !strings.Contains(err.Error(), "two readings that agree") || dump(t, store) != before {
		t.Errorf("%v", err)
	}
}

// TestConfirm: where every restock is to be confirmed, one that a second reading does not show opens no episode.
func TestConfirm(t *testing.T) {
	store, co := &statetest.Memory{}, newCatalogue(50, 10, 4)
	co.policy = guarded()
	co.policy.Guards.Confirm = true
	co.mustRun(t, store, at(9))
	co.readings = append(co.readings, func(r *bot.Reading) {
		r.Levels[0].Availability = bot.In
		r.Levels[1].Availability = bot.In
	}, func(r *bot.Reading) { r.Levels[1].Availability = bot.In })
	if run := co.mustRun(t, store, at(10)); run.Restocks != 1 || len(co.sent) != 0 || len(run.Warnings) != 1 {
		t.Errorf("%+v, sent %v", run, co.sent)
	}
}

// TestFlapping: out and in again within the cool-down is one episode; who was told is not told again, who asked meanwhile is,
// and a message that waited goes out.
func TestFlapping(t *testing.T) {
	store, co := &statetest.Memory{}, newCatalogue(50, 10, 2)
	co.policy = guarded()
	co.mustRun(t, store, at(9))
	co.stock["P000"] = 3
	co.outcome = func(n bot.Notification) bot.Delivery {
		if n.Subscription.ID == "1" {
			return bot.Delivery{State: bot.Retry, Reason: bot.Unreachable}
		}
		return bot.Delivery{State: bot.Accepted}
	}
	co.mustRun(t, store, at(10))
	co.outcome = nil
	co.crm = map[string]string{} // a CRM in which the request stays on the list
	co.stock["P000"] = 0
	if run := co.mustRun(t, store, at(10).Add(20*time.Minute)); run.SoldOut != 0 || run.Expired != 0 || co.sent["c1@example.com"] != 0 {
		t.Errorf("out for a moment: %+v", run)
	}
	co.subs = append(co.subs, bot.Subscription{ID: "new", SKU: "P000", Email: "new@example.com"})
	co.stock["P000"] = 2
	run := co.mustRun(t, store, at(10).Add(40*time.Minute))
	if run.Restocks != 0 || run.Resumed != 1 || co.sent["c0@example.com"] != 1 || co.sent["c1@example.com"] != 1 || co.sent["new@example.com"] != 1 {
		t.Errorf("back within the cool-down: %+v, sent %v", run, co.sent)
	}
	co.stock["P000"] = 0
	co.mustRun(t, store, at(11))
	if run := co.mustRun(t, store, at(13)); run.SoldOut != 1 {
		t.Errorf("out for long: %+v", run)
	}
	co.stock["P000"] = 9
	if run := co.mustRun(t, store, at(14)); run.Restocks != 1 {
		t.Errorf("back after long: %+v", run)
	}
}

// TestLimits: what is beyond a limit is held and not sent; released, it goes out once.
func TestLimits(t *testing.T) {
	for name, set := range map[string]func(*bot.Limits){
		"run": func(l *bot.Limits) { l.Run = 4 }, "hour": func(l *bot.Limits) { l.Hour = 4 }, "day": func(l *bot.Limits) { l.Day = 4 },
	} {
		t.Run(name, func(t *testing.T) {
			store, co := &statetest.Memory{}, newCatalogue(50, 10, 9)
			co.policy = guarded()
			set(&co.policy.Limits)
			co.mustRun(t, store, at(9))
			co.stock["P000"] = 3
			run, err := co.run(t, store, at(10))
			if run.Outcome != bot.HeldRun || run.Held != 5 || len(co.sent) != 4 || !strings.Contains(fmt.Sprint(err), "4 messages per "+name) || run.Written != 4 {
				t.Fatalf("%+v, sent %d, %v", run, len(co.sent), err)
			}
			if run := co.mustRun(t, store, at(10).Add(time.Minute)); run.Held != 5 || len(co.sent) != 4 {
				t.Errorf("the next run: %+v, sent %d", run, len(co.sent))
			}
			if _, err := bot.NewLedger(store, time.Now).Release(t.Context(), run.ID, "me"); err != nil {
				t.Fatal(err)
			}
			co.mustRun(t, store, at(10).Add(2*time.Minute))
			co.mustRun(t, store, at(10).Add(3*time.Minute))
			for address, n := range co.sent {
				if n != 1 {
					t.Errorf("%s got %d", address, n)
				}
			}
			if len(co.sent) != 9 {
				t.Errorf("%d of 9 were told", len(co.sent))
			}
		})
	}
}

// TestPersonLimit: one address is not flooded, whatever it asked for.
func TestPersonLimit(t *testing.T) {
	store, co := &statetest.Memory{}, newCatalogue(50, 10, 0)
	co.policy = guarded()
	co.policy.Limits.Person = 3
	for i := range 8 {
		co.subs = append(co.subs, bot.Subscription{ID: fmt.Sprint(i), SKU: fmt.Sprintf("P%03d", i), Email: "Busy@example.com"})
	}
	co.mustRun(t, store, at(9))
	set(co.stock, 0, 8, 2)
	if run, err := co.run(t, store, at(10)); run.Held != 5 || co.sent["Busy@example.com"] != 3 {
		t.Errorf("%+v, %v, sent %v", run, err, co.sent)
	}
}

// TestFollowUpAgain: a record that fails is tried once more at the end of the run; three in a row stop it.
func TestFollowUpAgain(t *testing.T) {
	store, co := &statetest.Memory{}, newCatalogue(50, 10, 6)
	co.policy = guarded()
	co.mustRun(t, store, at(9))
	co.stock["P000"] = 3
	var tried []string
	co.record = func(n bot.Notification) error {
		tried = append(tried, n.Subscription.ID)
		if len(tried) == 2 || len(tried) == 4 {
			return &bot.StepError{Class: bot.SiteDown, Found: "nothing"}
		}
		return nil
	}
	run := co.mustRun(t, store, at(10))
	if run.Written != 6 || run.NotWritten != 0 || len(tried) != 8 || tried[6] != tried[1] || tried[7] != tried[3] {
		t.Errorf("%+v, tried %v", run, tried)
	}

	store, co = &statetest.Memory{}, newCatalogue(50, 10, 6)
	co.policy = guarded()
	co.mustRun(t, store, at(9))
	co.stock["P000"] = 3
	n := 0
	co.record = func(bot.Notification) error { n++; return errors.New("no page") }
	if run, err := co.run(t, store, at(10)); err == nil || n != 3 || run.NotWritten != 6 || !strings.Contains(err.Error(), "3 follow-ups in a row failed") {
		t.Errorf("%d tries, %+v, %v", n, run, err)
	}
}

// TestClasses: each class says who acts, what happened and what to do.
func TestClasses(t *testing.T) {
	for _, c := range bot.Classes() {
		if c.For() == "" || !strings.HasSuffix(c.Cause(), ".") || c.Advice() == "" {
			t.Errorf("%s: %q, %q, %q", c, c.For(), c.Cause(), c.Advice())
		}
		e := &bot.StepError{Class: c, Site: "crm", Flow: "stock", Expected: "x", Found: "y", Place: "crm.yaml:3:4"}
		if !strings.HasPrefix(e.Error(), "crm.yaml:3:4: crm › stock: expected x, found y; ") || strings.Contains(e.Error(), "\n") {
			t.Errorf("%s", e)
		}
	}
	if bot.ClassOf(errors.New("x")) != bot.BotBug {
		t.Error("what nobody classified is ours")
	}
}

// TestTwins: without the confirmation, a restock that one reading shows and the next one does not is believed.
func TestTwins(t *testing.T) {
	for confirm, want := range map[bool]int{true: 0, false: 1} {
		store, co := &statetest.Memory{}, newCatalogue(50, 10, 4)
		co.policy = guarded()
		co.policy.Guards.Confirm = confirm
		co.mustRun(t, store, at(9))
		co.readings = append(co.readings, func(r *bot.Reading) { r.Levels[0].Availability = bot.In })
		if run := co.mustRun(t, store, at(10)); run.Restocks != want {
			t.Errorf("confirm %v: %d restocks", confirm, run.Restocks)
		}
	}
}

// TestNobodyWaits: an empty waiting list is held once; released, it is believed from then on.
func TestNobodyWaits(t *testing.T) {
	store, co := &statetest.Memory{}, newCatalogue(50, 10, 20)
	co.policy = guarded()
	co.shapes = []bot.Shape{{Site: "crm", Flow: "subscribers", Whole: true}}
	co.mustRun(t, store, at(9))
	co.subs = nil
	run, err := co.run(t, store, at(10))
	if run.Outcome != bot.HeldRun || !strings.Contains(fmt.Sprint(err), "20 requests that waited") {
		t.Fatalf("%s, %v", run.Outcome, err)
	}
	if _, err := bot.NewLedger(store, func() time.Time { return at(10) }).Release(t.Context(), run.ID, "me"); err != nil {
		t.Fatal(err)
	}
	co.mustRun(t, store, at(11))
	co.mustRun(t, store, at(12))
}

// TestFlappedAway: a request whose message failed is not taken for unsettled after its product was out for a moment.
func TestFlappedAway(t *testing.T) {
	store, co := &statetest.Memory{}, newCatalogue(50, 10, 1)
	co.policy = guarded()
	co.mustRun(t, store, at(9))
	co.stock["P000"] = 3
	co.outcome = func(bot.Notification) bot.Delivery { return bot.Delivery{State: bot.Failed, Reason: bot.Refused} }
	co.mustRun(t, store, at(10))
	co.outcome = nil
	for i, n := range []int64{0, 2, 0, 0} { // a moment, then for good
		co.stock["P000"] = n
		co.mustRun(t, store, at(10).Add([]time.Duration{10, 20, 30, 150}[i]*time.Minute))
	}
	co.stock["P000"] = 9
	if run := co.mustRun(t, store, at(23)); run.Restocks != 1 || run.Accepted[bot.Email] != 1 || run.Suppressed != 0 {
		t.Errorf("%+v", run)
	}
}

// TestEmptySmallList: a small shop's list that is empty all of a sudden is held too.
func TestEmptySmallList(t *testing.T) {
	store, co := &statetest.Memory{}, newCatalogue(5, 0, 0)
	co.policy = guarded()
	co.mustRun(t, store, at(9))
	empty := func(r *bot.Reading) { r.Levels, r.AbsentIsOut = nil, true }
	co.readings = append(co.readings, empty, empty)
	if run, err := co.run(t, store, at(10)); run.Outcome != bot.HeldRun || !strings.Contains(fmt.Sprint(err), "nothing at all in stock") {
		t.Errorf("%s, %v", run.Outcome, err)
	}
}

// TestReleaseIsForOne: a release lets one reading pass, and not another one later in the day.
func TestReleaseIsForOne(t *testing.T) {
	store, co := &statetest.Memory{}, newCatalogue(100, 30, 0)
	co.policy = guarded()
	co.mustRun(t, store, at(9))
	ledger := bot.NewLedger(store, func() time.Time { return at(11) })
	drop(co.stock, 40)
	for _, hour := range []int{10, 11} { // held twice, and both released
		run, err := co.run(t, store, at(hour))
		if run.Outcome != bot.HeldRun {
			t.Fatal(run.Outcome, err)
		}
		if _, err := ledger.Release(t.Context(), run.ID, "me"); err != nil && hour == 10 {
			t.Fatal(err)
		}
		if hour == 10 {
			drop(co.stock, 60)
			set(co.stock, 0, 60, 7)
			set(co.stock, 0, 30, 0)
			drop(co.stock, 46) // more than what was released
		}
	}
	co.mustRun(t, store, at(12))
	for i := range 30 {
		delete(co.stock, fmt.Sprintf("P%03d", 59-i))
	}
	if run, err := co.run(t, store, at(13)); run.Outcome != bot.HeldRun {
		t.Errorf("another reading passed by an old release: %s, %v", run.Outcome, err)
	}
}
