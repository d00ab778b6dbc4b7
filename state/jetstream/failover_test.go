package jetstream_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"restock/bot"
	"restock/state/jetstream"
	"restock/state/natstest"
)

// TestLeaderLost: workers on connections of their own race for the same claims, some hundreds at a time, while the server that leads is
// stopped again and again. Each claim is won once, by the one whose value stands there, and none is lost. RESTOCK_LONG=1: 20,000.
func TestLeaderLost(t *testing.T) {
	claims, losses := 1500, 2
	if os.Getenv("RESTOCK_LONG") != "" {
		claims, losses = 20000, 6
	}
	c := natstest.Start(t, 3, false)
	first := open(t, c, "race")
	r := newRace(t, first, claims)
	ctx, stop := context.WithCancel(t.Context())
	var workers sync.WaitGroup
	for w := range 4 {
		s := again(t, c, "race")
		workers.Go(func() { r.work(ctx, s, fmt.Sprint("worker ", w)) })
	}
	for i := range losses {
		r.until(claims * (i + 1) / (losses + 1))
		at := c.Leader("race")
		if at < 0 {
			continue
		}
		c.Down(at)
		time.Sleep(500 * time.Millisecond) //nolint:forbidigo // a server is away for a while
		c.Up(at)
	}
	workers.Wait()
	stop()
	r.check(first)
}

// TestCutOff: the server that leads is cut off from the others while workers race, and comes back; then the others' new leader is. Who is
// connected to it goes elsewhere. Each claim is won once.
func TestCutOff(t *testing.T) {
	c := natstest.StartLinked(t)
	first := open(t, c.Cluster, "race")
	r := newRace(t, first, 1200)
	var workers sync.WaitGroup
	for w := range 4 {
		s := again(t, c.Cluster, "race")
		workers.Go(func() { r.work(t.Context(), s, fmt.Sprint("worker ", w)) })
	}
	for i := range 2 {
		r.until(400 * (i + 1))
		at := max(0, c.Leader("race"))
		c.Cut(at, true)
		time.Sleep(time.Duration(3+8*i) * time.Second) // real servers
		c.Cut(at, false)
	}
	workers.Wait()
	r.check(first)
}

// TestSlowServer: with one server far behind the others, claims go on, and each is won once.
func TestSlowServer(t *testing.T) {
	c := natstest.StartLinked(t)
	first := open(t, c.Cluster, "race")
	r := newRace(t, first, 1200)
	slow := (max(0, c.Leader("race")) + 1) % 3
	c.Slow(slow, 80*time.Millisecond)
	var workers sync.WaitGroup
	for w := range 3 {
		s := again(t, c.Cluster, "race")
		workers.Go(func() { r.work(t.Context(), s, fmt.Sprint("worker ", w)) })
	}
	r.until(600)
	c.Slow(slow, 0)
	c.Slow(max(0, c.Leader("race")), 80*time.Millisecond) // now the one that leads
	workers.Wait()
	r.check(first)
}

// race is a set of claims for which workers race.
type race struct {
	t      *testing.T
	claims int
	revs   map[string]uint64
	mu     sync.Mutex
	won    map[string][]string // claim → who was told that they have it
}

func newRace(t *testing.T, s *jetstream.Store, claims int) *race {
	t.Helper()
	r := &race{t: t, claims: claims, revs: map[string]uint64{}, won: map[string][]string{}}
	var writes []bot.Write
	for i := range claims {
		writes = append(writes, bot.Write{Table: bot.Notifications, Key: fmt.Sprintf("%016d", i), Value: []byte("queued")})
	}
	out, err := s.Apply(t.Context(), writes...)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range out {
		r.revs[writes[i].Key] = o.Rev
	}
	return r
}

// work claims everything, some at a time. An error means that nothing is known: it tries again, as a run does after it has read.
func (r *race) work(ctx context.Context, s *jetstream.Store, name string) {
	for from := 0; from < r.claims; from += 50 {
		var writes []bot.Write
		for i := from; i < min(from+50, r.claims); i++ {
			key := fmt.Sprintf("%016d", i)
			writes = append(writes, bot.Write{Table: bot.Notifications, Key: key, Value: []byte(name), Rev: r.revs[key]})
		}
		out, err := s.Apply(ctx, writes...)
		if err != nil {
			r.t.Errorf("%s: %v", name, err)
			return
		}
		r.mu.Lock()
		for i, o := range out {
			if !o.Conflict {
				r.won[writes[i].Key] = append(r.won[writes[i].Key], name)
			}
		}
		r.mu.Unlock()
	}
}

// until waits for so many claims.
func (r *race) until(n int) {
	for ends := time.Now().Add(time.Minute); time.Now().Before(ends); time.Sleep(5 * time.Millisecond) { //nolint:forbidigo // real servers
		r.mu.Lock()
		have := len(r.won)
		r.mu.Unlock()
		if have >= n {
			return
		}
	}
}

func (r *race) check(s *jetstream.Store) {
	r.t.Helper()
	stands := 0
	for e, err := range s.Scan(r.t.Context(), bot.Notifications, "") {
		if err != nil {
			r.t.Fatal(err)
		}
		stands++
		if winners := r.won[e.Key]; len(winners) != 1 || string(e.Value) != winners[0] {
			r.t.Errorf("claim %s: told that they have it: %v; there stands %q", e.Key, winners, e.Value)
		}
	}
	if stands != r.claims || len(r.won) != r.claims {
		r.t.Errorf("%d entries, %d won, of %d", stands, len(r.won), r.claims)
	}
}

// again opens a state that is there.
func again(t testing.TB, c *natstest.Cluster, name string) *jetstream.Store {
	t.Helper()
	o, err := jetstream.Parse(c.Address(name))
	if err != nil {
		t.Fatal(err)
	}
	s, err := jetstream.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
