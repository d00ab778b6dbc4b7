package bot

import (
	"context"
	"time"
)

// reserveLife is how long something stays reserved by a process that says nothing more.
const reserveLife = time.Minute

// Reserve takes something that only one process may use at a time, on any machine; ok is false where another one has it. release gives
// it back.
func (l *Ledger) Reserve(ctx context.Context, what string) (release func() error, ok bool, err error) {
	w := Write{Table: Leases, Key: what, Value: []byte(`{"holder":"a worker"}`), TTL: reserveLife}
	out, err := l.store.Apply(ctx, w)
	if err != nil || out[0].Conflict {
		return nil, false, err
	}
	w.Rev = out[0].Rev
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(reserveLife / 6)
		defer ticker.Stop()
		for {
			select {
			case <-keeping.Done():
				return
			case <-ticker.C:
			}
			if out, err := l.store.Apply(keeping, w); err == nil && !out[0].Conflict {
				w.Rev = out[0].Rev
			}
		}
	}()
	return func() error {
		stop()
		<-done
		_, err := l.store.Apply(context.WithoutCancel(ctx), Write{Table: Leases, Key: what, Rev: w.Rev})
		return err
	}, true, nil
}
