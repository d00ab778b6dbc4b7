package bot_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"sync"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

// post is a mail server that several machines send to.
type post struct {
	mu   sync.Mutex
	sent map[string]int // address → messages
	by   map[string]int // machine → messages
	all  int
}

func (p *post) told() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

// van is one machine's sender.
type van struct {
	post    *post
	machine string
	before  func(v *van, n int) // of the machine's n-th message, when it is on record and has not left
	after   func(v *van, n int) // when it has arrived, and nobody here knows
	outcome func(n int) bot.Delivery

	mu    sync.Mutex
	n     int
	stood *stood
}

// stood is the store as a machine sees it that may stand still: nothing of it goes on then.
type stood struct {
	*statetest.Memory
	mu    sync.Mutex
	until time.Time
}

// depot is a run that several machines send for.
type depot struct {
	t     *testing.T
	store *statetest.Memory
	c     *company
	post  *post
	said  []string
	turn  chan bool // of the company
	rest  sync.WaitGroup
}

func newDepot(t *testing.T, customers int) *depot {
	t.Helper()
	d := &depot{t: t, turn: make(chan bool, 1), store: &statetest.Memory{}, c: newCompany(customers), post: &post{sent: map[string]int{}, by: map[string]int{}}}
	if _, err := d.run(t.Context(), &van{post: d.post, machine: "holder"}); err != nil {
		t.Fatal(err)
	}
	d.c.stock["A"] = int64(customers)
	return d
}

// store is the machine's view of the state.
func (v *van) store(d *depot) bot.Store {
	v.stood = &stood{Memory: d.store}
	return v.stood
}

func (v *van) Send(ctx context.Context, batch []bot.Notification, desk bot.Desk) {
	bot.Each(ctx, batch, desk, 2, func(ctx context.Context, n bot.Notification, leave func(context.Context) error) bot.Delivery {
		time.Sleep(20 * time.Millisecond)
		v.mu.Lock()
		v.n++
		number := v.n
		v.mu.Unlock()
		if v.before != nil {
			v.before(v, number)
		}
		if err := leave(ctx); err != nil {
			return bot.Delivery{State: bot.Queued, Stop: true, Detail: err.Error()}
		}
		if v.outcome != nil {
			return v.outcome(number)
		}
		v.post.mu.Lock()
		v.post.sent[n.Address]++
		v.post.by[v.machine]++
		v.post.all++
		v.post.mu.Unlock()
		if v.after != nil {
			v.after(v, number)
		}
		return bot.Delivery{State: bot.Accepted}
	})
}

func (v *van) Close() error { return nil }

// still lets the machine stand still.
func (s *stood) still(d time.Duration) {
	s.mu.Lock()
	s.until = time.Now().Add(d)
	s.mu.Unlock()
	time.Sleep(d)
}

func (s *stood) wait() {
	s.mu.Lock()
	until := s.until
	s.mu.Unlock()
	time.Sleep(time.Until(until))
}

func (s *stood) Get(ctx context.Context, table bot.Table, key string) (bot.Entry, error) {
	s.wait()
	return s.Memory.Get(ctx, table, key)
}

func (s *stood) Scan(ctx context.Context, table bot.Table, prefix string) iter.Seq2[bot.Entry, error] {
	s.wait()
	return s.Memory.Scan(ctx, table, prefix)
}

func (s *stood) Apply(ctx context.Context, writes ...bot.Write) ([]bot.Outcome, error) {
	s.wait()
	return s.Memory.Apply(ctx, writes...)
}

func (d *depot) ledger(store bot.Store) *bot.Ledger {
	l := bot.NewLedger(store, time.Now)
	l.Journals = bot.SharedJournals{Store: store}
	return l
}

func (d *depot) run(ctx context.Context, v *van) (bot.Run, error) {
	b := &bot.Bot{Ledger: d.ledger(v.store(d)), Sites: &counted{company: d.c, turn: d.turn}, Senders: map[bot.Channel]bot.Sender{bot.Email: v}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now, Texts: "1"}
	return b.Do(ctx, job(), bot.NewRun("shop", "test", time.Now()))
}

// courier is another machine, until the context of a machine ends.
func (d *depot) courier(ctx context.Context, v *van, texts string) {
	c := &bot.Courier{
		Ledger: d.ledger(v.store(d)), Name: v.machine, Texts: func() (string, error) { return texts, nil }, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Senders: func() (map[bot.Channel]bot.Sender, error) { return map[bot.Channel]bot.Sender{bot.Email: v}, nil },
		Say: func(format string, args ...any) {
			d.post.mu.Lock()
			defer d.post.mu.Unlock()
			d.said = append(d.said, fmt.Sprintf(format, args...))
		},
	}
	d.rest.Go(func() { c.Run(ctx) })
}

// check compares what arrived with what the ledger says, and returns how many notifications are in each state.
func (d *depot) check() map[bot.State]int {
	d.t.Helper()
	for address, n := range d.post.sent {
		if n > 1 {
			d.t.Errorf("%s was told %d times", address, n)
		}
	}
	states := map[bot.State]int{}
	for n, err := range d.ledger(d.store).All(d.t.Context()) {
		if err != nil {
			d.t.Fatal(err)
		}
		states[n.State]++
		if arrived := d.post.sent[n.Address] > 0; arrived != (n.State == bot.Accepted) && n.State != bot.Ambiguous {
			d.t.Errorf("%s: arrived: %t, the ledger says %s", n.Address, arrived, n.State)
		}
	}
	return states
}

// counted is the company for several machines at once.
type counted struct {
	*company
	turn chan bool // a mutex would keep the clock of a test from going on
}

func (c *counted) Stock(ctx context.Context, site string) (bot.Reading, error) {
	c.turn <- true
	defer func() { <-c.turn }()
	c.now = time.Now()
	return c.company.Stock(ctx, site)
}

func (c *counted) Subscribers(ctx context.Context, site string, skus []string) ([]bot.Subscription, int, error) {
	c.turn <- true
	defer func() { <-c.turn }()
	return c.company.Subscribers(ctx, site, skus)
}

func (c *counted) FollowUp(ctx context.Context, site string, n bot.Notification, intent func(context.Context) error) (bot.FollowUp, error) {
	c.turn <- true
	defer func() { <-c.turn }()
	return c.company.FollowUp(ctx, site, n, intent)
}
