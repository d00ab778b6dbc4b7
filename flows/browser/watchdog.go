package browser

import (
	"context"
	"fmt"
	"time"
)

// operation is one call that waits for the browser's answer.
type operation struct {
	method   string
	started  time.Time
	deadline time.Time
}

// Limits of the watchdog. It does not trust the connection: it looks from outside and kills the process group.
const (
	unbounded   = 5 * time.Minute // a call whose context has no deadline may take this long
	overdue     = 5 * time.Second // a call must return this long after its deadline at the latest
	watchPeriod = 250 * time.Millisecond
)

func (b *Browser) begin(ctx context.Context, method string) *operation {
	op := &operation{method: method, started: time.Now()}
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = op.started.Add(unbounded)
	}
	op.deadline = deadline
	b.mu.Lock()
	b.ops[op] = struct{}{}
	b.mu.Unlock()
	return op
}

func (b *Browser) finish(op *operation) {
	b.mu.Lock()
	delete(b.ops, op)
	b.mu.Unlock()
}

// watchdog kills a browser whose call is overdue: the call itself did not return at its deadline, so the connection hangs.
func (b *Browser) watchdog() {
	ticker := time.NewTicker(watchPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-b.closed:
			return
		case <-ticker.C:
		}
		if op := b.stuck(time.Now()); op != nil {
			b.fail(fmt.Errorf("the browser hung in %s for %s and was killed", op.method, time.Since(op.started).Round(time.Second)))
			b.proc.killGroup()
			return
		}
	}
}

func (b *Browser) stuck(now time.Time) *operation {
	b.mu.Lock()
	defer b.mu.Unlock()
	for op := range b.ops {
		if now.After(op.deadline.Add(overdue)) {
			return op
		}
	}
	return nil
}
