package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Lease is the right to run a job. One holder at a time; it must be renewed before it expires. Its token, the revision
// of its entry, only grows.
type Lease struct {
	Run    string    `json:"run"`
	Holder string    `json:"holder"` // "process 4711 on shop-01"
	Since  time.Time `json:"since,omitzero"`
	Token  string    `json:"token,omitempty"` // of who took it
	Doing  string    `json:"doing,omitempty"` // a few seconds ago

	job  string
	rev  uint64
	done chan struct{} // closed when keep has ended
}

// ThisProcess names this process among those of all machines.
func ThisProcess() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("process %d on %s", os.Getpid(), host)
}

// leaseTTL is how long a run that says nothing more is believed to be at work. While the servers of a state choose a new leader, which
// takes up to 13 seconds, nobody can say anything.
const leaseTTL = 40 * time.Second

// errLeaseLost stops a run whose lease was lost: another process may be running the job.
var errLeaseLost = errors.New("the lease of this job is lost, and another process may be running it")

// errLeaseStale is the same, where the state does not answer: nobody can say whether another one has begun.
var errLeaseStale = fmt.Errorf("this run has not reached the state for %s and must not go on: %w", leaseTTL/2, errLeaseLost)

func (l *Ledger) acquire(ctx context.Context, run Run) (*Lease, error) {
	lease := &Lease{Run: run.ID, Holder: ThisProcess(), Since: run.Started, job: run.Job, done: make(chan struct{})}
	value, err := json.Marshal(lease)
	if err != nil {
		return nil, err
	}
	out, err := l.store.Apply(ctx, Write{Table: Leases, Key: run.Job, Value: value, TTL: leaseTTL})
	if err != nil {
		return nil, err
	}
	if out[0].Conflict {
		return nil, l.locked(ctx, run.Job)
	}
	lease.rev = out[0].Rev
	return lease, nil
}

func (l *Ledger) locked(ctx context.Context, job string) error {
	var other Lease
	entry, err := l.store.Get(ctx, Leases, job)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(entry.Value, &other); err != nil {
		other.Holder = "another process"
	}
	return &LockedError{
		What: "job " + job, Holder: fmt.Sprintf("run %s (%s, since %s)", other.Run, other.Holder, other.Since.Format(time.TimeOnly)),
		Hint: "wait until it ends; `restock runs` shows it",
	}
}

// keep renews the lease until ctx ends, with what the run does; when it is lost, or somebody wants the run to stop, it calls stop.
func (l *Ledger) keep(ctx context.Context, lease *Lease, doing func() string, stop func(error)) {
	defer close(lease.done)
	ticker := time.NewTicker(leaseTTL / 8)
	defer ticker.Stop()
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		lease.Doing = doing()
		value, err := json.Marshal(lease)
		if err == nil {
			var out []Outcome
			renewing, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTTL/4)
			out, err = l.store.Apply(renewing, Write{Table: Leases, Key: lease.job, Value: value, Rev: lease.rev, TTL: leaseTTL})
			cancel()
			if err == nil && out[0].Conflict {
				stop(errLeaseLost)
				return
			}
			if err == nil {
				lease.rev, renewed = out[0].Rev, time.Now()
				l.obeyStop(ctx, lease.Run, stop)
			}
		}
		if time.Since(renewed) > leaseTTL/2 {
			stop(errLeaseStale)
			return
		}
	}
}

// obeyStop stops a run that somebody wants to stop.
func (l *Ledger) obeyStop(ctx context.Context, run string, stop func(error)) {
	ctx, cancel := context.WithTimeout(ctx, leaseTTL/8) // the lease is to be renewed meanwhile
	defer cancel()
	if who, asked := l.stopAsked(ctx, run); asked {
		stop(&askedError{who})
	}
}

func (l *Ledger) release(ctx context.Context, lease *Lease) error {
	<-lease.done // its revision is final now
	_, err := l.store.Apply(ctx, Write{Table: Leases, Key: lease.job, Rev: lease.rev})
	return err
}
