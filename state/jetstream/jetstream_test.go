package jetstream_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"restock/bot"
	"restock/state/jetstream"
	"restock/state/natstest"
	"restock/state/statetest"
)

// TestContract runs the contract of bot.Store on three servers.
func TestContract(t *testing.T) {
	c := natstest.Start(t, 3, false)
	var n atomic.Int32
	statetest.Exercise(t, func(t *testing.T) bot.Store { return open(t, c, fmt.Sprint("s", n.Add(1))) })
}

// open makes a new state and opens it.
func open(t testing.TB, c *natstest.Cluster, name string) *jetstream.Store {
	t.Helper()
	o, err := jetstream.Parse(c.Address(name))
	if err != nil {
		t.Fatal(err)
	}
	if err := jetstream.Create(t.Context(), o, name, time.Now()); err != nil {
		t.Fatal(err)
	}
	s, err := jetstream.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
