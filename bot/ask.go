package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Holding is who runs a job at this moment, on any machine, and what the run does; ok is false where nobody does.
func (l *Ledger) Holding(ctx context.Context, job string) (lease Lease, ok bool, err error) {
	return get[Lease](ctx, l.store, Leases, job)
}

// asking is something that one process wants another one to do.
type asking struct {
	Who string    `json:"who"`
	At  time.Time `json:"at"`
}

// How long somebody is waited for who can do what was asked.
const (
	startLife = time.Minute
	stopLife  = 10 * time.Minute
)

func startKey(job string) string { return "start/" + job }
func stopKey(run string) string  { return "stop/" + run }

// AskStart asks the machines that run jobs to run one now.
func (l *Ledger) AskStart(ctx context.Context, job, who string) error {
	return l.ask(ctx, startKey(job), who, startLife)
}

// AskStop asks whoever runs a job to stop it; ok is false where nobody does.
func (l *Ledger) AskStop(ctx context.Context, job, who string) (ok bool, err error) {
	lease, ok, err := l.Holding(ctx, job)
	if err != nil || !ok {
		return false, err
	}
	return true, l.ask(ctx, stopKey(lease.Run), who, stopLife)
}

func (l *Ledger) ask(ctx context.Context, what, who string, life time.Duration) error {
	value, err := json.Marshal(asking{who, l.now()})
	if err != nil {
		return err
	}
	return l.attempt(ctx, []Write{{Table: Leases, Key: what, Value: value, TTL: life}}) // a conflict: it was asked for already
}

// StartAsked takes the wish that a job be run now; ok is false where nobody wishes, or another machine was faster.
func (l *Ledger) StartAsked(ctx context.Context, job string) (who string, ok bool, err error) {
	entry, err := l.store.Get(ctx, Leases, startKey(job))
	if err != nil || entry.Rev == 0 {
		return "", false, err
	}
	var a asking
	if err := json.Unmarshal(entry.Value, &a); err != nil {
		return "", false, fmt.Errorf("%s: %w: %w", entry.Key, errDecode, err)
	}
	out, err := l.store.Apply(ctx, Write{Table: Leases, Key: entry.Key, Rev: entry.Rev})
	return a.Who, err == nil && !out[0].Conflict, err
}

// stopAsked reports who wants a run to stop.
func (l *Ledger) stopAsked(ctx context.Context, run string) (who string, ok bool) {
	a, ok, err := get[asking](ctx, l.store, Leases, stopKey(run))
	return a.Who, ok && err == nil // looked at again in a moment
}

// askedError stops a run that somebody wants to stop. It is a cancellation.
type askedError struct{ who string }

func (e *askedError) Error() string { return "stopped by " + e.who }

func (e *askedError) Unwrap() error { return context.Canceled }
