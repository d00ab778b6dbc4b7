package bot_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

// divided is a company whose waiting list is read product by product, by several workers.
type divided struct {
	*counted
	part func()
}

func (d *divided) Undivided(string) string { return "short" }

func (d *divided) StockPages(context.Context, string) (bot.Pages, error)           { return bot.Pages{}, nil }
func (d *divided) Merged(string, bot.Shape, string)                                {}
func (d *divided) BySKU(string) bool                                               { return true }
func (d *divided) MergedSubscribers(string, bot.Shape, []bot.Subscription, string) {}
func (d *divided) StockPart(context.Context, string, bot.Pages, int, int) (bot.Part, error) {
	return bot.Part{}, nil
}

func (d *divided) SubscribersPart(ctx context.Context, site string, skus []string) (p bot.Part, err error) {
	if d.part != nil {
		d.part()
	}
	p.Subs, p.Waiting, err = d.Subscribers(ctx, site, skus)
	return p, err
}

// TestWhoLost: a run stands still while it reads who waits; the next run drops its shards. The former goes on, finds no shard left, and
// takes that for "all were read, and nobody waits".
func TestWhoLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &depot{t: t, turn: make(chan bool, 1), store: &statetest.Memory{}, c: newCompany(0), post: &post{sent: map[string]int{}, by: map[string]int{}}}
		for i := range 12 {
			sku := fmt.Sprintf("S%02d", i)
			d.c.stock[sku] = 0
			d.c.subs = append(d.c.subs, bot.Subscription{ID: fmt.Sprint(i), SKU: sku, Email: fmt.Sprintf("c%d@example.com", i)})
		}
		j := job()
		j.Workers, j.Policy.Guards.Off = 2, true // or: 12 of 200 products
		do := func(store bot.Store, part func()) (bot.Run, error) {
			b := &bot.Bot{
				Ledger: d.ledger(store), Sites: &divided{&counted{company: d.c, turn: d.turn}, part}, Senders: map[bot.Channel]bot.Sender{bot.Email: &van{post: d.post, machine: "m"}},
				Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
			}
			return b.Do(t.Context(), j, bot.NewRun("shop", "test", time.Now()))
		}
		if _, err := do(d.store, nil); err != nil {
			t.Fatal(err)
		}
		for sku := range d.c.stock {
			d.c.stock[sku] = 5
		}
		wake, ended := make(chan struct{}), make(chan struct{})
		var frozen atomic.Bool
		first := &hooked{Memory: d.store}
		first.apply = func(w []bot.Write) error {
			if w[0].Table == bot.Leases && w[0].Rev != 0 && frozen.Load() {
				<-ended // its lease is lost, and it is told a moment later
			}
			return nil
		}
		var once atomic.Bool
		d.rest.Go(func() {
			run, err := do(first, func() {
				if once.CompareAndSwap(false, true) {
					frozen.Store(true)
					<-wake
				}
			})
			if err == nil {
				t.Errorf("the run whose shards were gone is %s", run.Outcome)
			}
		})
		time.Sleep(2 * time.Minute)
		next := &hooked{Memory: d.store}
		var woken atomic.Bool
		next.scan = func(table bot.Table, _ string) error {
			if table == bot.Work && woken.CompareAndSwap(false, true) { // it recovers, and has dropped the shards
				close(wake)
				time.Sleep(2 * time.Second)
				close(ended)
			}
			return nil
		}
		run, err := do(next, nil)
		if err != nil {
			t.Errorf("the next run is %s: %v", run.Outcome, err)
		}
		d.rest.Wait()
		for range 3 {
			time.Sleep(time.Hour)
			if run, err = do(d.store, nil); err != nil {
				t.Fatal(err)
			}
		}
		if d.post.told() != 12 {
			t.Errorf("%d of 12 customers were told", d.post.told())
		}
	})
}
