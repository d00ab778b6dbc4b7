package state_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"restock/bot"
	"restock/state"
	"restock/state/natstest"
)

// TestMigrate moves a state from a file to three servers and back, cut off on the way each time. What arrives is what was there, and
// nothing may be sent with a state that is on the move, or was moved.
func TestMigrate(t *testing.T) {
	cluster := natstest.Start(t, 3, false)
	places := []string{"bolt://" + t.TempDir(), cluster.Address("moved"), "bolt://" + t.TempDir()}
	stores := make([]bot.Store, len(places))
	for i, place := range places {
		if err := state.Create(t.Context(), place); err != nil {
			t.Fatal(err)
		}
		s, err := state.Open(t.Context(), place, state.Runner)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		stores[i] = s
	}
	fill(t, stores[0])
	before := contents(t, stores[0])
	for i := range 2 {
		from, to := stores[i], stores[i+1]
		cut := &cutOff{Store: to, left: 4}
		if _, err := state.Migrate(t.Context(), from, cut, places[i], places[i+1], nil); !errors.Is(err, errCut) {
			t.Fatalf("%v", err)
		}
		for _, s := range []bot.Store{from, to} {
			if why, err := state.Moving(t.Context(), s); err != nil || why == "" {
				t.Errorf("something may be sent on the way: %q, %v", why, err)
			}
		}
		list, err := state.Migrate(t.Context(), from, to, places[i], places[i+1], nil)
		if err != nil {
			t.Fatal(err)
		}
		entries := 0
		for _, m := range list {
			entries += m.Entries
		}
		if after := contents(t, to); entries != strings.Count(before, "\n") || after != before {
			t.Errorf("%d entries; before:\n%.300s\nafter:\n%.300s", entries, before, after)
		}
		if why, _ := state.Moving(t.Context(), to); why != "" {
			t.Errorf("nothing may be sent after the move: %s", why)
		}
		if why, _ := state.Moving(t.Context(), from); !strings.Contains(why, "was moved to") {
			t.Errorf("the former state may be used: %q", why)
		}
	}
	if _, err := state.Migrate(t.Context(), stores[2], stores[1], "a", "b", nil); err == nil {
		t.Error("moved into a state that is not empty")
	}
}

// TestMigrateAtWork: a state with which somebody works is not moved.
func TestMigrateAtWork(t *testing.T) {
	var stores []bot.Store
	for range 2 {
		place := "bolt://" + t.TempDir()
		if err := state.Create(t.Context(), place); err != nil {
			t.Fatal(err)
		}
		s, err := state.Open(t.Context(), place, state.Runner)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		stores = append(stores, s)
	}
	if _, err := stores[0].Apply(t.Context(), bot.Write{Table: bot.Leases, Key: "shop", Value: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	if _, err := state.Migrate(t.Context(), stores[0], stores[1], "a", "b", nil); err == nil || !strings.Contains(err.Error(), "shop is at work") {
		t.Errorf("%v", err)
	}
	if why, _ := state.Moving(t.Context(), stores[0]); why != "" {
		t.Errorf("it is marked: %s", why)
	}
}

func fill(t *testing.T, s bot.Store) {
	t.Helper()
	var writes []bot.Write
	for _, table := range bot.Tables() {
		if table == bot.Leases || table == bot.Machines {
			continue
		}
		for i := range 700 {
			writes = append(writes, bot.Write{Table: table, Key: fmt.Sprintf("shop/SKU %d/é/%09d", i%7, i), Value: fmt.Appendf(nil, "%s %d", table, i)})
		}
	}
	if _, err := s.Apply(t.Context(), writes...); err != nil {
		t.Fatal(err)
	}
}

// contents is everything that belongs to a state, and not to its place.
func contents(t *testing.T, s bot.Store) string {
	t.Helper()
	var b strings.Builder
	for _, table := range bot.Tables() {
		for e, err := range s.Scan(t.Context(), table, "") {
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(e.Key, "shop/") {
				fmt.Fprintf(&b, "%s %s=%s\n", table, e.Key, e.Value)
			}
		}
	}
	return b.String()
}

var errCut = errors.New("cut off")

// cutOff fails after some calls that write.
type cutOff struct {
	bot.Store
	left int
}

func (c *cutOff) Apply(ctx context.Context, writes ...bot.Write) ([]bot.Outcome, error) {
	if c.left--; c.left < 0 {
		return nil, errCut
	}
	return c.Store.Apply(ctx, writes...)
}
