package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Divider is a Sites that can read parts of a list, for several workers.
type Divider interface {
	// Undivided says why the stock list cannot be divided; "": it can.
	Undivided(site string) string
	// StockPages looks at the first page of the stock list. Pages is 0 where the list cannot be divided.
	StockPages(ctx context.Context, site string) (Pages, error)
	// StockPart reads some of its pages.
	StockPart(ctx context.Context, site string, p Pages, from, to int) (Part, error)
	// Merged notes what a reading of several workers looked like, as one.
	Merged(site string, s Shape, text string)
	// BySKU reports whether who waits is read product by product.
	BySKU(site string) bool
	// SubscribersPart reads who waits for some of the products.
	SubscribersPart(ctx context.Context, site string, skus []string) (Part, error)
	// MergedSubscribers notes what a reading of who waits looked like, as one, and whose names are to be hidden in pictures.
	MergedSubscribers(site string, s Shape, subs []Subscription, text string)
}

// Pages is how long a list is, by its own count.
type Pages struct {
	Pages   int `json:"pages"`
	PerPage int `json:"per_page"`
	Total   int `json:"total"` // rows
	// AbsentIsOut and MaxChange are as in Reading.
	AbsentIsOut bool `json:"absent_is_out,omitempty"`
	MaxChange   int  `json:"max_change,omitempty"`
}

// Shard is a part of a reading that waits for a worker, is at work, or is done.
type Shard struct {
	Run    string    `json:"run"`
	Job    string    `json:"job"`
	Site   string    `json:"site"`
	Pages  Pages     `json:"of,omitzero"`
	From   int       `json:"from,omitempty"`
	To     int       `json:"to,omitempty"`
	SKUs   []string  `json:"skus,omitempty"` // who waits for these is to be read; else pages of the stock
	Worker string    `json:"worker,omitempty"`
	Until  time.Time `json:"until,omitzero"` // the worker is taken for dead after this, unless it has said that it is at work
	Tried  int       `json:"tried"`
	Done   bool      `json:"done,omitempty"`   // its part stands in Parts
	Failed []string  `json:"failed,omitempty"` // workers that could not read it
	Error  string    `json:"error,omitempty"`  // of the last try

	key string
	rev uint64
}

// Limits of shards.
const (
	shardPages = 5                // of a shard
	leastPages = 2 * shardPages   // a shorter list is read by one
	shardLife  = 30 * time.Second // without a word of its worker
	shardTries = 3
	shardLook  = 300 * time.Millisecond
	partLife   = 6 * time.Hour // of what a worker has read that comes back when its run is gone
)

// shards lists the shards of a run, or of all.
func (l *Ledger) shards(ctx context.Context, run string) ([]Shard, error) {
	prefix := ""
	if run != "" {
		prefix = run + "/"
	}
	var list []Shard
	for entry, err := range l.store.Scan(ctx, Shards, prefix) {
		var s Shard
		if err == nil {
			err = json.Unmarshal(entry.Value, &s)
		}
		if err != nil {
			return nil, err
		}
		s.key, s.rev = entry.Key, entry.Rev
		list = append(list, s)
	}
	return list, nil
}

// save writes a shard, unless somebody else has.
func (l *Ledger) saveShard(ctx context.Context, s *Shard) (bool, error) {
	value, err := json.Marshal(s)
	if err != nil {
		return false, err
	}
	out, err := l.store.Apply(ctx, Write{Table: Shards, Key: s.key, Value: value, Rev: s.rev})
	if err != nil || out[0].Conflict {
		return false, err
	}
	s.rev = out[0].Rev
	return true, nil
}

// divide has shards read, by whoever has time, and returns what was read, in their order.
func (b *Bot) divide(ctx context.Context, run *Run, d Divider, shards []Shard) (parts []Part, workers []string, err error) {
	l := b.Ledger
	defer func() { err = errors.Join(err, l.dropShards(context.WithoutCancel(ctx), run.ID)) }()
	for i := range shards {
		shards[i].key = fmt.Sprintf("%s/%05d", run.ID, i)
		if _, err := l.saveShard(ctx, &shards[i]); err != nil {
			return nil, nil, err
		}
	}
	w := Worker{Ledger: l, Name: "the run's own", Now: b.Now}
	for {
		list, err := l.shards(ctx, run.ID)
		if err != nil {
			return nil, nil, err
		}
		if len(list) != len(shards) { // taken for dead, another run has removed them
			return nil, nil, fmt.Errorf("parts of what run %s reads are gone: %w", run.ID, errSomeone)
		}
		left := 0
		for _, s := range list {
			if s.Done {
				continue
			}
			left++
			if s.Tried >= shardTries && s.Worker == "" {
				return nil, nil, s.givenUp()
			}
		}
		b.progress("reading %s of %s: %d of %d parts are left", shards[0].flow(), shards[0].Site, left, len(list))
		if left == 0 {
			return l.partsOf(ctx, list)
		}
		if worked, err := w.one(ctx, run.ID, func(context.Context, Shard) (Divider, error) { return d, nil }); err != nil {
			return nil, nil, err
		} else if worked {
			continue
		}
		select {
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		case <-time.After(shardLook):
		}
	}
}
