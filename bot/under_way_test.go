package bot_test

import (
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

// TestUnderWay: the restocks of which something is left to do, the one that is due first in front.
func TestUnderWay(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	ledger := led(&statetest.Memory{}, now)
	var plan []bot.Notification
	for i, n := range []struct {
		sku   string
		state bot.State
		due   time.Time
	}{
		{"TEE-M", bot.Queued, now.Add(2 * time.Hour)},
		{"TEE-M", bot.Queued, now.Add(time.Hour)},
		{"TEE-M", bot.Ambiguous, now},
		{"CAP", bot.Queued, now.Add(30 * time.Minute)},
		{"SOCK", bot.Suppressed, now},
	} {
		id := string(rune('a' + i))
		plan = append(plan, bot.Notification{
			Key: bot.Key("shop", n.sku, 1, id), Job: "shop", Channel: bot.Email, Address: id + "@example.com", State: n.state, Due: n.due,
			Restock: bot.Restock{Job: "shop", SKU: n.sku, Number: 1}, Subscription: bot.Subscription{ID: id, SKU: n.sku, Email: id + "@example.com"},
		})
	}
	if err := ledger.Commit(t.Context(), bot.Comparison{}, plan); err != nil {
		t.Fatal(err)
	}
	list, partly, err := ledger.UnderWay(t.Context(), "shop")
	if err != nil || partly || len(list) != 2 {
		t.Fatal(list, partly, err)
	}
	if u := list[0]; u.Restock.SKU != "CAP" || u.States[bot.Queued] != 1 || !u.Next.Equal(now.Add(30*time.Minute)) {
		t.Errorf("%+v", u)
	}
	if u := list[1]; u.Restock.SKU != "TEE-M" || u.States[bot.Queued] != 2 || u.States[bot.Ambiguous] != 1 || !u.Next.Equal(now.Add(time.Hour)) {
		t.Errorf("%+v", u)
	}
	// Products are found for restocks that are over, and persons by any of their addresses' forms.
	if found, _, err := ledger.About(t.Context(), "shop", "TEE-M", 1, 10, nil); err != nil || len(found) != 3 {
		t.Errorf("%d, %v", len(found), err)
	}
	if found, err := ledger.Of(t.Context(), " A@Example.com", 10, nil); err != nil || len(found) != 1 || found[0].Subscription.ID != "a" {
		t.Errorf("%+v, %v", found, err)
	}
	if found, partly, err := ledger.Unfinished(t.Context(), "shop", 1, bot.Queued); err != nil || len(found) != 1 || !partly {
		t.Errorf("%+v, %v, %v", found, partly, err)
	}
}

// TestRecent: runs, newest first, by job and outcome, and on from one.
func TestRecent(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	ledger := led(&statetest.Memory{}, now)
	var ids []string
	for i := range 10 {
		at := now.Add(-time.Duration(i) * 9 * time.Hour)
		run := bot.Run{ID: at.Format("20060102-150405") + "-x", Job: []string{"shop", "other"}[i%2], Started: at, Outcome: bot.Done}
		if i == 5 {
			run.Outcome = bot.FailedRun
		}
		if err := ledger.SaveRun(t.Context(), run); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, run.ID)
	}
	for _, q := range []struct {
		query bot.RunQuery
		want  []string
	}{
		{bot.RunQuery{Limit: 3}, ids[:3]},
		{bot.RunQuery{Limit: 3, Before: ids[2]}, ids[3:6]},
		{bot.RunQuery{Limit: 50, After: ids[2]}, ids[:2]},
		{bot.RunQuery{Limit: 2, Job: "other"}, []string{ids[1], ids[3]}},
		{bot.RunQuery{Limit: 2, Outcome: bot.FailedRun}, ids[5:6]},
		{bot.RunQuery{Limit: 2, Job: "shop", Outcome: bot.FailedRun}, nil},
		{bot.RunQuery{Limit: 50}, ids},
	} {
		runs, err := ledger.Recent(t.Context(), q.query)
		if err != nil || len(runs) != len(q.want) {
			t.Fatalf("%+v: %d runs, %v", q.query, len(runs), err)
		}
		for i, run := range runs {
			if run.ID != q.want[i] {
				t.Errorf("%+v: %s is not %s", q.query, run.ID, q.want[i])
			}
		}
	}
}

// TestInState: a notification is found by its state, whether something is left to do or not.
func TestInState(t *testing.T) {
	store, c := told(t, 3)
	c.stock["A"] = 0
	for state, want := range map[bot.State]int{bot.Accepted: 3, bot.Queued: 0, bot.Failed: 0} {
		list, partly, err := led(store, at(11)).InState(t.Context(), "shop", state, 10)
		if err != nil || len(list) != want || partly {
			t.Errorf("%s: %d, %t, %v", state, len(list), partly, err)
		}
		for _, n := range list {
			if n.State != state || n.Address == "" {
				t.Errorf("%+v", n)
			}
		}
	}
	if list, partly, _ := led(store, at(11)).InState(t.Context(), "shop", bot.Accepted, 2); len(list) != 2 || !partly {
		t.Errorf("%d of 3, %t", len(list), partly)
	}
}
