package state_test

import (
	"path/filepath"
	"strings"
	"testing"

	"restock/bot"
	"restock/state"
	"restock/state/natstest"
)

// TestSeen: a machine notices that a state on servers is older than it has seen it, or another one.
func TestSeen(t *testing.T) {
	cluster := natstest.Start(t, 1, false)
	open := func(name string, writes int) bot.Store {
		t.Helper()
		if err := state.Create(t.Context(), cluster.Address(name)); err != nil {
			t.Fatal(err)
		}
		s, err := state.Open(t.Context(), cluster.Address(name), state.Runner)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		for i := range writes {
			if _, err := s.Apply(t.Context(), bot.Write{Table: bot.Levels, Key: strings.Repeat("x", i+1), Value: []byte("1")}); err != nil {
				t.Fatal(err)
			}
		}
		return s
	}
	file := filepath.Join(t.TempDir(), "state.seen")
	first, other := open("one", 3), open("other", 9)
	for range 2 {
		if err := state.Seen(t.Context(), first, file, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := state.Seen(t.Context(), other, file, false); err == nil || !strings.Contains(err.Error(), "restock adopt") {
		t.Errorf("another state: %v", err)
	}
	if err := state.Seen(t.Context(), other, file, true); err != nil {
		t.Errorf("adopting it: %v", err)
	}
	if err := state.Seen(t.Context(), other, file, false); err != nil {
		t.Errorf("after that: %v", err)
	}
}
