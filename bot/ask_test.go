package bot_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"restock/bot"
)

// TestAskStop: what a run does is seen by others, and they can stop it; nobody is lost or told twice.
func TestAskStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const customers = 300
		d := newDepot(t, customers)
		slow := &van{post: d.post, machine: "holder", before: func(*van, int) { time.Sleep(500 * time.Millisecond) }}
		ended := make(chan error, 1)
		var run bot.Run
		go func() {
			var err error
			run, err = d.run(t.Context(), slow)
			ended <- err
		}()
		time.Sleep(10 * time.Second)
		l := d.ledger(d.store)
		lease, held, err := l.Holding(t.Context(), "shop")
		if err != nil || !held || !strings.Contains(lease.Doing, "telling customers") {
			t.Errorf("%+v, %t, %v", lease, held, err)
		}
		for range 2 { // pressed twice
			if asked, err := l.AskStop(t.Context(), "shop", "ann"); err != nil || !asked {
				t.Errorf("%t, %v", asked, err)
			}
		}
		asked := time.Now()
		err = <-ended
		if !errors.Is(err, context.Canceled) || run.Outcome != bot.StoppedRun || !strings.Contains(run.Error, "stopped by ann") || time.Since(asked) > 10*time.Second {
			t.Errorf("after %s: %s, %v", time.Since(asked), run.Outcome, err)
		}
		if told := d.post.told(); told == 0 || told == customers {
			t.Errorf("%d were told before it was stopped", told)
		}
		if _, err := d.run(t.Context(), &van{post: d.post, machine: "next"}); err != nil {
			t.Fatal(err)
		}
		if states := d.check(); states[bot.Accepted] != customers {
			t.Errorf("%v", states)
		}
		if asked, err := l.AskStop(t.Context(), "shop", "ann"); err != nil || asked {
			t.Errorf("nothing runs: %t, %v", asked, err)
		}
	})
}
