package bot_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

// TestShareCourierStopped: one machine with the role send is stopped (restarted). The run must go on with the others.
func TestShareCourierStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, 1500)
		machines, end := context.WithCancel(t.Context())
		one, stop := context.WithCancel(t.Context())
		d.courier(one, &van{post: d.post, machine: "one"}, "1")
		d.courier(machines, &van{post: d.post, machine: "two"}, "1")
		time.AfterFunc(2*time.Second+5*time.Millisecond, stop)
		run, err := d.run(t.Context(), &van{post: d.post, machine: "holder"})
		if err != nil {
			t.Fatal(err)
		}
		if run.Accepted[bot.Email] != 1500 {
			t.Errorf("accepted %d, retry %d; %q", run.Accepted[bot.Email], run.Retry, run.Warnings)
		}
		d.check()
		end()
		d.rest.Wait()
	})
}

// TestShareNextBatch: once a channel was stopped nothing more of it is sent in this run, also of later batches.
func TestShareNextBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const customers = 8000
		d := newDepot(t, customers)
		machines, end := context.WithCancel(t.Context())
		d.courier(machines, &van{post: d.post, machine: "one"}, "1")
		d.courier(machines, &van{post: d.post, machine: "two"}, "1")
		broken := &van{post: d.post, machine: "holder", outcome: func(n int) bot.Delivery {
			if n > 150 {
				return bot.Delivery{State: bot.Ambiguous, Reason: bot.NoReply}
			}
			return bot.Delivery{State: bot.Accepted}
		}}
		var mu sync.Mutex
		var stopped time.Time
		after := 0
		atStop := 0
		store := &hooked{Memory: d.store}
		store.apply = func(w []bot.Write) error { // parcels made after the stop
			time.Sleep(10 * time.Millisecond) // as servers with disks
			mu.Lock()
			defer mu.Unlock()
			if w[0].Table == bot.Parcels && strings.Contains(string(w[0].Value), `"recall":true`) && stopped.IsZero() {
				stopped, atStop = time.Now(), d.post.told()
			}
			if !stopped.IsZero() && w[0].Table == bot.Parcels && w[0].Rev == 0 {
				after++
			}
			return nil
		}
		if _, err := d.runOn(t.Context(), store, broken); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if after > 0 {
			t.Errorf("%d parcels were offered to other machines after the channel was stopped; they sent %d after it", after, d.post.told()-atStop)
		}
		end()
		d.rest.Wait()
	})
}

// TestShareNextBatchAmbiguous: all relays are broken; how many messages are ambiguous with 4 batches and two couriers?
func TestShareNextBatchAmbiguous(t *testing.T) {
	for _, customers := range []int{2000, 16000} {
		t.Run(fmt.Sprint(customers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDepot(t, customers)
				machines, end := context.WithCancel(t.Context())
				bad := func(int) bot.Delivery {
					time.Sleep(1500 * time.Millisecond)
					return bot.Delivery{State: bot.Ambiguous, Reason: bot.NoReply}
				}
				for i := range 3 {
					d.courier(machines, &van{post: d.post, machine: fmt.Sprint("m", i), outcome: bad}, "1")
				}
				fast := func(int) bot.Delivery { return bot.Delivery{State: bot.Ambiguous, Reason: bot.NoReply} }
				run, err := d.run(t.Context(), &van{post: d.post, machine: "holder", outcome: fast})
				if err != nil {
					t.Fatal(err)
				}
				if run.Ambiguous > 40 {
					t.Errorf("%d ambiguous messages; retry %d", run.Ambiguous, run.Retry)
				}
				end()
				d.rest.Wait()
			})
		})
	}
}

// TestShareFourOfHundred: a relay that answers 4 of 100 messages with nothing is broken; one machine stops after ~125 messages.
func TestShareFourOfHundred(t *testing.T) {
	for couriers := range 4 {
		t.Run(fmt.Sprint(couriers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDepot(t, 2000)
				machines, end := context.WithCancel(t.Context())
				bad := func(v *van) func(n int) bot.Delivery {
					return func(n int) bot.Delivery {
						if n%100 >= 50 && n%100 < 54 {
							return bot.Delivery{State: bot.Ambiguous, Reason: bot.NoReply}
						}
						return bot.Delivery{State: bot.Accepted}
					}
				}
				for i := range couriers {
					d.courier(machines, &van{post: d.post, machine: fmt.Sprint("m", i), outcome: bad(nil)}, "1")
				}
				slow := bad(nil)
				run, err := d.run(t.Context(), &van{post: d.post, machine: "holder", outcome: func(n int) bot.Delivery { time.Sleep(200 * time.Millisecond); return slow(n) }})
				if err != nil {
					t.Fatal(err)
				}
				if run.Ambiguous > 20 {
					t.Errorf("%d ambiguous", run.Ambiguous)
				}
				end()
				d.rest.Wait()
			})
		})
	}
}

// TestShareOtherChannel: ambiguous mails of a courier stop the text messages too.
func TestShareOtherChannel(t *testing.T) {
	for couriers := range 2 {
		t.Run(fmt.Sprint(couriers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &depot{t: t, turn: make(chan bool, 1), store: &statetest.Memory{}, c: newCompany(1000), post: &post{sent: map[string]int{}, by: map[string]int{}}}
				for i := range d.c.subs {
					if i%2 == 0 {
						d.c.subs[i].Email, d.c.subs[i].Phone = "", fmt.Sprintf("+6149157%04d", i)
					}
				}
				j := job()
				j.Policy.Channels = []bot.Channel{bot.Email, bot.SMS}
				mailer := &van{post: d.post, machine: "mail", outcome: func(int) bot.Delivery { return bot.Delivery{State: bot.Ambiguous, Reason: bot.NoReply} }}
				texter := &van{post: d.post, machine: "sms"}
				do := func() (bot.Run, error) {
					b := &bot.Bot{Ledger: d.ledger(d.store), Sites: &counted{company: d.c, turn: d.turn}, Senders: map[bot.Channel]bot.Sender{bot.Email: mailer, bot.SMS: texter}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now}
					if couriers > 0 {
						b.Texts = "1"
					}
					return b.Do(t.Context(), j, bot.NewRun("shop", "test", time.Now()))
				}
				if _, err := do(); err != nil {
					t.Fatal(err)
				}
				d.c.stock["A"] = 1000
				machines, end := context.WithCancel(t.Context())
				if couriers > 0 {
					c := &bot.Courier{
						Ledger: d.ledger(d.store), Name: "one", Texts: func() (string, error) { return "1", nil }, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
						Senders: func() (map[bot.Channel]bot.Sender, error) {
							return map[bot.Channel]bot.Sender{bot.Email: mailer, bot.SMS: texter}, nil
						},
						Say: func(string, ...any) {},
					}
					d.rest.Go(func() { c.Run(machines) })
					time.Sleep(400 * time.Millisecond)
				}
				run, err := do()
				if err != nil {
					t.Fatal(err)
				}
				if run.Accepted[bot.SMS] != 500 {
					t.Errorf("%d text messages of 500", run.Accepted[bot.SMS])
				}
				end()
				d.rest.Wait()
			})
		})
	}
}

// TestShareRefused: a customer leaves between the claim and the sending; the sender calls that a stop, as package sms does with every error of leave.
func TestShareRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, 400)
		var left atomic.Bool
		v := &van{post: d.post, machine: "holder", before: func(v *van, n int) {
			if n == 10 && left.CompareAndSwap(false, true) {
				l := d.ledger(d.store)
				if err := l.Suppress(t.Context(), bot.Suppression{Who: l.Person("c200@example.com"), Channel: bot.Email, Reason: bot.LeftUs}); err != nil {
					t.Error(err)
				}
			}
		}}
		run, err := d.run(t.Context(), v) // no couriers
		if err != nil {
			t.Fatal(err)
		}
		if run.Accepted[bot.Email] != 399 {
			t.Errorf("%d of 399 accepted, suppressed %d, retry %d, warnings %q", run.Accepted[bot.Email], run.Suppressed, run.Retry, run.Warnings)
		}
		d.check()
	})
}

// TestShareRecallOther: text messages are stopped; mail is not, and goes on although parcels are called back.
func TestShareRecallOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &depot{t: t, turn: make(chan bool, 1), store: &statetest.Memory{}, c: newCompany(2000), post: &post{sent: map[string]int{}, by: map[string]int{}}}
		for i := range d.c.subs {
			if i < 100 {
				d.c.subs[i].Email, d.c.subs[i].Phone = "", fmt.Sprintf("+6149157%04d", i)
			}
		}
		j := job()
		j.Policy.Channels = []bot.Channel{bot.Email, bot.SMS}
		slow := func(*van, int) { time.Sleep(300 * time.Millisecond) }
		texter := &van{post: d.post, machine: "sms", outcome: func(int) bot.Delivery {
			return bot.Delivery{State: bot.Retry, Reason: bot.SenderFault, Detail: "401 no", Stop: true}
		}}
		do := func() (bot.Run, error) {
			b := &bot.Bot{Texts: "1", Ledger: d.ledger(d.store), Sites: &counted{company: d.c, turn: d.turn}, Senders: map[bot.Channel]bot.Sender{bot.Email: &van{post: d.post, machine: "holder"}, bot.SMS: texter}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now}
			return b.Do(t.Context(), j, bot.NewRun("shop", "test", time.Now()))
		}
		if _, err := do(); err != nil {
			t.Fatal(err)
		}
		d.c.stock["A"] = 2000
		machines, end := context.WithCancel(t.Context())
		c := &bot.Courier{
			Ledger: d.ledger(d.store), Name: "one", Texts: func() (string, error) { return "1", nil }, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
			Senders: func() (map[bot.Channel]bot.Sender, error) {
				return map[bot.Channel]bot.Sender{bot.Email: &van{post: d.post, machine: "one", before: slow}, bot.SMS: &van{post: d.post, machine: "one"}}, nil
			},
			Say: func(string, ...any) {},
		}
		d.rest.Go(func() { c.Run(machines) })
		time.Sleep(400 * time.Millisecond)
		run, err := do()
		if run.Accepted[bot.Email] != 1900 || err != nil {
			t.Errorf("%d mails of 1900; %q; %v", run.Accepted[bot.Email], run.Warnings, err)
		}
		end()
		d.rest.Wait()
	})
}
