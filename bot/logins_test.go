package bot_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

// TestLogIn: with one account, one logs in at a time; another account does not wait.
func TestLogIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bot.NewLedger(&statetest.Memory{}, time.Now)
		at, most := 0, 0
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				done, err := l.LogIn(t.Context(), "account")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				at++
				most = max(most, at)
				mu.Unlock()
				time.Sleep(3 * time.Second)
				mu.Lock()
				at--
				mu.Unlock()
				done()
			})
		}
		all.Wait()
		if most != 1 {
			t.Errorf("%d at a time", most)
		}
		done, err := l.LogIn(t.Context(), "account")
		if err != nil {
			t.Fatal(err)
		}
		if other, err := l.LogIn(t.Context(), "another"); err != nil {
			t.Error(err)
		} else {
			other()
		}
		if _, err := l.LogIn(t.Context(), "account"); bot.ClassOf(err) != bot.Auth { // the first is still at it, however long it takes
			t.Error(err)
		}
		done()
		if last, err := l.LogIn(t.Context(), "account"); err != nil {
			t.Error(err)
		} else {
			last()
		}
	})
}

// TestCode: each time step is used once, by whoever comes first.
func TestCode(t *testing.T) {
	l := bot.NewLedger(&statetest.Memory{}, time.Now)
	for _, c := range []struct {
		account string
		step    int64
		fresh   bool
	}{{"a", 10, true}, {"a", 10, false}, {"a", 9, false}, {"b", 9, true}, {"a", 11, true}} {
		if fresh, err := l.Code(t.Context(), c.account, c.step); err != nil || fresh != c.fresh {
			t.Errorf("%s %d: %v, %v", c.account, c.step, fresh, err)
		}
	}
}

// TestAsk: a question waits for its answer until its deadline, and is gone afterwards.
func TestAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := bot.NewLedger(&statetest.Memory{}, time.Now)
		ask := func(site string, limit time.Duration) (string, error) {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			return l.Ask(ctx, bot.Question{Site: site, Text: "the code", Asked: time.Now(), Deadline: time.Now().Add(limit)})
		}
		if _, err := l.Answer(t.Context(), "", "1"); err == nil || !strings.Contains(err.Error(), "nobody waits") {
			t.Error(err)
		}
		go func() {
			time.Sleep(time.Minute)
			if _, err := l.Answer(t.Context(), "crm", "wrong site"); err == nil {
				t.Error("an answer for a site that does not ask")
			}
			if _, err := l.Answer(t.Context(), "", "123456"); err != nil {
				t.Error(err)
			}
		}()
		if got, err := ask("ims", 5*time.Minute); got != "123456" || err != nil {
			t.Error(got, err)
		}
		if _, err := ask("ims", time.Minute); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if list, err := l.Questions(t.Context()); len(list) != 0 || err != nil {
			t.Error(list, err)
		}
	})
}

// TestHoldAll: after a state was put back, nothing is sent that may have gone out.
func TestHoldAll(t *testing.T) {
	store, co := &statetest.Memory{}, newCatalogue(50, 10, 3)
	co.policy = guarded()
	co.mustRun(t, store, at(9))
	co.stock["P000"] = 3
	co.outcome = func(bot.Notification) bot.Delivery { return bot.Delivery{State: bot.Retry, Reason: bot.Unreachable} }
	co.mustRun(t, store, at(10))
	co.outcome = nil
	ledger := bot.NewLedger(store, func() time.Time { return at(11) })
	n, err := ledger.HoldAll(t.Context(), "the state was put back")
	if err != nil || n != 3 {
		t.Fatal(n, err)
	}
	co.stock["P001"] = 4 // it was found, and its customer told, after the copy was made
	co.subs = append(co.subs, bot.Subscription{ID: "later", SKU: "P001", Email: "later@example.com"})
	run := co.mustRun(t, store, at(12))
	if len(co.sent) != 0 || len(run.Warnings) == 0 {
		t.Errorf("sent %v, warnings %v", co.sent, run.Warnings)
	}
	if h, err := ledger.Release(t.Context(), run.ID, "me"); err != nil || h.Messages != 1 {
		t.Errorf("%+v, %v", h, err)
	}
	co.stock["P002"] = 5
	co.subs = append(co.subs, bot.Subscription{ID: "new", SKU: "P002", Email: "new@example.com"})
	co.mustRun(t, store, at(13))
	if co.sent["later@example.com"] != 1 || co.sent["new@example.com"] != 1 {
		t.Errorf("after the release: %v", co.sent)
	}
}
