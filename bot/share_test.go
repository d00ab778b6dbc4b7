package bot_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"restock/bot"
)

// TestShare: several machines send what one run has to send; nobody is told twice and nobody is lost, whatever becomes of one of them.
func TestShare(t *testing.T) {
	const customers = 1500
	stands := func(n int, d time.Duration) func(*van, int) {
		return func(v *van, i int) {
			if i == n {
				v.stood.still(d)
			} else {
				v.stood.wait()
			}
		}
	}
	for name, c := range map[string]struct {
		before    func(*van, int)
		after     func(*van, int)
		ambiguous int
		machines  int
		warns     string
	}{
		"three machines":                          {machines: 3},
		"one dies before its dot":                 {before: stands(150, time.Hour), machines: 3, ambiguous: 1, warns: "said nothing more"},
		"one dies after its dot":                  {after: stands(150, time.Hour), machines: 3, ambiguous: 2, warns: "said nothing more"},
		"one stands still before it, and goes on": {before: stands(150, 31*time.Second), machines: 3, ambiguous: 1, warns: "said nothing more"},
		"one stands still after it, and goes on":  {after: stands(150, 31*time.Second), machines: 3, ambiguous: 2, warns: "said nothing more"},
		"one stands still, and is not missed":     {after: stands(150, 20*time.Second), machines: 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDepot(t, customers)
				ctx, stop := context.WithCancel(t.Context())
				v := &van{post: d.post, machine: "one", before: c.before, after: c.after}
				d.courier(ctx, v, "1")
				d.courier(ctx, &van{post: d.post, machine: "two"}, "1")
				run, err := d.run(t.Context(), &van{post: d.post, machine: "holder"})
				if err != nil {
					t.Fatal(err)
				}
				states := d.check()
				if run.Accepted[bot.Email]+run.Ambiguous != customers || run.Ambiguous > c.ambiguous || run.Retry+run.Failed > 0 {
					t.Errorf("%+v", run.Counts)
				}
				if states[bot.Accepted] != run.Accepted[bot.Email] {
					t.Errorf("%v, and the run says %d accepted", states, run.Accepted[bot.Email])
				}
				if len(d.post.by) != c.machines || d.post.by["two"] < customers/6 {
					t.Errorf("who sent: %v", d.post.by)
				}
				if warned := strings.Join(run.Warnings, "\n"); (warned == "") != (c.warns == "") || !strings.Contains(warned, c.warns) {
					t.Errorf("warnings: %s", warned)
				}
				stop()
				time.Sleep(2 * time.Hour) // who stood still goes on
				d.check()
			})
		})
	}
}
