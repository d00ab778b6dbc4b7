package bot_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/state/journal"
	"restock/state/statetest"
)

// TestComesBack: somebody who was forgotten and asks again is a new person; what was kept before stays closed and harms nothing.
func TestComesBack(t *testing.T) {
	l, _ := vaulted(t)
	n := bot.Notification{Key: "old", Job: "shop", State: bot.Ambiguous, Channel: bot.Email, Address: "bob@example.com", Subscription: bot.Subscription{ID: "1", Email: "bob@example.com"}}
	if err := l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Erase(t.Context(), "bob@example.com"); err != nil {
		t.Fatal(err)
	}
	n.Key = "new"
	if err := l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n}); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"old": "", "new": "bob@example.com"} {
		if n, _, err := l.Find(t.Context(), key); err != nil || n.Address != want {
			t.Errorf("%s: %q, %v", key, n.Address, err)
		}
	}
	if err := l.Receive(t.Context(), bot.Receipt{Key: "old", Kind: bot.Delivered}); err != nil {
		t.Errorf("a receipt for it: %v", err)
	}
}

// TestBelongs: another secret than the state's own is noticed at once, and an old record in plain text is sealed.
func TestBelongs(t *testing.T) {
	l, store := vaulted(t)
	plain := `{"key":"old","job":"shop","state":"accepted","address":"amy@example.com","subscription":{"id":"9","sku":"A","email":"amy@example.com","consent":"given"}}`
	if _, err := store.Apply(t.Context(), bot.Write{Table: bot.Notifications, Key: "old", Value: []byte(plain)}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.Belongs(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := l.SealAll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if e, err := store.Get(t.Context(), bot.Notifications, "old"); err != nil || strings.Contains(string(e.Value), "amy") {
		t.Errorf("%s, %v", e.Value, err)
	}
	other := bot.NewLedger(store, time.Now)
	other.Vault, _ = bot.NewVault([]byte("a new key that was made by itself"))
	if err := other.Belongs(t.Context()); err == nil || !strings.Contains(err.Error(), "STATE_KEY") {
		t.Errorf("another secret: %v", err)
	}
}

// TestAskedTwiceLater: a second request of somebody who waits, for whatever reason, is told by the first one's message.
func TestAskedTwiceLater(t *testing.T) {
	store, c := &statetest.Memory{}, queueOf(3, bot.Waves{Percent: 100, Interval: time.Hour})
	c.policy.CoolDown = time.Hour
	c.mustRun(t, store, at(9))
	c.stock["A"] = 1
	c.mustRun(t, store, at(10)) // one is told, two wait
	c.stock["A"] = 0
	c.mustRun(t, store, at(10).Add(10*time.Minute))
	c.stock["A"] = 100
	for i, s := range c.subs[:3] {
		s.ID = fmt.Sprint(100 + i)
		c.subs = append(c.subs, s)
	}
	c.mustRun(t, store, at(10).Add(20*time.Minute))
	for address, n := range c.sent {
		if n != 1 {
			t.Errorf("%s was told %d times", address, n)
		}
	}
}

// frozen is a sender that stands still after its messages were put on record.
type frozen struct {
	c      *company
	freeze func()
}

func (s *frozen) Close() error { return nil }

func (s *frozen) Send(ctx context.Context, batch []bot.Notification, desk bot.Desk) {
	allowed, err := desk.Pending(ctx, batch)
	if s.freeze != nil {
		s.freeze()
	}
	for _, n := range batch {
		switch {
		case err != nil, ctx.Err() != nil, len(allowed) == 0:
			desk.Done(n, bot.Delivery{State: bot.Queued})
		case desk.Leave(n) != nil:
			desk.Done(n, bot.Delivery{State: bot.Queued, Stop: true})
		default:
			s.c.sent[n.Address]++
			desk.Done(n, bot.Delivery{State: bot.Accepted})
		}
	}
}

// TestFrozen: a run that stands still until its lease has ended, and then goes on, tells nobody whom the next run has told. Where the
// journals are files, its messages are ambiguous: nobody can tell that it will not go on. Where they are shared, the next run takes
// them, and tells everybody.
func TestFrozen(t *testing.T) {
	for name, ambiguous := range map[string]int{"files": 3, "shared": 0} {
		t.Run(name, func(t *testing.T) { testFrozen(t, name == "shared", ambiguous) })
	}
}

func testFrozen(t *testing.T, shared bool, ambiguous int) {
	store, c := &statetest.Memory{}, newCompany(3)
	var journals bot.Journals = journal.Journals{Folder: t.TempDir(), Boot: "b"}
	if shared {
		journals = bot.SharedJournals{Store: store, Own: journals}
	}
	run := func(s *frozen, now time.Time) (bot.Run, error) {
		clock := func() time.Time { return now }
		l := bot.NewLedger(store, clock)
		l.Journals, c.now = journals, now
		b := &bot.Bot{Ledger: l, Sites: c, Senders: map[bot.Channel]bot.Sender{bot.Email: s}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: clock}
		return b.Do(t.Context(), job(), bot.NewRun("shop", "test", now))
	}
	a := &frozen{c: c}
	if _, err := run(a, at(9)); err != nil {
		t.Fatal(err)
	}
	c.stock["A"] = 3
	a.freeze = func() {
		store.Revive() // the lease has ended
		if r, err := run(&frozen{c: c}, at(11)); err != nil || r.Ambiguous != ambiguous {
			t.Errorf("the next run: %+v, %v", r.Counts, err)
		}
	}
	_, _ = run(a, at(10)) // it finds that its lease is lost
	for address, n := range c.sent {
		if n != 1 {
			t.Errorf("%s was told %d times", address, n)
		}
	}
	if told := len(c.sent); told != 3 && told+ambiguous != 3 {
		t.Errorf("%d were told, %d are ambiguous", told, ambiguous)
	}
}

// TestOutage: a day without a mail server does not end in a flood.
func TestOutage(t *testing.T) {
	store, c := &statetest.Memory{}, queueOf(500, bot.Waves{Percent: 200, Interval: time.Hour})
	c.mustRun(t, store, at(0))
	c.stock["A"] = 3
	c.before = func(bot.Notification) *bot.Delivery { return &bot.Delivery{State: bot.Queued} }
	for h := 1; h <= 20; h++ {
		c.mustRun(t, store, at(0).Add(time.Duration(h)*61*time.Minute))
	}
	c.before = nil
	if r := c.mustRun(t, store, at(0).Add(21*61*time.Minute)); r.Accepted[bot.Email] != 6 {
		t.Errorf("3 units, 2 each: %d told at once", r.Accepted[bot.Email])
	}
}

// TestLeaveAll: "no more in any way" holds for every address of the customer that the CRM has.
func TestLeaveAll(t *testing.T) {
	store, c := &statetest.Memory{}, newCompany(0)
	c.subs = []bot.Subscription{{ID: "1", SKU: "A", Email: "bob@example.com", Phone: "+61 491 570 006", Wants: []bot.Channel{bot.Email}}}
	l := bot.NewLedger(store, time.Now)
	if err := l.Suppress(t.Context(), bot.Suppression{Who: l.Person("+61491570006"), Reason: bot.LeftUs, Source: "link"}); err != nil {
		t.Fatal(err)
	}
	c.mustRun(t, store, at(9))
	c.stock["A"] = 3
	if r := c.mustRun(t, store, at(10)); len(c.sent) != 0 || r.Suppressed != 1 {
		t.Errorf("told %v, %d suppressed", c.sent, r.Suppressed)
	}
}

// TestFastCallback: a gateway's report that comes before our own record of the reply changes nothing and stops nothing.
func TestFastCallback(t *testing.T) {
	store, c := &statetest.Memory{}, newCompany(3)
	c.mustRun(t, store, at(9))
	c.stock["A"] = 3
	c.outcome = func(n bot.Notification) bot.Delivery {
		if err := bot.NewLedger(store, time.Now).Receive(context.Background(), bot.Receipt{Key: n.Key, Kind: bot.Delivered, Detail: "sent"}); err != nil {
			t.Error(err)
		}
		return bot.Delivery{State: bot.Accepted}
	}
	if r := c.mustRun(t, store, at(10)); r.Accepted[bot.Email] != 3 || states(t, store)[bot.Accepted] != 3 {
		t.Errorf("%+v, %v", r.Counts, states(t, store))
	}
}

// TestReceipts: what each kind of receipt makes of a message in each state.
func TestReceipts(t *testing.T) {
	for _, c := range []struct {
		from bot.State
		kind bot.ReceiptKind
		to   bot.State
	}{
		{bot.Ambiguous, bot.Delivered, bot.Accepted},
		{bot.Ambiguous, bot.Delayed, bot.Accepted},
		{bot.Ambiguous, bot.HardBounce, bot.Bounced},
		{bot.Ambiguous, bot.SoftBounce, bot.Bounced},
		{bot.Ambiguous, bot.Purchased, bot.Accepted},
		{bot.Accepted, bot.HardBounce, bot.Bounced},
		{bot.Accepted, bot.SoftBounce, bot.Bounced},
		{bot.Accepted, bot.Delayed, bot.Accepted},
		{bot.Accepted, bot.Complaint, bot.Accepted},
		{bot.Queued, bot.Delivered, bot.Queued}, // never attempted: whatever it is about, it is not this
		{bot.Failed, bot.Delivered, bot.Failed},
	} {
		l := bot.NewLedger(&statetest.Memory{}, time.Now)
		n := bot.Notification{Key: "k", Job: "shop", Channel: bot.Email, State: c.from, Address: "bob@example.com"}
		if err := l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := l.Receive(t.Context(), bot.Receipt{Key: "k", Kind: c.kind, Detail: "words"}); err != nil {
				t.Error(err)
			}
		}
		if got, _, err := l.Find(t.Context(), "k"); err != nil || got.State != c.to {
			t.Errorf("%s, %s: %s, expected %s, %v", c.from, c.kind, got.State, c.to, err)
		}
	}
}

// TestOldEpisode: who waits in an earlier restock is told when there is stock again, however the restocks are counted.
func TestOldEpisode(t *testing.T) {
	store, c := &statetest.Memory{}, queueOf(3, bot.Waves{Percent: 100, Interval: time.Hour})
	c.policy.CoolDown = 50 * time.Minute
	c.mustRun(t, store, at(9))
	for hour, quantity := range []int64{1, 0, 1, 0} {
		c.stock["A"] = quantity
		c.mustRun(t, store, at(10).Add(time.Duration(hour)*time.Hour))
	}
	c.stock["A"] = 100
	c.mustRun(t, store, at(13).Add(30*time.Minute))
	if len(c.sent) != 3 {
		t.Errorf("told: %v, %v", c.sent, states(t, store))
	}
	for address, n := range c.sent {
		if n != 1 {
			t.Errorf("%s was told %d times", address, n)
		}
	}
}

// TestHoldDies: wherever a run dies that holds messages back, they can be released.
func TestHoldDies(t *testing.T) {
	for die := 1; die < 60; die++ {
		store, c := &statetest.Memory{}, newCompany(2)
		c.policy = bot.Policy{Channels: []bot.Channel{bot.Email}, Life: 24 * time.Hour, Limits: bot.Limits{Run: 1}}
		c.mustRun(t, store, at(9))
		c.stock["A"] = 3
		store.DieAt = die
		r, err := c.run(t, store, at(10))
		if err == nil || bot.ClassOf(err) == bot.HeldClass {
			return
		}
		store.Revive()
		held := states(t, store)[bot.Held]
		l := bot.NewLedger(store, func() time.Time { return at(11) })
		if held > 0 {
			if _, err := l.Release(t.Context(), r.ID, "x"); err != nil {
				t.Errorf("died at write %d: %d held, and no way to release them: %v", die, held, err)
			}
		}
	}
}

// TestCleanCut: an address at the place where a text is cut is hidden too.
func TestCleanCut(t *testing.T) {
	for pad := 270; pad < 300; pad++ {
		if got := bot.Clean(strings.Repeat("x", pad) + " <bob.smith@example.com> unknown"); strings.Contains(got, "bob") {
			t.Errorf("%d: %s", pad, got[pad:])
		}
	}
}
