package bot_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"restock/bot"
)

// TestShareHolder: the machine that has the run stops, dies, or stands still and goes on: the next run tells who was not told, nobody
// twice, and does not wait long for the others.
func TestShareHolder(t *testing.T) {
	const customers = 1500
	for name, c := range map[string]struct {
		stop, still time.Duration
		ambiguous   int
	}{
		"stopped":                   {stop: 3 * time.Second},
		"dead":                      {still: 2 * time.Hour, ambiguous: 2},
		"stands still, and goes on": {still: 2 * time.Minute, ambiguous: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDepot(t, customers)
				machines, end := context.WithCancel(t.Context())
				for _, name := range []string{"one", "two"} {
					d.courier(machines, &van{post: d.post, machine: name}, "1")
				}
				holding, stop := context.WithCancel(t.Context())
				first := &van{post: d.post, machine: "holder", after: func(v *van, n int) {
					if n == 120 && c.still > 0 {
						v.stood.still(c.still)
					} else {
						v.stood.wait()
					}
				}}
				if c.stop > 0 {
					time.AfterFunc(c.stop, stop)
				}
				d.rest.Go(func() { _, _ = d.run(holding, first) })
				time.Sleep(45 * time.Second)
				before := d.post.told()
				began := time.Now()
				run, err := d.run(t.Context(), &van{post: d.post, machine: "next"})
				if err != nil {
					t.Fatal(err)
				}
				if c.stop > 0 && before == customers {
					t.Error("the run was over before it was stopped")
				}
				if took := time.Since(began); took > time.Minute {
					t.Errorf("the next run took %s", took)
				}
				states := d.check()
				if states[bot.Ambiguous] > c.ambiguous || states[bot.Accepted]+states[bot.Ambiguous] != customers {
					t.Errorf("%v; %+v", states, run.Counts)
				}
				told := d.recorded()
				if off := states[bot.Accepted] - told; off < 0 || off > c.ambiguous { // what may have arrived may be known by now
					t.Errorf("the runs say that %d were accepted, the ledger %d", told, states[bot.Accepted])
				}
				end()
				stop()
				time.Sleep(3 * time.Hour)
				d.rest.Wait()
				d.check()
			})
		})
	}
}

// TestShareChaos: machines that stand still at any moment, for any time, and runs that are begun again and again.
func TestShareChaos(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a seed
				d := newDepot(t, 700)
				machines, end := context.WithCancel(t.Context())
				freezes := 0
				unlucky := func(name string) *van {
					at, still := rng.IntN(300), time.Duration(rng.IntN(150))*time.Second
					freezes++
					hook := func(v *van, n int) {
						if n == at {
							v.stood.still(still)
						} else {
							v.stood.wait()
						}
					}
					v := &van{post: d.post, machine: name}
					if rng.IntN(2) == 0 {
						v.before = hook
					} else {
						v.after = hook
					}
					return v
				}
				for _, name := range []string{"one", "two"} {
					d.courier(machines, unlucky(name), "1")
				}
				for i := range 6 { // begun elsewhere where one stands still
					v := unlucky(fmt.Sprint("holder ", i))
					d.rest.Go(func() { _, _ = d.run(t.Context(), v) })
					time.Sleep(50 * time.Second)
				}
				time.Sleep(time.Hour)
				if _, err := d.run(t.Context(), &van{post: d.post, machine: "last"}); err != nil {
					t.Fatal(err)
				}
				states := d.check()
				if states[bot.Accepted]+states[bot.Ambiguous] != 700 || states[bot.Ambiguous] > 2*freezes {
					t.Errorf("%v after %d machines stood still", states, freezes)
				}
				end()
				time.Sleep(time.Hour)
				d.rest.Wait()
			})
		})
	}
}

// TestShareBroken: what goes wrong at one machine stops the run as it would at its holder, and says where; a machine that would write
// other messages sends none.
func TestShareBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, 1500)
		machines, end := context.WithCancel(t.Context())
		d.courier(machines, &van{post: d.post, machine: "one", outcome: func(n int) bot.Delivery {
			return bot.Delivery{State: bot.Ambiguous, Reason: bot.NoReply}
		}}, "1")
		d.courier(machines, &van{post: d.post, machine: "other texts"}, "2")
		run, err := d.run(t.Context(), &van{post: d.post, machine: "holder"})
		if err != nil {
			t.Fatal(err)
		}
		if run.Ambiguous < 5 || run.Ambiguous > 12 || run.Retry < 500 {
			t.Errorf("%+v", run.Counts)
		}
		if warned := strings.Join(run.Warnings, "\n"); !strings.Contains(warned, "one: email: no further messages in this run") {
			t.Errorf("warnings: %s", warned)
		}
		if d.post.by["other texts"] > 0 || len(d.said) != 2 || !strings.Contains(d.said[0]+d.said[1], "write them differently") {
			t.Errorf("%v, %q", d.post.by, d.said)
		}
		end()
		d.rest.Wait()
	})
}
