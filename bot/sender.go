package bot

import (
	"context"
	"sync"
)

// Sender delivers messages over one channel.
type Sender interface {
	// Send delivers a batch, several messages at once where the channel allows it. It renders each message before it
	// contacts anybody, asks the desk before any of them can leave, and reports each of the batch exactly once. It never
	// reports an outcome that is better than what is proved. When ctx ends, what has not left is given back as Queued.
	Send(ctx context.Context, batch []Notification, desk Desk)
	// Close ends connections that are still open.
	Close() error
}

// Desk is where a sender asks and reports. All methods may be called from several goroutines.
type Desk interface {
	// Pending puts on record that messages may leave from now on; when it returns, that is on disk. It returns those that
	// may: the others were stopped meanwhile, and the desk has settled them. After an error none may.
	Pending(ctx context.Context, batch []Notification) ([]Notification, error)
	// Leave notes that one message leaves now. It is the last thing before the final dot, or before the request. After an
	// error the message must not leave.
	Leave(n Notification) error
	// Done reports what became of a message.
	Done(n Notification, d Delivery)
}

// Delivery is what became of one attempt to send.
type Delivery struct {
	// State is Accepted, Retry, Failed or Ambiguous; or Queued where nothing was tried.
	State  State
	Reason Reason // why not accepted
	Detail string // the other side's words: reply text, queue id, message id; no address in it
	Stop   bool   // a fault of ours or of the whole channel: the others of this run were not tried
}

// Each sends a batch message by message, so many at a time: for channels in which each message is a request of its own. send
// calls leave immediately before the point of no return, and sends nothing if it fails. After a delivery with Stop the rest
// is given back.
func Each(ctx context.Context, batch []Notification, desk Desk, parallel int, send func(ctx context.Context, n Notification, leave func(context.Context) error) Delivery) {
	var mu sync.Mutex
	next, stopped := 0, false
	take := func() (n Notification, tried, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		if next == len(batch) {
			return n, false, false
		}
		next++
		return batch[next-1], !stopped && ctx.Err() == nil, true
	}
	var workers sync.WaitGroup
	for range min(parallel, len(batch)) {
		workers.Go(func() {
			for {
				n, tried, ok := take()
				if !ok {
					return
				}
				if !tried {
					desk.Done(n, Delivery{State: Queued})
					continue
				}
				d, settled := one(ctx, n, desk, send)
				if d.Stop && !settled { // of one that the desk has settled it says nothing about the others
					mu.Lock()
					stopped = true
					mu.Unlock()
				}
				if !settled {
					desk.Done(n, d)
				}
			}
		})
	}
	workers.Wait()
}

// one sends one message. settled says that the desk knows what became of it.
func one(ctx context.Context, n Notification, desk Desk, send func(context.Context, Notification, func(context.Context) error) Delivery) (d Delivery, settled bool) {
	refused := false
	d = send(ctx, n, func(ctx context.Context) error {
		allowed, err := desk.Pending(ctx, []Notification{n})
		if err == nil && len(allowed) == 0 {
			refused = true
			return ErrConflict
		}
		if err == nil {
			err = desk.Leave(n)
		}
		return err
	})
	return d, refused
}
