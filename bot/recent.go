package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// RunQuery says which runs are wanted.
type RunQuery struct {
	Job     string     // "" is all
	Outcome RunOutcome // "" is all
	Before  string     // ID: only older ones
	After   string     // ID: only newer ones
	Limit   int
}

// Recent returns runs, newest first, without reading all that there ever were: their IDs begin with the day.
func (l *Ledger) Recent(ctx context.Context, q RunQuery) ([]Run, error) {
	oldest := ""
	for entry, err := range l.store.Scan(ctx, Runs, "") {
		if err != nil {
			return nil, err
		}
		oldest = entry.Key
		break
	}
	first, err := runDay(oldest)
	if err != nil {
		return nil, nil //nolint:nilerr // there is no run yet
	}
	day := l.now().UTC().Add(24 * time.Hour) // a clock that was ahead
	if d, err := runDay(q.Before); err == nil && d.Before(day) {
		day = d
	}
	wanted := q.wanted()
	if d, err := runDay(q.After); err == nil && d.After(first) {
		first = d
	}
	var list []Run
	for ; !day.Before(first) && len(list) < q.Limit; day = day.AddDate(0, 0, -1) {
		var some []Run
		for entry, err := range l.store.Scan(ctx, Runs, day.Format("20060102")) {
			if err != nil {
				return nil, err
			}
			if q.Before != "" && entry.Key >= q.Before || entry.Key <= q.After || !wanted(entry.Value) {
				continue
			}
			var run Run
			if err := json.Unmarshal(entry.Value, &run); err != nil {
				return nil, fmt.Errorf("run %s: %w: %w", entry.Key, errDecode, err)
			}
			if (q.Job == "" || run.Job == q.Job) && (q.Outcome == "" || run.Outcome == q.Outcome) {
				some = append(some, run)
			}
		}
		slices.Reverse(some)
		list = append(list, some[:min(len(some), q.Limit-len(list))]...)
	}
	return list, nil
}

// wanted tells records that cannot be of the job and the outcome from others, without decoding them: there are many.
func (q RunQuery) wanted() func([]byte) bool {
	var parts [][]byte
	for name, value := range map[string]string{"job": q.Job, "outcome": string(q.Outcome)} {
		if text, err := json.Marshal(value); err == nil && value != "" {
			parts = append(parts, append([]byte(`"`+name+`":`), text...))
		}
	}
	return func(record []byte) bool {
		return !slices.ContainsFunc(parts, func(part []byte) bool { return !bytes.Contains(record, part) })
	}
}

func runDay(id string) (time.Time, error) {
	day, _, _ := strings.Cut(id, "-")
	return time.Parse("20060102", day)
}

// indexed are the entries that find a notification: by its person, and by its product and restock.
func indexed(n Notification) (list []Write) {
	if len(n.Who) >= personSize {
		list = append(list, Write{Table: Index, Key: n.Who[:personSize] + "/" + n.Key, Value: []byte("1")})
	}
	return append(list, Write{Table: Index, Key: productKey(n.Job, n.Restock.SKU, n.Restock.Number) + n.Key, Value: []byte("1")})
}

// productKey begins the entries of a restock; no person's begins like it.
func productKey(job, sku string, number int) string {
	return "=" + episodeKey(job, sku, number) + "/"
}

// Of returns the notifications of whoever has an address or phone number that match, at most so many.
func (l *Ledger) Of(ctx context.Context, address string, limit int, match func(Notification) bool) ([]Notification, error) {
	return l.found(ctx, l.PersonOf(address)+"/", limit, match)
}

// PersonOf is [Ledger.Person] of an address or phone number as somebody types it.
func (l *Ledger) PersonOf(address string) string { return l.Person(normal(address)) }

// About returns the notifications of a product that match, those of the latest restocks first, at most so many; number 0 is all restocks.
// partly reports that there may be more of them.
func (l *Ledger) About(ctx context.Context, job, sku string, number, limit int, match func(Notification) bool) (list []Notification, partly bool, err error) {
	from, to := number, number
	if number == 0 {
		level, _, err := l.Level(ctx, job, sku)
		if err != nil {
			return nil, false, err
		}
		from, to = level.Episode+1, 1 // messages are written before the level is
	}
	for n := from; n >= to; n-- {
		if len(list) >= limit || from-n > mostRestocks {
			return list, true, nil
		}
		some, err := l.found(ctx, productKey(job, sku, n), limit-len(list), match)
		if err != nil {
			return nil, false, err
		}
		list = append(list, some...)
	}
	return list, len(list) >= limit, nil
}

// mostRestocks bounds how many restocks of a product are looked through.
const mostRestocks = 2000

// Unfinished returns notifications of a job of which something is left to do, in some of the states, at most so many. partly reports
// that there may be more of them.
func (l *Ledger) Unfinished(ctx context.Context, job string, limit int, states ...State) (list []Notification, partly bool, err error) {
	looked := 0
	for n, err := range l.open(ctx, job) {
		if err != nil {
			return nil, false, err
		}
		if looked++; looked > maxLooked || len(list) == limit {
			return list, true, nil
		}
		if len(states) == 0 || slices.Contains(states, n.State) {
			list = append(list, n)
		}
	}
	return list, false, nil
}

// InState returns notifications of a job in a state, at most so many: those of which something is left to do from the work list, others
// from the index of products, of which only the beginning is looked through. partly reports that there may be more of them.
func (l *Ledger) InState(ctx context.Context, job string, state State, limit int) (list []Notification, partly bool, err error) {
	list, partly, err = l.Unfinished(ctx, job, limit, state)
	if err != nil || len(list) == limit || state.Open() {
		return list, partly, err
	}
	have := map[string]bool{}
	for _, n := range list {
		have[n.Key] = true
	}
	looked := 0
	key := func(e Entry) string { return e.Key[strings.LastIndexByte(e.Key, '/')+1:] }
	for bare, err := range l.bare().each(ctx, l.store.Scan(ctx, Index, "="+job+"/"), key) {
		if err != nil {
			return nil, false, err
		}
		if looked++; looked > maxLooked || len(list) == limit {
			return list, true, nil
		}
		if bare.State != state || have[bare.Key] {
			continue
		}
		n, _, err := l.Find(ctx, bare.Key)
		if err != nil {
			return nil, false, err
		}
		list = append(list, n)
	}
	return list, partly, nil
}

// maxLooked bounds how much of the work list is looked through for a page.
const maxLooked = 5000

func (l *Ledger) found(ctx context.Context, prefix string, limit int, match func(Notification) bool) ([]Notification, error) {
	var list []Notification
	for n, err := range l.each(ctx, l.store.Scan(ctx, Index, prefix), func(e Entry) string { return e.Key[len(prefix):] }) {
		if err != nil {
			return nil, err
		}
		if match != nil && !match(n) {
			continue
		}
		if list = append(list, n); len(list) == limit {
			break
		}
	}
	return list, nil
}

// IndexAll makes the index of a state of an earlier restock, once.
func (l *Ledger) IndexAll(ctx context.Context) error {
	const mark = "indexed"
	if at, err := l.Marked(ctx, mark); err != nil || !at.IsZero() {
		return err
	}
	var writes []Write
	for n, err := range l.records(ctx) {
		if err != nil {
			return err
		}
		writes = append(writes, indexed(n)...)
	}
	for part := range slices.Chunk(writes, batch) {
		if _, err := l.store.Apply(ctx, part...); err != nil {
			return err
		}
	}
	return l.Mark(ctx, mark, l.now())
}
