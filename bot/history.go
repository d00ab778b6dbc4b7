package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
)

// SaveRun keeps the record of a run. One that was closed by the next run stays as that has left it: who comes back from a standstill
// knows less.
func (l *Ledger) SaveRun(ctx context.Context, run Run) error {
	return l.amend(ctx, run.ID, func(kept *Run) {
		if kept.Outcome != Interrupt || run.Outcome == Interrupt {
			*kept = run
		}
	})
}

// amend changes the record of a run.
func (l *Ledger) amend(ctx context.Context, id string, change func(*Run)) error {
	return amend(ctx, l, Runs, id, "run "+id, change)
}

// History returns the latest runs, newest first; job "" means all jobs.
func (l *Ledger) History(ctx context.Context, job string, limit int) ([]Run, error) {
	var runs []Run
	for run, err := range decoded[Run](l.store.Scan(ctx, Runs, "")) {
		if err != nil {
			return nil, err
		}
		if job == "" || run.Job == job {
			runs = append(runs, run)
		}
	}
	sort.Slice(runs, func(i, j int) bool { return runs[i].ID > runs[j].ID })
	return runs[:min(limit, len(runs))], nil
}

// Run returns the record of one run; ok is false where there is none.
func (l *Ledger) Run(ctx context.Context, id string) (run Run, ok bool, err error) {
	entry, err := l.store.Get(ctx, Runs, id)
	if err != nil || entry.Rev == 0 {
		return Run{}, false, err
	}
	if err := json.Unmarshal(entry.Value, &run); err != nil {
		return Run{}, false, fmt.Errorf("run %s: %w: %w", id, errDecode, err)
	}
	return run, true, nil
}

// Resolve settles an ambiguous or held notification by a person's word.
func (l *Ledger) Resolve(ctx context.Context, key string, to State, who string) (Notification, error) {
	n, ok, err := l.Find(ctx, key)
	if err != nil {
		return n, err
	}
	if !ok {
		return n, fmt.Errorf("there is no notification %s; `restock ledger` lists them", key)
	}
	if n.State != Ambiguous && n.State != Held {
		return n, fmt.Errorf("notification %s is %s: only ambiguous and held ones can be resolved", key, n.State)
	}
	n.Released = true
	moved, err := l.Move(ctx, []Notification{n}, Change{To: to, Detail: "resolved by " + who})
	if err != nil {
		return n, err
	}
	if len(moved) == 0 {
		return n, fmt.Errorf("notification %s: %w", key, ErrConflict)
	}
	return moved[0], nil
}
