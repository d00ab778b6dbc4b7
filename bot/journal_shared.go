package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// SharedJournals keep the journals of runs in the store itself, for several machines: a machine that is gone takes its files with it.
// Each message costs a write before it leaves. In return only those that had begun to leave are ambiguous when a machine is lost, and
// a machine that stood still, and goes on after its run was given to another one, can send nothing: its attempts are taken.
type SharedJournals struct {
	Store Store
	// Own, if set, keeps journals on this machine too, for `ledger audit`.
	Own Journals
}

// sharedLimit bounds a write to a shared journal: a failover is waited for.
const sharedLimit = 90 * time.Second

// sealLife is how long an attempt stays taken that another run has judged as not sent. A machine that stood still for longer does not
// know the ledger any more either: its claim on the message has changed.
const sealLife = 7 * 24 * time.Hour

// left is what a shared journal keeps of an attempt.
type left struct {
	Sealed bool      `json:"sealed,omitempty"` // nobody may let it leave
	Done   *Delivery `json:"done,omitempty"`
}

func leftKey(run, key string, attempt int) string { return run + "/" + Attempted(key, attempt) }

// Create implements Journals.
func (j SharedJournals) Create(run string) (Journal, error) {
	s := &sharedJournal{store: j.Store, run: run, revs: map[string]uint64{}}
	if j.Own == nil {
		return s, nil
	}
	own, err := j.Own.Create(run)
	s.own = own
	return s, err
}

// Read implements Journals. Everything that was noted is there: the store keeps it.
func (j SharedJournals) Read(run string) (Trace, error) {
	ctx, cancel := context.WithTimeout(context.Background(), sharedLimit)
	defer cancel()
	t := Trace{Whole: true, Left: map[string]bool{}, Done: map[string]Delivery{}}
	for entry, err := range j.Store.Scan(ctx, Left, run+"/") {
		if err != nil {
			return t, err
		}
		var l left
		if err := json.Unmarshal(entry.Value, &l); err != nil {
			return t, fmt.Errorf("journal of run %s: %w: %w", run, errDecode, err)
		}
		attempt := strings.TrimPrefix(entry.Key, run+"/")
		if l.Sealed {
			continue
		}
		t.Left[attempt] = true
		if l.Done != nil {
			t.Done[attempt] = *l.Done
		}
	}
	return t, nil
}

// seal takes an attempt that has not begun to leave, so that it never will. It reports whether it has left meanwhile.
func (j SharedJournals) seal(ctx context.Context, run, key string, attempt int) (gone bool, err error) {
	value, err := json.Marshal(left{Sealed: true})
	if err != nil {
		return false, err
	}
	name := leftKey(run, key, attempt)
	out, err := j.Store.Apply(ctx, Write{Table: Left, Key: name, Value: value, TTL: sealLife})
	if err != nil || !out[0].Conflict {
		return false, err
	}
	entry, err := j.Store.Get(ctx, Left, name)
	if err == nil && entry.Rev == 0 { // its run has just ended: everything of it stands in the ledger
		return true, nil
	}
	var l left
	if err == nil {
		err = json.Unmarshal(entry.Value, &l)
	}
	return !l.Sealed, err
}

// Remove implements Journals. What is sealed stays so.
func (j SharedJournals) Remove(run string) error {
	ctx, cancel := context.WithTimeout(context.Background(), sharedLimit)
	defer cancel()
	writes, err := j.marks(ctx, func(id string) (bool, error) { return id == run, nil })
	if err != nil || len(writes) == 0 {
		return err
	}
	_, err = j.Store.Apply(ctx, writes...)
	return err
}

// marks implements marker. What is sealed stays so.
func (j SharedJournals) marks(ctx context.Context, of func(run string) (bool, error)) (writes []Write, err error) {
	known := map[string]bool{}
	for entry, err := range j.Store.Scan(ctx, Left, "") {
		if err != nil {
			return nil, err
		}
		run, _, _ := strings.Cut(entry.Key, "/")
		wanted, asked := known[run]
		if !asked {
			if wanted, err = of(run); err != nil {
				return nil, err
			}
			known[run] = wanted
		}
		var l left
		if wanted && json.Unmarshal(entry.Value, &l) == nil && !l.Sealed {
			writes = append(writes, Write{Table: Left, Key: entry.Key, Rev: entry.Rev})
		}
	}
	return writes, nil
}

// Runs implements Journals.
func (j SharedJournals) Runs() ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), sharedLimit)
	defer cancel()
	var list []string
	for entry, err := range j.Store.Scan(ctx, Left, "") {
		if err != nil {
			return nil, err
		}
		run, _, _ := strings.Cut(entry.Key, "/")
		if len(list) == 0 || list[len(list)-1] != run {
			list = append(list, run)
		}
	}
	return list, nil
}

// sharedJournal is the journal of one run.
type sharedJournal struct {
	store Store
	own   Journal // may be nil
	run   string

	mu   sync.Mutex
	revs map[string]uint64 // of what has left
	done []Write           // to be written with what leaves next
}

// errTaken says that another run has judged an attempt.
var errTaken = errors.New("this run was taken for dead, and another one decides about its messages")

// Leave implements Journal.
func (s *sharedJournal) Leave(key string, attempt int) error {
	value, err := json.Marshal(left{})
	if err != nil {
		return err
	}
	s.mu.Lock()
	writes := s.done
	s.done = nil
	s.mu.Unlock()
	name := leftKey(s.run, key, attempt)
	writes = append(writes, Write{Table: Left, Key: name, Value: value})
	ctx, cancel := context.WithTimeout(context.Background(), sharedLimit)
	defer cancel()
	out, err := s.store.Apply(ctx, writes...)
	if err != nil {
		return err
	}
	if out[len(out)-1].Conflict {
		return errTaken
	}
	s.mu.Lock()
	for i, w := range writes {
		s.revs[w.Key] = out[i].Rev
	}
	s.mu.Unlock()
	if s.own != nil {
		return s.own.Leave(key, attempt)
	}
	return nil
}

// Done implements Journal.
func (s *sharedJournal) Done(key string, attempt int, d Delivery) error {
	value, err := json.Marshal(left{Done: &d})
	if err != nil {
		return err
	}
	name := leftKey(s.run, key, attempt)
	s.mu.Lock()
	if rev, ok := s.revs[name]; ok { // it had begun to leave
		s.done = append(s.done, Write{Table: Left, Key: name, Value: value, Rev: rev})
	}
	s.mu.Unlock()
	if s.own != nil {
		return s.own.Done(key, attempt, d)
	}
	return nil
}

// End implements Journal.
func (s *sharedJournal) End() error {
	s.mu.Lock()
	var writes []Write
	for name, rev := range s.revs {
		writes = append(writes, Write{Table: Left, Key: name, Rev: rev})
	}
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), sharedLimit)
	defer cancel()
	_, err := s.store.Apply(ctx, writes...)
	if s.own != nil {
		err = errors.Join(err, s.own.End())
	}
	return err
}

// Close implements Journal.
func (s *sharedJournal) Close() error {
	s.mu.Lock()
	writes := s.done
	s.done = nil
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), sharedLimit)
	defer cancel()
	var err error
	if len(writes) > 0 {
		_, err = s.store.Apply(ctx, writes...)
	}
	if s.own != nil {
		err = errors.Join(err, s.own.Close())
	}
	return err
}
