package bot

import (
	"context"
	"slices"
	"time"
)

// Worker reads parts of long lists for runs of any machine.
type Worker struct {
	Ledger *Ledger
	Name   string // process 4711 on shop-01, worker 2
	Now    func() time.Time
	// Sites opens what reads the parts of a site. It is kept for as long as there is work.
	Sites func(ctx context.Context, s Shard) (Divider, func() error, error)
	// Say is told what went wrong.
	Say func(format string, args ...any)

	refused map[string]time.Time // site → when its account was refused
}

// Limits of a worker.
const (
	workerLook   = 500 * time.Millisecond // between two looks for work
	workerIdle   = 20 * time.Second       // without work it gives back its browser and its account
	workerFailed = 10 * time.Second       // after what goes wrong
)

// Run works until ctx ends.
func (w *Worker) Run(ctx context.Context) {
	open := map[string]Divider{} // by run and site
	var closers []func() error
	var last time.Time
	closeAll := func() {
		for _, c := range closers {
			if err := c(); err != nil {
				w.Say("worker: %v", err)
			}
		}
		clear(open)
		closers = nil
	}
	defer closeAll()
	for ctx.Err() == nil {
		pause := workerLook
		worked, err := w.one(ctx, "", func(ctx context.Context, s Shard) (Divider, error) {
			if d := open[s.Run+"/"+s.Site]; d != nil {
				return d, nil
			}
			closeAll() // of another run: the same account
			d, end, err := w.Sites(ctx, s)
			if err == nil && d != nil {
				open[s.Run+"/"+s.Site] = d
				closers = append(closers, end)
			}
			return d, err
		})
		switch {
		case err != nil && ctx.Err() == nil:
			w.Say("worker: %v", err)
			closeAll() // it may be the browser
			pause = workerFailed
		case worked:
			last = w.Now()
			continue
		case len(open) > 0 && w.Now().Sub(last) > workerIdle:
			closeAll()
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// refusedFor is how long a worker leaves a site alone whose log-in its account was refused.
const refusedFor = 10 * time.Minute

// own reports whether this is the worker that a run has itself.
func (w *Worker) own() bool { return w.Sites == nil }

// refuse notes that a site does not let this worker's account in.
func (w *Worker) refuse(site string) {
	if w.refused == nil {
		w.refused = map[string]time.Time{}
	}
	w.refused[site] = w.Now()
}

// leaves reports whether a worker leaves a shard to others: it cannot log in, or has failed with it.
func (w *Worker) leaves(s Shard) bool {
	at, refused := w.refused[s.Site]
	return refused && w.Now().Sub(at) < refusedFor || !w.own() && slices.Contains(s.Failed, w.Name)
}
