package bot

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"time"
)

// workerLife is how long a worker's account stays reserved when it says nothing more.
const workerLife = time.Minute

// Reserve takes something that only one worker may use at a time, on any machine; ok is false where another one has it. release gives it
// back.
func (l *Ledger) Reserve(ctx context.Context, what string) (release func() error, ok bool, err error) {
	return l.reserve(ctx, what, "a worker", workerLife)
}

// reserve takes an entry that only one process may have, and keeps it alive until it is released. If that fails, it ends by itself.
func (l *Ledger) reserve(ctx context.Context, what, holder string, life time.Duration) (release func() error, ok bool, err error) {
	w := Write{Table: Leases, Key: what, TTL: life}
	if w.Value, err = json.Marshal(Lease{Holder: holder, Token: rand.Text()}); err != nil {
		return nil, false, err
	}
	out, err := l.store.Apply(ctx, w)
	if err != nil || out[0].Conflict {
		return nil, false, err
	}
	w.Rev = out[0].Rev
	ctx = context.WithoutCancel(ctx)
	keeping, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-keeping.Done():
				return
			case <-time.After(life / 3):
			}
			out, err := l.store.Apply(ctx, w) // to its end: its revision is needed
			if err != nil {
				continue
			}
			if out[0].Conflict { // ours, where an answer was lost
				entry, err := l.store.Get(ctx, Leases, what)
				if err != nil {
					continue
				}
				if !bytes.Equal(entry.Value, w.Value) {
					return // another one has it
				}
				out[0].Rev = entry.Rev
			}
			w.Rev = out[0].Rev
		}
	}()
	return func() error {
		stop()
		<-ended
		entry, err := l.store.Get(ctx, Leases, what)
		if err != nil || !bytes.Equal(entry.Value, w.Value) {
			return err
		}
		return l.attempt(ctx, []Write{{Table: Leases, Key: what, Rev: entry.Rev}})
	}, true, nil
}
