package main

import (
	"strings"
	"testing"
	"time"

	"restock/bot/config"
	"restock/state"
	"restock/state/natstest"
)

// TestClock: a machine of a cluster whose clock is an hour off goes by the servers' time, and says so.
func TestClock(t *testing.T) {
	t.Parallel()
	cluster := natstest.Start(t, 1, false)
	address := cluster.Address("clock")
	if err := state.Create(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	store, err := state.Open(t.Context(), address, state.Daemon)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for _, off := range []time.Duration{time.Hour, -time.Hour, time.Second} {
		var said strings.Builder
		a := &app{stderr: &said, now: func() time.Time { return time.Now().Add(off) }}
		w := &workshop{a: a, store: store, config: &config.Config{Cluster: &config.Cluster{}}}
		if err := w.agree(t.Context()); err != nil {
			t.Fatal(err)
		}
		if wrong := time.Since(a.now()).Abs(); wrong > time.Second {
			t.Errorf("a clock that is %s off is still %s off", off, wrong)
		}
		if (off.Abs() > clockFar) != strings.Contains(said.String(), "set it right") {
			t.Errorf("%s off: said %q", off, said.String())
		}
	}
}
