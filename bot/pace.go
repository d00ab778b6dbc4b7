package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// Pace keeps a rate of a provider among all machines, runs and jobs of a ledger together.
type Pace struct {
	Ledger *Ledger
	Name   string  // of the channel
	Rate   float64 // messages per second

	mu   sync.Mutex
	left int // that may leave at once
}

// paceSlice is for how long a machine takes the right to send ahead, in parts of a second; and paceMost for how many messages at most.
const (
	paceSlice = 10
	paceMost  = 100
)

// paced is what stands in the store: nobody has taken the time after it.
type paced struct {
	Next time.Time `json:"next"`
}

// Wait returns when one more message may leave.
func (p *Pace) Wait(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 {
		n := min(max(1, int(p.Rate/paceSlice)), paceMost)
		wait, err := p.Ledger.turn(ctx, "rate/"+p.Name, time.Duration(float64(n)/p.Rate*float64(time.Second)))
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
		p.left = n
	}
	p.left--
	return nil
}

// turn takes a piece of time that nobody else has, and returns how long it is until it begins.
func (l *Ledger) turn(ctx context.Context, what string, length time.Duration) (time.Duration, error) {
	for {
		entry, err := l.store.Get(ctx, Leases, what)
		if err != nil {
			return 0, err
		}
		var last paced
		if entry.Rev != 0 {
			if err := json.Unmarshal(entry.Value, &last); err != nil {
				return 0, fmt.Errorf("%s: %w: %w", what, errDecode, err)
			}
		}
		now := l.now()
		begins := now
		if last.Next.After(now) {
			begins = last.Next
		}
		value, err := json.Marshal(paced{Next: begins.Add(length)})
		if err != nil {
			return 0, err
		}
		out, err := l.store.Apply(ctx, Write{Table: Leases, Key: what, Value: value, Rev: entry.Rev, TTL: begins.Sub(now) + length + time.Minute})
		if err != nil {
			return 0, err
		}
		if !out[0].Conflict {
			return begins.Sub(now), nil
		}
	}
}
