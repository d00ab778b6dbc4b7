package jetstream_test

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"restock/bot/schedule"
	"restock/state/natstest"
)

// TestTicks: three daemons see 40 ticks of a schedule while the server that leads is lost and comes back: 40 runs.
func TestTicks(t *testing.T) {
	cluster := natstest.Start(t, 3, false)
	open(t, cluster, "ticks")
	spec, err := schedule.Parse("* * * * *", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	clock := &steps{now: time.Date(2026, 11, 26, 9, 0, 30, 0, time.UTC)}
	var fired atomic.Int32
	var all sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	for range 3 {
		p := &schedule.Planner{
			Store: again(t, cluster, "ticks"), Log: slog.New(slog.NewTextHandler(io.Discard, nil)), After: clock.after,
			Now: clock.time,
		}
		all.Go(func() {
			_ = p.Run(ctx, []schedule.Job{{Name: "shop", Spec: spec, CatchUp: time.Hour}}, func(context.Context, string, time.Time) error {
				fired.Add(1)
				return nil
			})
		})
	}
	clock.until(t, 3)
	looker := &schedule.Planner{Store: again(t, cluster, "ticks"), Now: clock.time}
	for i := range 40 {
		switch i {
		case 10:
			cluster.Down(max(0, cluster.Leader("ticks")))
		case 25:
			for s := range cluster.Servers {
				if cluster.Servers[s] == nil {
					cluster.Up(s)
				}
			}
		case 30:
			cluster.Down(max(0, cluster.Leader("ticks")))
		}
		clock.step(time.Minute)
		clock.until(t, 3)
		for ends := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) { // the run of this tick is over
			tick, err := looker.Tick(t.Context(), schedule.Job{Name: "shop", Spec: spec})
			if err == nil && tick.Finished.Equal(clock.time()) {
				break
			}
			if time.Now().After(ends) {
				t.Fatalf("tick %d: %+v, %v", i, tick, err)
			}
		}
	}
	stop()
	clock.step(0)
	all.Wait()
	if n := fired.Load(); n != 40 {
		t.Errorf("40 ticks and three daemons: %d runs", n)
	}
}

// steps is a clock that goes on when it is told to, and lets everybody see the same time.
type steps struct {
	mu      sync.Mutex
	now     time.Time
	waiting []chan time.Time
}

func (s *steps) time() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *steps) after(time.Duration) <-chan time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := make(chan time.Time, 1)
	s.waiting = append(s.waiting, c)
	return c
}

// step moves the clock on and wakes everybody who waits.
func (s *steps) step(by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(by)
	for _, c := range s.waiting {
		c <- s.now
	}
	s.waiting = nil
}

// until waits until so many wait for the clock.
func (s *steps) until(t *testing.T, n int) {
	t.Helper()
	for ends := time.Now().Add(90 * time.Second); time.Now().Before(ends); time.Sleep(2 * time.Millisecond) { // real servers
		s.mu.Lock()
		have := len(s.waiting)
		s.mu.Unlock()
		if have == n {
			return
		}
	}
	t.Fatalf("not all %d daemons have looked at the clock", n)
}

// TestOffset: a machine whose clock is wrong learns by how much.
func TestOffset(t *testing.T) {
	s := open(t, natstest.Start(t, 3, false), "clock")
	for _, off := range []time.Duration{0, time.Hour, -time.Hour} {
		offset, err := s.Offset(t.Context(), func() time.Time { return time.Now().Add(off) })
		if err != nil || (offset+off).Abs() > time.Second {
			t.Errorf("a clock that is %s off is told %s, %v", off, offset, err)
		}
	}
}
