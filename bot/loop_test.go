package bot_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

// company is a pair of sites, a channel and the truth about what they saw.
type company struct {
	shapes   []bot.Shape
	stock    map[string]int64
	subs     []bot.Subscription
	crm      map[string]string // subscription → text; written at most once each
	sent     map[string]int    // address → messages that went out
	failRead error
	failCRM  error
	noWrites bool                                  // lists are there, records are not
	outcome  func(n bot.Notification) bot.Delivery // after the point of no return
	before   func(n bot.Notification) *bot.Delivery
	writes   int

	now       time.Time
	policy    bot.Policy
	stockRead func(*bot.Reading)
	record    func(n bot.Notification) error
}

func newCompany(customers int) *company {
	c := &company{stock: map[string]int64{"A": 0, "B": 4}, crm: map[string]string{}, sent: map[string]int{}}
	for i := range customers {
		c.subs = append(c.subs, bot.Subscription{ID: fmt.Sprint(i), SKU: "A", Email: fmt.Sprintf("c%d@example.com", i)})
	}
	return c
}

func (c *company) Stock(context.Context, string) (bot.Reading, error) {
	r := bot.Reading{Complete: bot.CompleteYes, At: c.now}
	for _, sku := range slices.Sorted(maps.Keys(c.stock)) {
		r.Levels = append(r.Levels, level(sku, c.stock[sku]))
	}
	if c.stockRead != nil {
		c.stockRead(&r)
	}
	return r, c.failRead
}

func (c *company) Subscribers(_ context.Context, _ string, skus []string) (subs []bot.Subscription, waiting int, err error) {
	for _, s := range c.subs {
		if slices.Contains(skus, s.SKU) && c.crm[s.ID] == "" {
			subs = append(subs, s)
		}
	}
	return subs, len(c.subs) - len(c.crm), c.failCRM
}

func (c *company) FollowUp(ctx context.Context, _ string, n bot.Notification, intent func(context.Context) error) (bot.FollowUp, error) {
	if c.failCRM != nil || c.noWrites {
		return bot.FollowUp{}, errors.New("CRM down")
	}
	if c.record != nil {
		if err := c.record(n); err != nil {
			return bot.FollowUp{}, err
		}
	}
	if c.crm[n.Subscription.ID] == n.Key {
		return bot.FollowUp{State: bot.FollowUpWritten}, nil
	}
	if err := intent(ctx); err != nil {
		return bot.FollowUp{}, err
	}
	c.crm[n.Subscription.ID] = n.Key
	c.writes++
	return bot.FollowUp{State: bot.FollowUpWritten}, nil
}

func (c *company) Steps() []bot.Step { return nil }

func (c *company) Witness(_ context.Context, _ string, failure *bot.StepError) error { return failure }

func (c *company) Shapes() []bot.Shape { return c.shapes }
func (c *company) Close() error        { return nil }

func (c *company) Send(ctx context.Context, batch []bot.Notification, desk bot.Desk) {
	bot.Each(ctx, batch, desk, 1, c.send)
}

func (c *company) send(ctx context.Context, n bot.Notification, pending func(context.Context) error) bot.Delivery {
	if c.before != nil {
		if d := c.before(n); d != nil {
			return *d
		}
	}
	if err := pending(ctx); err != nil {
		return bot.Delivery{State: bot.Queued, Stop: true}
	}
	if c.outcome != nil {
		d := c.outcome(n)
		if d.State == bot.Accepted || d.State == bot.Ambiguous {
			c.sent[n.Address]++
		}
		return d
	}
	c.sent[n.Address]++
	return bot.Delivery{State: bot.Accepted, Detail: "250 ok"}
}

func job() bot.Job {
	return bot.Job{Name: "shop", IMS: "ims", CRM: "crm", Policy: bot.Policy{Channels: []bot.Channel{bot.Email}, Life: 24 * time.Hour}}
}

func (c *company) run(t *testing.T, store bot.Store, now time.Time) (bot.Run, error) {
	t.Helper()
	clock := func() time.Time { return now }
	b := &bot.Bot{
		Ledger: bot.NewLedger(store, clock), Sites: c, Senders: map[bot.Channel]bot.Sender{bot.Email: c},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: clock,
	}
	c.now = now
	j := job()
	if c.policy.Life > 0 {
		j.Policy = c.policy
	}
	return b.Do(t.Context(), j, bot.NewRun("shop", "test", now))
}

func (c *company) mustRun(t *testing.T, store bot.Store, now time.Time) bot.Run {
	t.Helper()
	run, err := c.run(t, store, now)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func states(t *testing.T, store bot.Store) map[bot.State]int {
	t.Helper()
	counts := map[bot.State]int{}
	for n, err := range bot.NewLedger(store, time.Now).All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		counts[n.State]++
	}
	return counts
}

// TestRuns: learn, tell, nothing more to do; out and in again is news again.
func TestRuns(t *testing.T) {
	store, c := &statetest.Memory{}, newCompany(5)
	if r := c.mustRun(t, store, at(9)); r.Learned != 2 || len(c.sent) != 0 {
		t.Fatalf("first run: %+v", r)
	}
	c.stock["A"] = 3
	if r := c.mustRun(t, store, at(10)); r.Restocks != 1 || r.Accepted[bot.Email] != 5 || r.Written != 5 {
		t.Fatalf("second run: %+v", r)
	}
	if r := c.mustRun(t, store, at(11)); r.Restocks+r.Accepted[bot.Email]+r.Written != 0 || c.writes != 5 {
		t.Fatalf("third run: %+v", r)
	}
	c.stock["A"] = 0
	c.mustRun(t, store, at(12))
	c.subs = append(c.subs, bot.Subscription{ID: "new", SKU: "A", Email: "new@example.com"})
	c.stock["A"] = 1
	if r := c.mustRun(t, store, at(13)); r.Restocks != 1 || r.Accepted[bot.Email] != 1 {
		t.Fatalf("second restock: %+v", r)
	}
	runs, err := bot.NewLedger(store, time.Now).History(t.Context(), "shop", 10)
	if err != nil || len(runs) != 5 || runs[0].Outcome != bot.Done {
		t.Errorf("history: %+v, %v", runs, err)
	}
}

// TestReadFails: a failed reading changes nothing and tells nobody, but what was sent is still written back.
func TestReadFails(t *testing.T) {
	store, c := &statetest.Memory{}, newCompany(3)
	c.mustRun(t, store, at(9))
	c.stock["A"] = 3
	c.failCRM = errors.New("CRM down")
	if _, err := c.run(t, store, at(10)); err == nil || len(c.sent) != 0 {
		t.Fatalf("sent %v, %v: the subscribers could not be read", c.sent, err)
	}
	c.failCRM = nil
	if r := c.mustRun(t, store, at(10)); r.Restocks != 1 || r.Accepted[bot.Email] != 3 {
		t.Fatalf("the restock was forgotten: %+v", r)
	}

	store, c = &statetest.Memory{}, newCompany(3)
	c.mustRun(t, store, at(9))
	c.stock["A"] = 3
	c.outcome = func(bot.Notification) bot.Delivery {
		c.failCRM = errors.New("CRM down") // from now on
		return bot.Delivery{State: bot.Accepted}
	}
	if r, err := c.run(t, store, at(10)); err == nil || r.NotWritten != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	c.failCRM, c.failRead = nil, errors.New("IMS down")
	if r, err := c.run(t, store, at(11)); err == nil || r.Written != 3 || len(c.sent) != 3 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestOutcomes: what each outcome of a delivery means for the next run.
func TestOutcomes(t *testing.T) {
	for name, c := range map[string]struct {
		d         bot.Delivery
		first     bot.State
		later     bot.State // after a run two hours on
		sentInAll int
	}{
		"accepted":  {bot.Delivery{State: bot.Accepted}, bot.Accepted, bot.Accepted, 1},
		"failed":    {bot.Delivery{State: bot.Failed, Reason: bot.Refused}, bot.Failed, bot.Failed, 0},
		"ambiguous": {bot.Delivery{State: bot.Ambiguous, Reason: bot.NoReply}, bot.Ambiguous, bot.Ambiguous, 1},
		"retry":     {bot.Delivery{State: bot.Retry, Reason: bot.Unreachable}, bot.Retry, bot.Accepted, 1},
	} {
		t.Run(name, func(t *testing.T) {
			store, company := &statetest.Memory{}, newCompany(1)
			company.mustRun(t, store, at(9))
			company.stock["A"] = 3
			company.outcome = func(bot.Notification) bot.Delivery { return c.d }
			company.mustRun(t, store, at(10))
			if got := states(t, store); got[c.first] != 1 {
				t.Fatalf("after the first run: %v", got)
			}
			company.outcome = nil
			company.mustRun(t, store, at(10).Add(time.Minute))
			if got := states(t, store); got[c.first] != 1 {
				t.Errorf("tried again after a minute: %v", got)
			}
			company.mustRun(t, store, at(12))
			if got := states(t, store); got[c.later] != 1 || company.sent["c0@example.com"] != c.sentInAll {
				t.Errorf("in the end: %v, sent %v", got, company.sent)
			}
		})
	}
}

// TestNewsGetsOld: what could not be sent in time, or is sold out again, expires.
func TestNewsGetsOld(t *testing.T) {
	later := func(bot.Notification) *bot.Delivery { return &bot.Delivery{State: bot.Retry, Reason: bot.Unreachable} }
	for name, change := range map[string]func(*company) time.Time{
		"old":      func(*company) time.Time { return at(10).Add(25 * time.Hour) },
		"sold out": func(c *company) time.Time { c.stock["A"] = 0; return at(12) },
	} {
		t.Run(name, func(t *testing.T) {
			store, c := &statetest.Memory{}, newCompany(2)
			c.mustRun(t, store, at(9))
			c.stock["A"], c.before = 3, later
			c.mustRun(t, store, at(10))
			now := change(c)
			c.before = nil
			if r := c.mustRun(t, store, now); r.Expired != 2 || len(c.sent) != 0 {
				t.Errorf("%+v, sent %v", r, c.sent)
			}
		})
	}
}

// TestStop: a fault of ours stops the channel and blames no recipient.
func TestStop(t *testing.T) {
	store, c := &statetest.Memory{}, newCompany(5)
	c.mustRun(t, store, at(9))
	c.stock["A"] = 3
	tried := 0
	c.before = func(bot.Notification) *bot.Delivery {
		tried++
		return &bot.Delivery{State: bot.Retry, Reason: bot.SenderFault, Detail: "535 no", Stop: true}
	}
	r := c.mustRun(t, store, at(10))
	if tried != 1 || r.Retry != 5 || len(r.Warnings) != 1 {
		t.Errorf("tried %d times, %+v", tried, r)
	}
	c.before = nil
	if c.mustRun(t, store, at(11)); len(c.sent) != 5 {
		t.Errorf("sent %v", c.sent)
	}
}

// TestOneAtATime: a job that is running is not started again.
func TestOneAtATime(t *testing.T) {
	store, c := &statetest.Memory{}, newCompany(1)
	c.mustRun(t, store, at(9))
	c.stock["A"] = 1
	c.before = func(bot.Notification) *bot.Delivery {
		_, err := c.run(t, store, at(10))
		if _, locked := errors.AsType[*bot.LockedError](err); !locked {
			t.Errorf("a second run of the job: %v", err)
		}
		return nil
	}
	if c.mustRun(t, store, at(10)); len(c.sent) != 1 {
		t.Errorf("sent %v", c.sent)
	}
}

// TestDryRun: nothing is sent, written or remembered.
func TestDryRun(t *testing.T) {
	store, c := &statetest.Memory{}, newCompany(2)
	c.mustRun(t, store, at(9))
	c.stock["A"] = 1
	clock := func() time.Time { return at(10) }
	planned := 0
	b := &bot.Bot{
		Ledger: bot.NewLedger(store, clock), Sites: c, Senders: map[bot.Channel]bot.Sender{bot.Email: c}, Now: clock, DryRun: true,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Planned: func(_ []bot.Level, plan []bot.Notification) { planned = len(plan) },
	}
	if _, err := b.Do(t.Context(), job(), bot.NewRun("shop", "test", at(10))); err != nil {
		t.Fatal(err)
	}
	if planned != 2 || len(c.sent)+len(c.crm)+len(states(t, store)) != 0 {
		t.Errorf("planned %d, sent %v, written %v, remembered %v", planned, c.sent, c.crm, states(t, store))
	}
	if c.mustRun(t, store, at(11)); len(c.sent) != 2 {
		t.Errorf("the real run after it sent %v", c.sent)
	}
}

// TestDie: the process dies before its n-th write, for every n, and is started again: nobody is lost, nobody is told
// twice, and the one who may have been told is ambiguous.
func TestDie(t *testing.T) {
	const customers = 4
	for n := 1; ; n++ {
		store, c := &statetest.Memory{}, newCompany(customers)
		c.mustRun(t, store, at(9))
		c.stock["A"] = 3
		store.DieAt = n
		_, err := c.run(t, store, at(10))
		if err == nil {
			if n < 20 {
				t.Fatalf("a run has only %d writes", n)
			}
			return
		}
		store.Revive()
		c.mustRun(t, store, at(11))
		c.mustRun(t, store, at(14)) // what was put off is due
		got := states(t, store)
		if got[bot.Accepted]+got[bot.Ambiguous] != customers || got[bot.Ambiguous] > 1 {
			t.Errorf("dying before write %d: %v", n, got)
		}
		for address, times := range c.sent {
			if times != 1 {
				t.Errorf("dying before write %d: %s was told %d times", n, address, times)
			}
		}
		if len(c.sent)+got[bot.Ambiguous] < customers || c.writes != got[bot.Accepted] {
			t.Errorf("dying before write %d: sent %v, %d written, %v", n, c.sent, c.writes, got)
		}
	}
}

// TestUnsettled: who may have been told, or whom the CRM still shows as waiting because the follow-up failed, is not told
// again when the product is sold out and comes back.
func TestUnsettled(t *testing.T) {
	for name, first := range map[string]func(*company){
		"ambiguous": func(c *company) {
			c.outcome = func(bot.Notification) bot.Delivery {
				return bot.Delivery{State: bot.Ambiguous, Reason: bot.NoReply}
			}
		},
		"not written": func(c *company) {
			c.outcome = func(bot.Notification) bot.Delivery {
				c.failCRM = errors.New("CRM down")
				return bot.Delivery{State: bot.Accepted}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, c := &statetest.Memory{}, newCompany(2)
			c.mustRun(t, store, at(9))
			c.stock["A"] = 3
			first(c)
			_, _ = c.run(t, store, at(10))
			for hour, stock := range []int64{0, 5} {
				c.stock["A"], c.outcome = stock, nil
				down := c.failCRM
				c.failCRM = nil
				c.noWrites = down != nil
				_, _ = c.run(t, store, at(11+hour))
				c.failCRM = down
			}
			for address, times := range c.sent {
				if times != 1 {
					t.Errorf("%s was told %d times", address, times)
				}
			}
		})
	}
}

// TestReplanned: a run that was cut off after it had planned does not let a customer who asks once more meanwhile be told
// twice.
func TestReplanned(t *testing.T) {
	one := []bot.Restock{{SKU: "A", Number: 1}}
	policy := bot.Policy{Channels: []bot.Channel{bot.Email}}
	mia := func(id string) bot.Subscription {
		return bot.Subscription{ID: id, SKU: "A", Customer: "Mia", Email: "mia@example.com"}
	}
	before := bot.Plan("job", "run", one, []bot.Subscription{mia("5")}, nil, policy, at(9))
	after := bot.Plan("job", "run", one, []bot.Subscription{mia("3"), mia("5")}, before, policy, at(9))
	if len(after) != 1 || after[0].Reason != bot.AskedTwice || after[0].SameAs != before[0].Key {
		t.Errorf("%+v", after)
	}
}
