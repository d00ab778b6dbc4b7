package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Hold is what a run kept back for a person: a reading that is unusual, or messages beyond a limit.
type Hold struct {
	Run      string    `json:"run"`
	Job      string    `json:"job"`
	At       time.Time `json:"at"`
	Doubts   []Doubt   `json:"doubts,omitempty"`   // the reading was not used
	Drifted  []string  `json:"drifted,omitempty"`  // site/flow whose list has drifted
	Messages int       `json:"messages,omitempty"` // held in the ledger
	Released time.Time `json:"released,omitzero"`
	By       string    `json:"by,omitempty"`
	Used     string    `json:"used,omitempty"` // run that was let pass by it
}

// holdLife is how long a release lets a later reading pass.
const holdLife = 24 * time.Hour

func holdKey(job, run string) string { return job + "/" + run }

// hold remembers what a run keeps back.
func (l *Ledger) hold(ctx context.Context, h Hold) error {
	return l.put(ctx, Holds, holdKey(h.Job, h.Run), func(old []byte) (any, error) {
		if old != nil {
			before := Hold{}
			if err := json.Unmarshal(old, &before); err != nil {
				return nil, err
			}
			h.Messages += before.Messages
			h.Doubts, h.Drifted = append(before.Doubts, h.Doubts...), append(before.Drifted, h.Drifted...)
		}
		return h, nil
	})
}

// Holds returns what is held of a job and was not released.
func (l *Ledger) Holds(ctx context.Context, job string) ([]Hold, error) {
	var list []Hold
	for h, err := range decoded[Hold](l.store.Scan(ctx, Holds, job+"/")) {
		if err != nil {
			return nil, err
		}
		if h.Released.IsZero() {
			list = append(list, h)
		}
	}
	return list, nil
}

// letsPass reports whether a person released the same doubts lately.
func (l *Ledger) letsPass(ctx context.Context, run Run, doubts []Doubt) (bool, error) {
	for h, err := range decoded[Hold](l.store.Scan(ctx, Holds, run.Job+"/")) {
		if err != nil {
			return false, err
		}
		if !h.Released.IsZero() && h.Used == "" && l.now().Sub(h.Released) <= holdLife && covers(h.Doubts, doubts) {
			return true, nil
		}
	}
	return false, nil
}

// useReleases uses up the releases of a job once a reading was believed: each is for the reading that was looked at, and not
// for a later one.
func (l *Ledger) useReleases(ctx context.Context, run Run) error {
	for h, err := range decoded[Hold](l.store.Scan(ctx, Holds, run.Job+"/")) {
		if err != nil {
			return err
		}
		if h.Released.IsZero() || h.Used != "" || len(h.Doubts) == 0 {
			continue
		}
		h.Used = run.ID
		if err := l.put(ctx, Holds, holdKey(h.Job, h.Run), func([]byte) (any, error) { return h, nil }); err != nil {
			return err
		}
	}
	return nil
}

// covers reports whether each doubt was released, to at most a tenth more than what was looked at.
func covers(released, now []Doubt) bool {
	for _, d := range now {
		found := false
		for _, r := range released {
			found = found || r.Guard == d.Guard && r.Where == d.Where && d.Measure <= r.Measure+r.Measure/10
		}
		if !found {
			return false
		}
	}
	return true
}

// Release lets pass what a run has held: its messages are queued again, its reading is believed when the next run reads the
// same, and a list that has drifted is learned anew.
func (l *Ledger) Release(ctx context.Context, id, who string) (Hold, error) {
	run, ok, err := l.Run(ctx, id)
	if err != nil {
		return Hold{}, err
	}
	if !ok {
		return Hold{}, fmt.Errorf("there is no run %s; `restock runs` lists them", id)
	}
	entry, err := l.store.Get(ctx, Holds, holdKey(run.Job, id))
	if err != nil {
		return Hold{}, err
	}
	if entry.Rev == 0 {
		return Hold{}, fmt.Errorf("run %s holds nothing: it is %s", id, run.Outcome)
	}
	var h Hold
	if err := json.Unmarshal(entry.Value, &h); err != nil {
		return h, fmt.Errorf("hold %s: %w: %w", id, errDecode, err)
	}
	if !h.Released.IsZero() {
		return h, fmt.Errorf("run %s was released on %s by %s already", id, h.Released.Format("2006-01-02 15:04"), h.By)
	}
	if h.Messages, err = l.releaseMessages(ctx, run, who); err != nil {
		return h, err
	}
	for _, list := range h.Drifted {
		site, flow, _ := strings.Cut(list, "/")
		if _, err := l.Forget(ctx, site, flow); err != nil {
			return h, err
		}
	}
	h.Released, h.By = l.now(), who
	return h, l.put(ctx, Holds, holdKey(h.Job, h.Run), func([]byte) (any, error) { return h, nil })
}

// releaseMessages queues the messages that a run held; they do not count against the limits again.
func (l *Ledger) releaseMessages(ctx context.Context, run Run, who string) (int, error) {
	var held []Notification
	for n, err := range l.open(ctx, run.Job) {
		if err != nil {
			return 0, err
		}
		if n.State == Held && n.Run == run.ID {
			n.Released = true
			held = append(held, n)
		}
	}
	if len(held) == 0 {
		return 0, nil
	}
	moved, err := l.Move(ctx, held, Change{To: Queued, Run: run.ID, Detail: "released by " + who})
	return len(moved), err
}

// adopted marks that the state was put back. The first good run of each job after it holds what it plans: it may have been
// planned and sent before.
const adopted = "adopted"

// holdPlan holds what a run has planned, if the state was put back since the last good run of the job.
func (b *Bot) holdPlan(ctx context.Context, job Job, run *Run, plan []Notification) error {
	back, err := b.Ledger.Marked(ctx, adopted)
	if err != nil {
		return err
	}
	seen, err := b.Ledger.Marked(ctx, adopted+"/"+job.Name)
	if err != nil || !back.After(seen) {
		return err
	}
	n := 0
	for i := range plan {
		if plan[i].State == Queued {
			plan[i].State, plan[i].Reason = Held, Interrupted
			plan[i].Changes = []Change{{At: b.Now(), To: Held, Run: run.ID, Reason: Interrupted, Detail: "the state was put back: it may have gone out since"}}
			n++
		}
	}
	if n == 0 {
		return nil
	}
	run.Warnings = append(run.Warnings, fmt.Sprintf("the state was put back from a copy: %d message(s) are held, because they may have gone out since; "+
		"see `restock ledger --state held`, then `restock runs release %s`", n, run.ID))
	return b.Ledger.hold(ctx, Hold{Run: run.ID, Job: job.Name, At: b.Now(), Messages: n})
}

// HoldAll holds everything that would be sent, of all jobs, because nobody knows whether it was sent already. It must be
// called while no run is going on.
func (l *Ledger) HoldAll(ctx context.Context, why string) (held int, err error) {
	if err := l.Mark(ctx, adopted, l.now()); err != nil { // what was opened and told since is held when it is found again
		return 0, err
	}
	for n, err := range l.All(ctx) {
		if err != nil {
			return held, err
		}
		to := []State{Held}
		switch n.State {
		case Queued, Retry:
		case Claimed:
			to = []State{Queued, Held}
		case DotPending:
			to = []State{Ambiguous}
		default:
			continue
		}
		for _, state := range to {
			moved, err := l.Move(ctx, []Notification{n}, Change{To: state, Reason: Interrupted, Detail: why})
			if err != nil {
				return held, err
			}
			if len(moved) == 0 {
				return held, fmt.Errorf("notification %s: %w", n.Key, ErrConflict)
			}
			n = moved[0]
		}
		held++
	}
	return held, nil
}
