package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sort"
	"time"
)

// Ledger is everything the bot remembers: what is known of the stock, the restocks, and every notification with its
// state and the evidence for each change. It works on any [Store] and needs no transactions: writes are ordered so that a
// process that dies between two of them leaves nothing that the next run does not repair.
type Ledger struct {
	// Journals, if set, tell which messages of a dead run had begun to leave.
	Journals Journals
	// Vault, if set, seals who the customers are.
	Vault *Vault
	// Judge tells the clicks of people and of programs apart.
	Judge Judge

	store Store
	now   func() time.Time
}

// NewLedger returns the ledger kept in a store.
func NewLedger(store Store, now func() time.Time) *Ledger { return &Ledger{store: store, now: now} }

func levelKey(job, sku string) string { return job + "/" + sku }

func episodeKey(job, sku string, number int) string {
	return fmt.Sprintf("%s/%s/%09d", job, sku, number)
}

func workKey(n Notification) string { return n.Job + "/" + n.Key }

// Known returns the last known level of every SKU of a job.
func (l *Ledger) Known(ctx context.Context, job string) (map[string]Level, error) {
	known := map[string]Level{}
	for level, err := range decoded[Level](l.store.Scan(ctx, Levels, job+"/")) {
		if err != nil {
			return nil, err
		}
		known[level.SKU] = level
	}
	return known, nil
}

// Commit saves what a reading changed: first the notifications under their keys, then the restocks, and the known levels
// last. If it is cut short, the next run still sees the old level, finds the same restock under the same number, and
// makes the same notifications again.
func (l *Ledger) Commit(ctx context.Context, c Comparison, plan []Notification) error {
	if err := l.addAll(ctx, plan); err != nil {
		return err
	}
	for _, r := range c.Opened {
		if err := l.put(ctx, Episodes, episodeKey(r.Job, r.SKU, r.Number), func([]byte) (any, error) { return r, nil }); err != nil {
			return err
		}
	}
	for _, closed := range c.Closed {
		if err := errors.Join(l.closeEpisode(ctx, closed), l.forgetAsked(ctx, closed)); err != nil {
			return err
		}
	}
	return nil
}

// SaveLevels remembers the levels of a comparison; it must come after Commit.
func (l *Ledger) SaveLevels(ctx context.Context, job string, c Comparison) error {
	revs := map[string]uint64{}
	for entry, err := range l.store.Scan(ctx, Levels, job+"/") {
		if err != nil {
			return err
		}
		revs[entry.Key] = entry.Rev
	}
	writes := make([]Write, 0, len(c.Levels))
	for _, level := range c.Levels {
		value, err := json.Marshal(level)
		if err != nil {
			return err
		}
		key := levelKey(job, level.SKU)
		writes = append(writes, Write{Table: Levels, Key: key, Value: value, Rev: revs[key]})
	}
	return l.apply(ctx, writes)
}

// addAll inserts notifications; those whose key stands there already are left as they are.
func (l *Ledger) addAll(ctx context.Context, plan []Notification) error {
	sort.Slice(plan, func(i, j int) bool { return plan[i].Key < plan[j].Key })
	if err := l.seal(ctx, pointers(plan)); err != nil {
		return err
	}
	writes := l.asked(plan)
	for _, n := range plan {
		if n.Open() || n.SameAs != "" {
			writes = append(writes, Write{Table: Work, Key: workKey(n), Value: []byte("1")})
		}
		writes = append(append(writes, Write{Table: Notifications, Key: n.Key, Value: n.encode()}), indexed(n)...) // a conflict: planned before
	}
	if len(writes) == 0 {
		return nil
	}
	out, err := l.store.Apply(ctx, writes...)
	if err != nil {
		return err
	}
	return l.unwork(ctx, writes, out)
}

// unwork takes off the work list what was planned again and is finished long since: its product was out only for a moment.
func (l *Ledger) unwork(ctx context.Context, writes []Write, out []Outcome) error {
	var done []Notification
	for i, w := range writes {
		if w.Table != Notifications || !out[i].Conflict {
			continue
		}
		n, ok, err := l.Find(ctx, w.Key)
		if err != nil {
			return err
		}
		if ok && !n.Open() && n.SameAs == "" {
			done = append(done, n)
		}
	}
	return l.finish(ctx, done)
}

func (l *Ledger) closeEpisode(ctx context.Context, closed Restock) error {
	return l.put(ctx, Episodes, episodeKey(closed.Job, closed.SKU, closed.Number), func(old []byte) (any, error) {
		r := closed
		if old != nil {
			if err := json.Unmarshal(old, &r); err != nil {
				return nil, err
			}
		}
		r.Closed, r.ClosedBy = closed.Closed, closed.ClosedBy
		return r, nil
	})
}

// put reads a value and writes what change makes of it.
func (l *Ledger) put(ctx context.Context, table Table, key string, change func(old []byte) (any, error)) error {
	entry, err := l.store.Get(ctx, table, key)
	if err != nil {
		return err
	}
	record, err := change(entry.Value)
	if err != nil {
		return err
	}
	value, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return l.apply(ctx, []Write{{Table: table, Key: key, Value: value, Rev: entry.Rev}})
}

// apply does writes that must not conflict.
func (l *Ledger) apply(ctx context.Context, writes []Write) error {
	if len(writes) == 0 {
		return nil
	}
	out, err := l.store.Apply(ctx, writes...)
	if err != nil {
		return err
	}
	for i, o := range out {
		if o.Conflict {
			return fmt.Errorf("%s %s: %w", writes[i].Table, writes[i].Key, ErrConflict)
		}
	}
	return nil
}

// attempt does writes of which a conflict says that somebody else has done the same, or has something newer to say.
func (l *Ledger) attempt(ctx context.Context, writes []Write) error {
	if len(writes) == 0 {
		return nil
	}
	_, err := l.store.Apply(ctx, writes...)
	return err
}

// All yields every notification in the order of keys.
func (l *Ledger) All(ctx context.Context) iter.Seq2[Notification, error] {
	return inParts(l.store.Scan(ctx, Notifications, ""), func(part []Entry) ([]Notification, error) { return l.decodeAll(ctx, part) })
}

// records yields every notification without what is sealed in it, which takes less time.
func (l *Ledger) records(ctx context.Context) iter.Seq2[Notification, error] {
	return l.bare().All(ctx)
}

// bare is the ledger as whoever reads it who has not the key: what is sealed stays sealed.
func (l *Ledger) bare() *Ledger {
	bare := *l
	bare.Vault = nil
	return &bare
}

// Where yields the notifications for which match is true. match sees them without what is sealed, so that millions are passed
// over in seconds.
func (l *Ledger) Where(ctx context.Context, match func(n Notification) bool) iter.Seq2[Notification, error] {
	return func(yield func(Notification, error) bool) {
		for n, err := range l.records(ctx) {
			if err == nil && !match(n) {
				continue
			}
			if err == nil {
				if err = l.unseal(ctx, &n); err != nil {
					err = fmt.Errorf("notification %s: %w: %w", n.Key, errDecode, err)
				}
			}
			if !yield(n, err) {
				return
			}
		}
	}
}

// Find returns the notification under a key; ok is false where there is none.
func (l *Ledger) Find(ctx context.Context, key string) (n Notification, ok bool, err error) {
	entry, err := l.store.Get(ctx, Notifications, key)
	if err != nil || entry.Rev == 0 {
		return Notification{}, false, err
	}
	n, err = l.decode(ctx, entry, nil)
	return n, err == nil, err
}

// open yields the notifications of a job that are not finished.
func (l *Ledger) open(ctx context.Context, job string) iter.Seq2[Notification, error] {
	return func(yield func(Notification, error) bool) {
		for n, err := range l.each(ctx, l.store.Scan(ctx, Work, job+"/"), func(e Entry) string { return e.Key[len(job)+1:] }) {
			if err == nil && !n.Open() && n.SameAs == "" { // its writer died between the two writes: finished
				continue
			}
			if !yield(n, err) {
				return
			}
		}
	}
}

// Move takes notifications to a new state, each by compare-and-set. The result holds those that moved, with their new
// revision; one that somebody else changed meanwhile is left out.
func (l *Ledger) Move(ctx context.Context, batch []Notification, change Change) ([]Notification, error) {
	list := append([]Notification(nil), batch...)
	if err := l.advance(pointers(list), change); err != nil {
		return nil, err
	}
	return l.save(ctx, list)
}

func pointers(list []Notification) []*Notification {
	p := make([]*Notification, len(list))
	for i := range list {
		p[i] = &list[i]
	}
	return p
}

// advance changes notifications, unsaved. Where one of them cannot go there, none is changed.
func (l *Ledger) advance(list []*Notification, change Change) error {
	for _, n := range list {
		if err := checkMove(n.Key, n.State, change.To); err != nil {
			return err
		}
	}
	if change.At.IsZero() {
		change.At = l.now()
	}
	for _, n := range list {
		n.State, n.Reason = change.To, change.Reason
		n.Changes = append(n.Changes[:len(n.Changes):len(n.Changes)], change)
		if change.To == Accepted && n.inCRM() {
			n.FollowUp.State = FollowUpPending
		}
	}
	return nil
}

// settle records what became of an attempt. Somebody else may have taken it for interrupted meanwhile: what is proved counts more than
// that. But who comes back after another attempt has begun, with nothing that is proved, has nothing to say.
func (l *Ledger) settle(ctx context.Context, tried *Notification, change Change) error {
	key := tried.Key
	for range 3 {
		n, ok, err := l.Find(ctx, key)
		if err != nil || !ok {
			return errors.Join(err, fmt.Errorf("notification %s: %w", key, ErrConflict))
		}
		if n.State == change.To || n.State == Accepted || n.State == Bounced { // a receipt was faster
			return nil
		}
		if change.To != Accepted && n.Attempt != tried.Attempt || change.To == Queued && n.State != Claimed && n.State != DotPending {
			return nil
		}
		n.Due = tried.Due
		moved, err := l.Move(ctx, []Notification{n}, change)
		if err != nil || len(moved) == 1 {
			return err
		}
	}
	return fmt.Errorf("notification %s: %w", key, ErrConflict)
}

// save writes changed notifications and returns those that nobody else has changed.
func (l *Ledger) save(ctx context.Context, batch []Notification) ([]Notification, error) {
	done, err := l.saveAll(ctx, pointers(batch))
	if err != nil {
		return nil, err
	}
	saved := batch[:0]
	for i, n := range batch {
		if done[i] {
			saved = append(saved, n)
		}
	}
	return saved, nil
}

// saveAll writes changed notifications and takes the finished ones off the work list, in this order. It reports for each
// whether it was written: nobody else has changed it.
func (l *Ledger) saveAll(ctx context.Context, batch []*Notification) ([]bool, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	if err := l.seal(ctx, batch); err != nil {
		return nil, err
	}
	writes := make([]Write, len(batch))
	for i, n := range batch {
		writes[i] = Write{Table: Notifications, Key: n.Key, Value: n.encode(), Rev: n.rev}
	}
	out, err := l.store.Apply(ctx, writes...)
	if err != nil {
		return nil, err
	}
	done := make([]bool, len(batch))
	var finished []Notification
	for i, n := range batch {
		if out[i].Conflict {
			continue
		}
		n.rev, done[i] = out[i].Rev, true
		if !n.Open() {
			finished = append(finished, *n)
		}
	}
	return done, l.finish(ctx, finished)
}

// finish takes notifications off the work list.
func (l *Ledger) finish(ctx context.Context, done []Notification) error {
	var writes []Write
	for _, n := range done {
		entry, err := l.store.Get(ctx, Work, workKey(n))
		if err != nil {
			return err
		}
		if entry.Rev != 0 {
			writes = append(writes, Write{Table: Work, Key: workKey(n), Rev: entry.Rev})
		}
	}
	if len(writes) == 0 {
		return nil
	}
	if err := l.attempt(ctx, writes); err != nil {
		return err
	}
	return l.stillOpen(ctx, done)
}

// stillOpen puts back on the work list what somebody has noted something on while it was taken off.
func (l *Ledger) stillOpen(ctx context.Context, list []Notification) error {
	bare := l.bare()
	for _, n := range list {
		now, ok, err := bare.Find(ctx, n.Key)
		if err != nil {
			return err
		}
		if ok && now.Open() {
			if _, err := l.store.Apply(ctx, Write{Table: Work, Key: workKey(now), Value: []byte("1")}); err != nil {
				return err
			}
		}
	}
	return nil
}

// errDecode marks a stored record that cannot be read: the file is damaged or of a newer version.
var errDecode = errors.New("a stored record cannot be read")

func (l *Ledger) decode(ctx context.Context, entry Entry, err error) (Notification, error) {
	n := Notification{rev: entry.Rev}
	if err != nil {
		return n, err
	}
	if err = n.decode(entry.Value); err == nil {
		err = l.unseal(ctx, &n)
	}
	if err != nil {
		err = fmt.Errorf("notification %s: %w: %w", entry.Key, errDecode, err)
	}
	return n, err
}

func decoded[T any](entries iter.Seq2[Entry, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for entry, err := range entries {
			var record T
			if err == nil {
				if err = json.Unmarshal(entry.Value, &record); err != nil {
					err = fmt.Errorf("%s: %w: %w", entry.Key, errDecode, err)
				}
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

// Entries yields the entries of a table as they are stored.
func (l *Ledger) Entries(ctx context.Context, table Table) iter.Seq2[Entry, error] {
	return l.store.Scan(ctx, table, "")
}
