package jetstream_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"restock/bot"
	"restock/state/natstest"
)

// counter is a mail server: it takes two messages of each machine at a time, and 20 ms for each.
type counter struct {
	mu   sync.Mutex
	sent map[string]int // address → messages
	all  int
}

func (c *counter) Close() error { return nil }

func (c *counter) Send(ctx context.Context, batch []bot.Notification, desk bot.Desk) {
	bot.Each(ctx, batch, desk, 2, func(ctx context.Context, n bot.Notification, leave func(context.Context) error) bot.Delivery {
		if err := leave(ctx); err != nil {
			return bot.Delivery{State: bot.Queued, Stop: true, Detail: err.Error()}
		}
		time.Sleep(20 * time.Millisecond) // real servers
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sent[n.Address]++
		c.all++
		return bot.Delivery{State: bot.Accepted}
	})
}

func (c *counter) told() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all
}

// share sends so many messages by so many machines.
func share(t testing.TB, c *natstest.Cluster, name string, messages, machines int, mail *counter, during func()) (bot.Run, time.Duration) {
	t.Helper()
	machine := func() *bot.Ledger {
		s := again(t, c, name)
		l := bot.NewLedger(s, time.Now)
		l.Journals = bot.SharedJournals{Store: s}
		return l
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	senders := map[bot.Channel]bot.Sender{bot.Email: mail}
	first := machine()
	var plan []bot.Notification
	for i := range messages {
		plan = append(plan, bot.Notification{
			Key: fmt.Sprintf("%s-%06d", name, i), Job: name, State: bot.Queued, Channel: bot.Email, Address: fmt.Sprintf("c%d@example.com", i),
			NotAfter: time.Now().Add(time.Hour), Restock: bot.Restock{Job: name, SKU: "A", Number: 1}, Subscription: bot.Subscription{ID: fmt.Sprint(i), SKU: "A"},
		})
	}
	if err := first.Commit(t.Context(), bot.Comparison{}, plan); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var others sync.WaitGroup
	for i := range machines - 1 {
		courier := &bot.Courier{
			Ledger: machine(), Name: fmt.Sprint("machine ", i+2), Texts: func() (string, error) { return "1", nil }, Now: time.Now, Log: quiet, Say: t.Logf,
			Senders: func() (map[bot.Channel]bot.Sender, error) { return senders, nil },
		}
		others.Go(func() { courier.Run(ctx) })
	}
	b := &bot.Bot{Ledger: first, Senders: senders, Log: quiet, Now: time.Now, Texts: "1"}
	run := bot.NewRun(name, "test", time.Now())
	level := bot.Level{StockLevel: bot.StockLevel{SKU: "A", Availability: bot.In}, Episode: 1, Open: true}
	if during != nil {
		others.Go(during)
	}
	began := time.Now()
	if err := b.Deliver(ctx, bot.Job{Name: name}, &run, []bot.Level{level}); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	stop()
	others.Wait()
	return run, took
}

// TestShareLeaderLost: the server that leads is lost while three machines send what one run has to send. Nobody is told twice.
func TestShareLeaderLost(t *testing.T) {
	c := natstest.Start(t, 3, false)
	open(t, c, "share")
	mail := &counter{sent: map[string]int{}}
	run, took := share(t, c, "share", 1500, 3, mail, func() {
		for mail.told() < 500 {
			time.Sleep(10 * time.Millisecond) // real servers
		}
		if at := c.Leader("share"); at >= 0 {
			c.Down(at)
			time.Sleep(500 * time.Millisecond) // a server is away for a while
			c.Up(at)
		}
	})
	if run.Accepted[bot.Email] != 1500 || run.Ambiguous+run.Retry+run.Failed > 0 || len(mail.sent) != 1500 || mail.told() != 1500 {
		t.Errorf("%+v; %d messages to %d addresses", run.Counts, mail.told(), len(mail.sent))
	}
	t.Logf("1500 messages by three machines in %s", took.Round(time.Millisecond))
}

// BenchmarkShare: what one run has to send, by 1, 2 and 4 machines, each with two connections to a server that takes 20 ms for a message.
func BenchmarkShare(b *testing.B) {
	c := natstest.Start(b, 3, false)
	open(b, c, "warm")
	const messages = 1000
	for i := 0; b.Loop(); i++ {
		var alone time.Duration
		for _, machines := range []int{1, 2, 4} {
			name := fmt.Sprintf("share%d-%d", i, machines)
			open(b, c, name)
			run, took := share(b, c, name, messages, machines, &counter{sent: map[string]int{}}, nil)
			if run.Accepted[bot.Email] != messages {
				b.Fatalf("%+v", run.Counts)
			}
			if machines == 1 {
				alone = took
			}
			b.ReportMetric(messages/took.Seconds(), fmt.Sprintf("messages/s-by-%d", machines))
			b.ReportMetric(alone.Seconds()/took.Seconds(), fmt.Sprintf("x-by-%d", machines))
		}
	}
}
