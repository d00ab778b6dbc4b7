package bot_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

// TestShareSweep: a machine of a dead run goes on while the next run recovers: after it has looked at the message, and before it moves it.
// The message leaves, the machine dies. The next run sweeps the journal of the dead run although a message of it is on its way.
func TestShareSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, 1)
		wake := make(chan struct{}) // the first machine goes on
		gone := make(chan struct{}) // its message has left
		never := make(chan struct{})
		dead := &hooked{Memory: d.store}
		first := &van{
			post: d.post, machine: "first",
			before: func(*van, int) { <-wake },
			after:  func(*van, int) { close(gone); <-never },
		}
		// while it stands still, nothing of it goes on
		var frozen atomic.Bool
		var once sync.Once
		dead.apply = func(w []bot.Write) error {
			if len(w) > 0 && frozen.Load() && w[0].Table == bot.Leases {
				<-gone
			}
			return nil
		}
		d.rest.Go(func() { _, _ = d.runOn(context.WithoutCancel(t.Context()), dead, first) })
		time.Sleep(5 * time.Second)
		frozen.Store(true)
		time.Sleep(2 * time.Minute) // its lease is over
		next := &hooked{Memory: d.store}
		next.apply = func(w []bot.Write) error {
			if w[0].Table == bot.Notifications && strings.Contains(string(w[0].Value), "interrupted") {
				once.Do(func() { close(wake); <-gone })
			}
			return nil
		}
		if _, err := d.runOn(t.Context(), next, &van{post: d.post, machine: "second"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if _, err := d.runOn(t.Context(), d.store, &van{post: d.post, machine: "third"}); err != nil {
			t.Fatal(err)
		}
		d.check()
		close(never)
		d.rest.Wait()
	})
}

// TestShareZombie: a courier stands still between taking a parcel and reading its messages; meanwhile they were taken back and claimed again.
func TestShareZombie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, 150)
		machines, end := context.WithCancel(t.Context())
		wake := make(chan struct{})
		store := &hooked{Memory: d.store}
		var taken, waited, woken atomic.Bool
		store.done = func(w []bot.Write) error {
			if w[0].Table == bot.Parcels {
				taken.Store(true)
			}
			return nil
		}
		store.apply = func(w []bot.Write) error {
			if taken.Load() && w[0].Table == bot.Parcels {
				<-wake
				time.Sleep(80 * time.Millisecond) // the answer takes its time
			}
			return nil
		}
		store.get = func(table bot.Table, key string) error {
			if taken.Load() && table == bot.Notifications && waited.CompareAndSwap(false, true) {
				<-wake
			}
			return nil
		}
		d.courierOn(machines, store, &van{post: d.post, machine: "one"}, "one")
		time.Sleep(400 * time.Millisecond)
		holder := &van{post: d.post, machine: "holder", before: func(*van, int) { time.Sleep(time.Millisecond) }}
		hold := &hooked{Memory: d.store}
		hold.done = func(w []bot.Write) error { // claimed again
			if w[0].Table == bot.Notifications && strings.Count(string(w[0].Value), "claimed") >= 3 && woken.CompareAndSwap(false, true) {
				close(wake)
			}
			return nil
		}
		run, err := d.runOn(t.Context(), hold, holder)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		states := d.check()
		if !waited.Load() || !woken.Load() {
			t.Error("the courier did not stand still, or did not go on")
		}
		if run.Accepted[bot.Email] != states[bot.Accepted] {
			t.Errorf("the run says %d accepted, the ledger %d", run.Accepted[bot.Email], states[bot.Accepted])
		}
		end()
		d.rest.Wait()
	})
}

// TestShareSealVanished: between the two calls of seal the attempt's entry is gone: its machine has ended its parcel.
func TestShareSealVanished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, 1)
		wake, gone := make(chan struct{}), make(chan struct{})
		dead := &hooked{Memory: d.store}
		var frozen atomic.Bool
		dead.apply = func(w []bot.Write) error {
			if len(w) > 0 && frozen.Load() && w[0].Table == bot.Leases {
				<-gone
			}
			if len(w) > 0 && w[0].Table == bot.Left && w[0].Rev == 0 {
				<-wake // has recorded dot-pending, and stands still
			}
			return nil
		}
		first := &van{post: d.post, machine: "first", after: func(*van, int) { close(gone) }}
		d.rest.Go(func() { _, _ = d.runOn(context.WithoutCancel(t.Context()), dead, first) })
		time.Sleep(5 * time.Second)
		frozen.Store(true)
		time.Sleep(time.Minute)
		next := &hooked{Memory: d.store}
		next.apply = func(w []bot.Write) error {
			if len(w) > 0 && w[0].Table == bot.Left && w[0].TTL > 0 { // before it seals
				close(wake)
				<-gone
			}
			return nil
		}
		next.get = func(table bot.Table, key string) error {
			if table == bot.Left { // the other one ends
				time.Sleep(time.Minute)
			}
			return nil
		}
		run, err := d.runOn(t.Context(), next, &van{post: d.post, machine: "second"})
		if err != nil {
			t.Errorf("%s: %v", run.Outcome, err)
		}
		d.check()
		d.rest.Wait()
	})
}

// TestShareHolderError: the machine that has the run cannot go on: the others end too, and nothing is left lying.
func TestShareHolderError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, 2000)
		machines, end := context.WithCancel(t.Context())
		for _, name := range []string{"one", "two"} {
			d.courier(machines, &van{post: d.post, machine: name}, "1")
		}
		hold := d.failsAt(3)
		run, err := d.runOn(t.Context(), hold, &van{post: d.post, machine: "holder"})
		if err == nil {
			t.Fatal("no error")
		}
		atEnd := d.post.told()
		time.Sleep(10 * time.Minute)
		left := 0
		for range d.store.Scan(t.Context(), bot.Parcels, "") {
			left++
		}
		if more := d.post.told() - atEnd; more > 250 || left > 2 { // what was at work is reported to the next run
			t.Errorf("run %s ended (%v): %d more were sent after its end; %d parcels are left in the store", run.Outcome, err, more, left)
		}
		if _, err := d.run(t.Context(), &van{post: d.post, machine: "next"}); err != nil {
			t.Fatal(err)
		}
		if states := d.check(); states[bot.Accepted] != 2000 {
			t.Errorf("%v", states)
		}
		for entry := range d.store.Scan(t.Context(), bot.Parcels, "") {
			t.Errorf("parcel %s is left", entry.Key)
		}
		end()
		d.rest.Wait()
	})
}

// TestShareBrokenRecord: a courier cannot write down what became of its messages; its report says so, and is taken as settled.
func TestShareBrokenRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, 300)
		machines, end := context.WithCancel(t.Context())
		store := &hooked{Memory: d.store}
		var until atomic.Int64
		store.apply = func(w []bot.Write) error {
			if time.Now().UnixNano() < until.Load() && w[0].Table == bot.Notifications {
				return errors.New("no answer within 30s")
			}
			return nil
		}
		v := &van{post: d.post, machine: "one", after: func(v *van, n int) {
			if n == 100 {
				until.Store(time.Now().Add(200 * time.Millisecond).UnixNano())
			}
		}}
		d.courierOn(machines, store, v, "one")
		time.Sleep(400 * time.Millisecond)
		run, err := d.run(t.Context(), &van{post: d.post, machine: "holder"})
		time.Sleep(time.Minute)
		states := map[bot.State]int{}
		for n, err := range d.ledger(d.store).All(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			states[n.State]++
		}
		if err == nil && states[bot.DotPending] > 0 {
			t.Errorf("the run is %s with %d accepted; the ledger: %v; %q", run.Outcome, run.Accepted[bot.Email], states, run.Warnings)
		}
		end()
		d.rest.Wait()
	})
}

// TestShareStopTakesLong: SIGTERM while the holder waits for the reply to its own message, and one courier stands still.
func TestShareStopTakesLong(t *testing.T) {
	for name, reply := range map[string]time.Duration{"mail: 20s for the reply to a dot": 20 * time.Second, "SMS: 60s": 58 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDepot(t, 1500)
				machines, end := context.WithCancel(t.Context())
				d.courier(machines, &van{post: d.post, machine: "one", after: func(v *van, n int) {
					if n > 30 { // hangs, and says again and again that it is at work
						time.Sleep(10 * time.Minute)
					}
				}}, "1")
				holding, stop := context.WithCancel(t.Context())
				store := &hooked{Memory: d.store}
				begun := time.Now()
				var stopped, adopted atomic.Int64 // seconds
				var ended atomic.Bool
				time.AfterFunc(4*time.Second, func() { stopped.Store(int64(time.Since(begun))); stop() })
				v := &van{post: d.post, machine: "holder", after: func(*van, int) {
					if stopped.Load() > 0 || time.Since(begun) > 3900*time.Millisecond {
						time.Sleep(reply)
					}
				}}
				d.rest.Go(func() {
					<-holding.Done()
					for !ended.Load() && adopted.Load() == 0 {
						time.Sleep(time.Second)
						if e, _ := d.store.Get(t.Context(), bot.Leases, "shop"); e.Rev == 0 && !ended.Load() {
							adopted.Store(int64(time.Since(begun)) - stopped.Load())
						}
					}
				})
				_, _ = d.runOn(holding, store, v)
				ended.Store(true)
				if took := time.Since(begun) - time.Duration(stopped.Load()); took > time.Minute {
					t.Errorf("it ended %s after it was told to stop", took)
				}
				if after := time.Duration(adopted.Load()); after > 0 {
					t.Errorf("its lease ran out %s after that, while it was still at work", after)
				}
				end()
				d.rest.Wait()
			})
		})
	}
}

// TestShareReserve: a renewal that is done, and of which the answer is lost.
func TestShareReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &hooked{Memory: &statetest.Memory{}}
		var lost atomic.Bool
		store.done = func(w []bot.Write) error {
			if w[0].Rev != 0 && lost.CompareAndSwap(false, true) {
				return errors.New("no answer")
			}
			return nil
		}
		l := bot.NewLedger(store, time.Now)
		release, ok, err := l.Reserve(t.Context(), "account/crm/2")
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		time.Sleep(3 * time.Minute)
		other := bot.NewLedger(store.Memory, time.Now)
		end, ok, err := other.Reserve(t.Context(), "account/crm/2")
		if ok || err != nil {
			t.Error("two have the same account", err)
		}
		if end != nil {
			_ = end()
		}
		_ = release()
	})
}
