package main

import (
	"context"
	"sync/atomic"
	"time"

	"restock/state"
)

// clock is the time that the machines of a cluster agree on: that of the state's servers. A machine whose clock is wrong would
// else start runs at other times than the others, and see runs that begin in its future.
type clock struct {
	own    func() time.Time
	offset atomic.Int64
}

const (
	clockEvery = time.Minute
	clockFar   = 30 * time.Second // this much is worth saying
)

func (c *clock) now() time.Time { return c.own().Add(time.Duration(c.offset.Load())) }

// agree takes on the time of the servers.
func (w *workshop) agree(ctx context.Context) error {
	if w.config.Cluster == nil {
		return nil
	}
	c := &clock{own: w.a.now}
	offset, err := state.Offset(ctx, w.store, w.a.now)
	if err != nil {
		return err
	}
	c.offset.Store(int64(offset))
	if offset.Abs() > clockFar {
		w.a.say("the clock of this machine is %s off the servers': their time is used; set it right", offset.Round(time.Second))
	}
	w.a.now, w.clock = c.now, c
	return nil
}

// keepTime asks the servers for the time again and again.
func (w *workshop) keepTime(ctx context.Context) {
	for ctx.Err() == nil && w.clock != nil {
		pauseFor(ctx, clockEvery)
		if offset, err := state.Offset(ctx, w.store, w.clock.own); err == nil {
			w.clock.offset.Store(int64(offset))
		}
	}
}
