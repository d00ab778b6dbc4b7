package bot

import (
	"context"
	"encoding/json"
	"time"
)

// Machine is a daemon that is at work.
type Machine struct {
	Name  string    `json:"name"`  // process 4711 on shop-01
	Roles string    `json:"roles"` // what it does: schedule, web
	Texts string    `json:"texts"` // mark of what it writes messages from
	Since time.Time `json:"since"`
	Seen  time.Time `json:"seen"` // by its own clock
}

// machineLife is how long a daemon that says nothing more is still listed.
const machineLife = time.Minute

// Present notes that a daemon is at work; it must be said again within a minute.
func (l *Ledger) Present(ctx context.Context, m Machine) error {
	m.Seen = l.now()
	value, err := json.Marshal(m)
	if err != nil {
		return err
	}
	entry, err := l.store.Get(ctx, Machines, m.Name)
	if err != nil {
		return err
	}
	_, err = l.store.Apply(ctx, Write{Table: Machines, Key: m.Name, Value: value, Rev: entry.Rev, TTL: machineLife}) // a conflict: it has vanished at this moment
	return err
}

// Machines lists the daemons that are at work.
func (l *Ledger) Machines(ctx context.Context) ([]Machine, error) {
	list := []Machine{}
	for m, err := range decoded[Machine](l.store.Scan(ctx, Machines, "")) {
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// Begun is the run of a job that began last.
type Begun struct {
	Run string    `json:"run"`
	At  time.Time `json:"at"`
	// Resumes is how many runs in a row, this one too, went on at once after one that was cut off.
	Resumes int `json:"resumes,omitempty"`
	// Before are runs that were cut off, and whose records this one has still to complete.
	Before []string `json:"before,omitempty"`
}

// TriggerResume is the trigger of a run that goes on at once where one was cut off. After so many in a row the schedule decides: what
// kills each of them would kill the next.
const (
	TriggerResume = "resume"
	mostResumes   = 12
)

// Orphan returns the run of a job that was cut off: its record says that it is running, and nobody holds the job. What it has not done
// is done by whoever runs the job next.
func (l *Ledger) Orphan(ctx context.Context, job string) (Run, bool, error) {
	s, err := l.State(ctx, job)
	if err != nil || s.Begun.Run == "" || s.Begun.Resumes >= mostResumes {
		return Run{}, false, err
	}
	run, ok, err := l.Run(ctx, s.Begun.Run)
	if err != nil || ok && run.Outcome != Running {
		return run, false, err
	}
	run.ID = s.Begun.Run                        // it may have been cut off before its record was kept
	lease, err := l.store.Get(ctx, Leases, job) // after the record: a run saves its end before it gives the job back
	return run, err == nil && lease.Rev == 0, err
}
