package bot_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"restock/bot"
)

// TestLeaseWithoutServers: the servers go away between the renewal of the lease and the question whether the run is to stop.
func TestLeaseWithoutServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, 2000)
		begun := time.Now()
		store := &patient{hooked{Memory: d.store}, begun}
		store.apply = func(w []bot.Write) error {
			if w[0].Table == bot.Leases && time.Since(begun) > 12*time.Second { // bounded by its context: 10 s
				time.Sleep(10 * time.Second)
				return context.DeadlineExceeded
			}
			return nil
		}
		// a slow site or server: the run is at work in the sender all the time
		v := &van{post: d.post, machine: "holder", before: func(*van, int) { time.Sleep(time.Second) }}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		time.AfterFunc(290*time.Second, cancel)
		_, _ = d.runOn(ctx, store, v) // it ends, by whichever error
		if took := time.Since(begun) - 12*time.Second; took > 45*time.Second {
			t.Errorf("the run went on for %s without its lease", took)
		}
	})
}

// TestRecordStays: a holder that stood still comes back and writes its record over the one that was completed.
func TestRecordStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const customers = 1500
		d := newDepot(t, customers)
		machines, end := context.WithCancel(t.Context())
		for _, name := range []string{"one", "two"} {
			d.courier(machines, &van{post: d.post, machine: name}, "1")
		}
		first := &van{post: d.post, machine: "holder", after: func(v *van, n int) {
			if n == 120 {
				v.stood.still(2 * time.Minute)
			} else {
				v.stood.wait()
			}
		}}
		d.rest.Go(func() { _, _ = d.run(t.Context(), first) })
		time.Sleep(45 * time.Second)
		if _, err := d.run(t.Context(), &van{post: d.post, machine: "next"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Hour)
		states := d.check()
		after := d.recorded()
		if states[bot.Accepted]-after > 5 {
			t.Errorf("the records say that %d were told, the ledger %d", after, states[bot.Accepted])
		}
		end()
		d.rest.Wait()
	})
}

// TestCutOffInFollowUp: a run is cut off while it writes into the CRM: who was told seconds before is not counted.
func TestCutOffInFollowUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, 60)
		never := make(chan struct{})
		store := &hooked{Memory: d.store}
		var n atomic.Int64
		d.c.record = func(bot.Notification) error {
			time.Sleep(3 * time.Second) // a CRM
			if n.Add(1) == 55 {
				<-never // killed here
			}
			return nil
		}
		var dead atomic.Bool
		store.apply = func(w []bot.Write) error {
			if dead.Load() {
				<-never
			}
			return nil
		}
		d.rest.Go(func() {
			_, _ = d.runOn(context.WithoutCancel(t.Context()), store, &van{post: d.post, machine: "first"})
		})
		for n.Load() < 55 {
			time.Sleep(time.Second)
		}
		dead.Store(true)
		<-d.turn // the CRM is free again
		d.c.record = nil
		time.Sleep(2 * time.Minute)
		run, err := d.runOn(t.Context(), d.store, &van{post: d.post, machine: "second"})
		if err != nil {
			t.Fatal(err)
		}
		told := d.recorded()
		states := d.check()
		if told != states[bot.Accepted] {
			t.Errorf("the records say that %d were told, the ledger %d (%+v)", told, states[bot.Accepted], run.Counts)
		}
		close(never)
		d.turn <- true
		d.rest.Wait()
	})
}

// TestRecoveryFails: the recovery is itself cut off (or fails): the figures of the run before are never completed.
func TestRecoveryFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, 1500)
		machines, end := context.WithCancel(t.Context())
		d.courier(machines, &van{post: d.post, machine: "one"}, "1")
		first := &van{post: d.post, machine: "holder", after: func(v *van, n int) {
			if n == 120 {
				v.stood.still(24 * time.Hour)
			} else {
				v.stood.wait()
			}
		}}
		d.rest.Go(func() { _, _ = d.run(context.WithoutCancel(t.Context()), first) })
		time.Sleep(45 * time.Second)
		// the second run is stopped while it waits for the couriers, or its servers fail once
		bad := &hooked{Memory: d.store}
		bad.scan = func(table bot.Table, prefix string) error {
			if table == bot.Work {
				return errors.New("the servers did not answer")
			}
			return nil
		}
		if _, err := d.runOn(t.Context(), bad, &van{post: d.post, machine: "second"}); err == nil {
			t.Fatal("no error")
		}
		if _, err := d.runOn(t.Context(), d.store, &van{post: d.post, machine: "third"}); err != nil {
			t.Fatal(err)
		}
		states := d.check()
		told := d.recorded()
		if off := states[bot.Accepted] - told; off > 5 || off < 0 {
			t.Errorf("the records say that %d were told, the ledger %d", told, states[bot.Accepted])
		}
		end()
		time.Sleep(25 * time.Hour)
		d.rest.Wait()
	})
}

// TestHolderErrorCounts: the machine that has the run cannot go on: what the others had sent and reported is in no record.
func TestHolderErrorCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, 2000)
		machines, end := context.WithCancel(t.Context())
		for _, name := range []string{"one", "two"} {
			d.courier(machines, &van{post: d.post, machine: name}, "1")
		}
		hold := d.failsAt(12)
		if _, err := d.runOn(t.Context(), hold, &van{post: d.post, machine: "holder"}); err == nil {
			t.Fatal("no error")
		}
		time.Sleep(10 * time.Minute)
		if _, err := d.run(t.Context(), &van{post: d.post, machine: "next"}); err != nil {
			t.Fatal(err)
		}
		states := d.check()
		told := d.recorded()
		if told != states[bot.Accepted] {
			t.Errorf("the records say that %d were told, the ledger %d", told, states[bot.Accepted])
		}
		end()
		d.rest.Wait()
	})
}

// TestSweepNextBatch: a run that stood still claims its next messages while another run recovers, after that has looked at them; the other one sweeps
// the journal of the former although a message is on its way; the former's machine dies.
func TestSweepNextBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const customers = 4100 // three batches, no other machines
		d := newDepot(t, customers)
		never := make(chan struct{})
		wake := make(chan struct{}) // the first machine goes on
		gone := make(chan struct{}) // a message of its last batch has left
		var frozen, dead atomic.Bool
		var woken atomic.Bool
		first := &hooked{Memory: d.store}
		stand := func() {
			if dead.Load() {
				<-never
			}
			if frozen.Load() {
				<-wake
				if dead.Load() {
					<-never
				}
			}
		}
		first.apply = func(w []bot.Write) error {
			if w[0].Table == bot.Leases && w[0].Rev != 0 && frozen.Load() { // its lease is lost, and it does not know yet
				<-never
			}
			if dead.Load() {
				<-never
			}
			return nil
		}
		v := &van{post: d.post, machine: "first"}
		v.before = func(_ *van, n int) {
			if n == 1990 { // most of the first batch is sent: it stands still before it puts the next on record
				frozen.Store(true)
			}
			stand()
		}
		v.after = func(_ *van, n int) {
			if woken.Load() && dead.CompareAndSwap(false, true) { // a message that nobody had looked at has left: the machine dies
				close(gone)
				<-never
			}
		}
		d.rest.Go(func() {
			_, _ = d.runOn(context.WithoutCancel(t.Context()), first, v, func(b *bot.Bot) { b.Texts = "" })
		})
		for !frozen.Load() {
			time.Sleep(time.Second)
		}
		time.Sleep(2 * time.Minute)
		next := &hooked{Memory: d.store}
		next.apply = func(w []bot.Write) error {
			if w[0].Table == bot.Left && w[0].Value == nil { // it sweeps: after the last look
				if woken.CompareAndSwap(false, true) {
					close(wake)
					<-gone
					time.Sleep(time.Second)
				}
			}
			return nil
		}
		if _, err := d.runOn(t.Context(), next, &van{post: d.post, machine: "second"}, func(b *bot.Bot) { b.Texts = "" }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if _, err := d.runOn(t.Context(), d.store, &van{post: d.post, machine: "third"}, func(b *bot.Bot) { b.Texts = "" }); err != nil {
			t.Fatal(err)
		}
		d.check()
		close(never)
		d.rest.Wait()
	})
}

// patient answers as package jetstream does: after its context, or 75 s.
type patient struct {
	hooked
	begun time.Time
}

func (p *patient) Get(ctx context.Context, table bot.Table, key string) (bot.Entry, error) {
	if table == bot.Leases && time.Since(p.begun) > 12*time.Second {
		select {
		case <-ctx.Done():
			return bot.Entry{}, context.Cause(ctx)
		case <-time.After(75 * time.Second):
			return bot.Entry{}, errors.New("the servers of the state have not answered for 1m15s")
		}
	}
	return p.hooked.Get(ctx, table, key)
}

// TestRunningForever: a former holder comes back, keeps a checkpoint, and dies: its record says "running" for ever, and its journal is never swept.
func TestRunningForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, 300)
		never, wake := make(chan struct{}), make(chan struct{})
		var frozen, dead atomic.Bool
		first := &hooked{Memory: d.store}
		first.apply = func(w []bot.Write) error {
			if w[0].Table == bot.Leases && frozen.Load() {
				<-never
			}
			if frozen.Load() && !dead.Load() {
				<-wake
			}
			if dead.Load() {
				<-never
			}
			return nil
		}
		first.done = func(w []bot.Write) error {
			if w[0].Table == bot.Runs && frozen.Load() {
				dead.Store(true)
				<-never
			}
			return nil
		}
		v := &van{post: d.post, machine: "first", after: func(_ *van, n int) {
			if n == 100 {
				frozen.Store(true)
			}
			if frozen.Load() && !dead.Load() {
				<-wake
			}
			if dead.Load() {
				<-never
			}
		}}
		d.rest.Go(func() { _, _ = d.runOn(context.WithoutCancel(t.Context()), first, v) })
		time.Sleep(2 * time.Minute)
		if _, err := d.runOn(t.Context(), d.store, &van{post: d.post, machine: "second"}); err != nil {
			t.Fatal(err)
		}
		close(wake)
		time.Sleep(10 * time.Hour)
		for range 3 {
			time.Sleep(time.Hour)
			if _, err := d.runOn(t.Context(), d.store, &van{post: d.post, machine: "later"}); err != nil {
				t.Fatal(err)
			}
		}
		runs, _ := d.ledger(d.store).History(t.Context(), "", 10)
		for _, r := range runs {
			if r.Outcome == bot.Running {
				t.Errorf("run %s is said to be running, 13 hours later", r.ID)
			}
		}
		left := 0
		for entry := range d.store.Scan(t.Context(), bot.Left, "") {
			if !strings.Contains(string(entry.Value), "sealed") { // that stays for days
				left++
			}
		}
		if left > 0 {
			t.Errorf("%d entries of journals are left", left)
		}
		close(never)
		d.rest.Wait()
	})
}

// TestCompleteConflict: a former holder's checkpoint falls between the reading and the writing of its record by the run that recovers.
func TestCompleteConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, 300)
		holding, kill := context.WithCancel(context.WithoutCancel(t.Context()))
		defer kill()
		never := make(chan struct{})
		first := &hooked{Memory: d.store}
		var frozen atomic.Bool
		first.apply = func(w []bot.Write) error {
			if frozen.Load() {
				<-never
			}
			return nil
		}
		v := &van{post: d.post, machine: "first", after: func(_ *van, n int) {
			if n == 100 {
				frozen.Store(true)
			}
			if frozen.Load() {
				<-never
			}
		}}
		d.rest.Go(func() { _, _ = d.runOn(holding, first, v) })
		time.Sleep(2 * time.Minute)
		next := &hooked{Memory: d.store}
		writes := 0
		next.apply = func(w []bot.Write) error {
			if w[0].Table == bot.Runs {
				if writes++; writes == 2 { // complete
					e, _ := d.store.Get(t.Context(), bot.Runs, w[0].Key)
					_, err := d.store.Apply(t.Context(), bot.Write{Table: bot.Runs, Key: e.Key, Value: e.Value, Rev: e.Rev}) // its checkpoint
					return err
				}
			}
			return nil
		}
		if run, err := d.runOn(t.Context(), next, &van{post: d.post, machine: "second"}); err != nil {
			t.Errorf("%s: %v", run.Outcome, err)
		}
		close(never)
		d.rest.Wait()
	})
}
