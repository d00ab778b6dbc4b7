package bot

import (
	"context"
	"strconv"
)

// Journal notes, beside the ledger, which messages of a run have left and what the other side said. Its notes are not forced
// to the disk: they survive the death of the process, not that of the machine. The ledger records dot-pending for many
// messages at once; the journal tells afterwards which of them had really begun to leave.
type Journal interface {
	// Leave notes that an attempt at a message leaves now.
	Leave(key string, attempt int) error
	// Done notes what became of it.
	Done(key string, attempt int, d Delivery) error
	// End closes and removes the journal: everything in it stands in the ledger.
	End() error
	// Close leaves it for the next run.
	Close() error
}

// Journals keeps the journals of runs.
type Journals interface {
	Create(run string) (Journal, error)
	// Read returns what the journal of a run tells; nothing, where there is none.
	Read(run string) (Trace, error)
	Remove(run string) error
	// Runs lists the runs that have one.
	Runs() ([]string, error)
}

// Trace is what is left of a run in its journal.
type Trace struct {
	// Whole says that nothing is missing: the machine has not been started anew since. Only then does it prove that a
	// message has not left.
	Whole bool
	Left  map[string]bool     // attempts that began to leave; see Attempted
	Done  map[string]Delivery // attempts of which the outcome is known
}

// Attempted names an attempt at a message in a trace.
func Attempted(key string, attempt int) string { return key + "/" + strconv.Itoa(attempt) }

// judge says what became of a message that stands as dot-pending.
func (t Trace) judge(n Notification) Delivery {
	attempt := Attempted(n.Key, n.Attempt)
	if d, ok := t.Done[attempt]; ok {
		return d
	}
	if t.Whole && !t.Left[attempt] {
		return Delivery{State: Queued, Reason: Interrupted, Detail: "the journal shows that it had not begun to leave"}
	}
	return Delivery{State: Ambiguous, Reason: Interrupted}
}

// sealer are Journals that can keep an attempt from leaving that has not begun to: seal reports whether it has.
type sealer interface {
	seal(ctx context.Context, run, key string, attempt int) (gone bool, err error)
}

// judgePending settles messages that stand as dot-pending, for a run, and returns those that were.
func (l *Ledger) judgePending(ctx context.Context, run string, pending []Notification) (settled []Notification, err error) {
	traces := map[string]Trace{}
	groups := map[Change][]Notification{}
	for _, n := range pending {
		trace, known := traces[n.Run]
		if !known && l.Journals != nil {
			if trace, err = l.Journals.Read(n.Run); err != nil {
				return nil, err
			}
			traces[n.Run] = trace
		}
		d := trace.judge(n)
		if shared, ok := l.Journals.(sealer); ok && d.State == Queued {
			gone, err := shared.seal(ctx, n.Run, n.Key, n.Attempt)
			if err != nil {
				return nil, err
			}
			if gone {
				d = Delivery{State: Ambiguous, Reason: Interrupted}
			}
		}
		if d.State == Retry {
			n.Due = l.now().Add(backoff(n.Attempt))
		}
		change := Change{To: d.State, Run: run, Reason: d.Reason, Detail: d.Detail}
		groups[change] = append(groups[change], n)
	}
	for change, list := range groups {
		moved, err := l.Move(ctx, list, change)
		if err != nil {
			return settled, err
		}
		settled = append(settled, moved...)
	}
	return settled, nil
}

// marker are Journals of several machines: marks are the writes that remove what stands in them of some runs at this moment.
type marker interface {
	marks(ctx context.Context, of func(run string) (bool, error)) ([]Write, error)
}

// swept returns what removes the journals of a job's runs that have ended. It is to be called when nothing of them is on its way any more:
// then everything in them stands in the ledger.
func (l *Ledger) swept(ctx context.Context, job string) (remove func(context.Context) error, err error) {
	ended := func(id string) (bool, error) {
		run, ok, err := l.Run(ctx, id)
		return ok && run.Job == job && run.Outcome != Running, err
	}
	if m, shared := l.Journals.(marker); shared {
		writes, err := m.marks(ctx, ended)
		return func(ctx context.Context) error { return l.attempt(ctx, writes) }, err
	}
	return func(context.Context) error {
		if l.Journals == nil {
			return nil
		}
		ids, err := l.Journals.Runs()
		if err != nil {
			return err
		}
		for _, id := range ids {
			over, err := ended(id)
			if err == nil && over {
				err = l.Journals.Remove(id)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}, nil
}
