package bot

import (
	"context"
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
	if w.Value, err = json.Marshal(Lease{Holder: holder}); err != nil {
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
			if out, err := l.store.Apply(ctx, w); err == nil && !out[0].Conflict { // to its end: its revision is needed
				w.Rev = out[0].Rev
			}
		}
	}()
	return func() error {
		stop()
		<-ended
		_, err := l.store.Apply(ctx, Write{Table: Leases, Key: what, Rev: w.Rev})
		return err
	}, true, nil
}
