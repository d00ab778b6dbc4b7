package bot

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// FlushEvery is how long a click may wait until it is on disk: of clicks, so much is lost when the process is killed. Nothing else
// is kept this way.
const FlushEvery = 50 * time.Millisecond

// maxPending bounds the messages whose clicks wait to be written; more are refused, and counted in the log.
const maxPending = 20_000

// Clicker writes clicks down in groups, so that thousands a second can be answered. Run must be running.
type Clicker struct {
	Ledger *Ledger
	Log    *slog.Logger

	mu      sync.Mutex
	pending map[string]*Clicks
	kept    map[string]place // whose product was gone
	written *Flush
	lost    int
}

// Flush is one writing of what was pending.
type Flush struct {
	done chan struct{}
	err  error
}

// Wait returns when it is on disk, or why it is not.
func (f *Flush) Wait(ctx context.Context) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Add notes a hit, and keeps the place of whoever finds the product sold out, where the hit says so: episode is the number of its last
// restock. It returns the writing that it will be part of.
func (c *Clicker) Add(n *Notification, h Hit, episode int) *Flush {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin()
	one := c.pending[n.Key]
	switch {
	case one == nil && len(c.pending) >= maxPending:
		c.lost++
		return &Flush{done: closed(), err: errTooMany}
	case one == nil:
		one = &Clicks{Key: n.Key, Told: n.Told()}
		c.pending[n.Key] = one
	}
	if len(one.Hits) < maxHits {
		one.Hits = append(one.Hits, h)
	} else {
		one.More++
	}
	if h.Keep {
		c.kept[n.Key] = place{*n, episode}
	}
	return c.written
}

// errTooMany is why a click is not written down.
var errTooMany = errors.New("too many clicks at once")

func closed() chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

func (c *Clicker) begin() {
	if c.pending == nil {
		c.pending, c.kept, c.written = map[string]*Clicks{}, map[string]place{}, &Flush{done: make(chan struct{})}
	}
}

// Run writes until ctx ends, and what is left then.
func (c *Clicker) Run(ctx context.Context) {
	ticker := time.NewTicker(FlushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			c.flush(context.WithoutCancel(ctx))
			return
		case <-ticker.C:
			c.flush(ctx)
		}
	}
}

// flush writes what is pending. What cannot be written is pending again.
func (c *Clicker) flush(ctx context.Context) {
	c.mu.Lock()
	pending, kept, written, lost := c.pending, c.kept, c.written, c.lost
	c.pending, c.kept, c.written, c.lost = nil, nil, nil, 0
	c.mu.Unlock()
	if lost > 0 {
		c.Log.Warn("clicks were not counted: too many at once", slog.Int("clicks", lost))
	}
	if len(pending) == 0 {
		return
	}
	left, err := c.Ledger.AddClicks(ctx, pending)
	if err == nil {
		err = c.Ledger.keepPlaces(ctx, kept)
	}
	if err != nil {
		c.Log.Error("clicks could not be written; tried again", slog.String("error", err.Error()))
		left = pending
	}
	c.restore(left, kept, err != nil)
	written.err = err
	close(written.done)
}

// restore takes back what was not written.
func (c *Clicker) restore(left map[string]*Clicks, kept map[string]place, failed bool) {
	if len(left) == 0 && !failed {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin()
	for key, old := range left {
		if now := c.pending[key]; now != nil {
			old.add(now, maxHits)
		}
		c.pending[key] = old
	}
	if failed {
		maps.Copy(c.kept, kept)
	}
}

// add takes hits that came later, as long as there are fewer than a limit.
func (c *Clicks) add(later *Clicks, limit int) {
	for _, h := range later.Hits {
		switch {
		case slices.ContainsFunc(c.Hits, func(o Hit) bool { return o.At.Equal(h.At) && o.Agent == h.Agent && o.Net == h.Net && o.Trap == h.Trap }):
			// Written before, by a writing of which nothing was known.
		case len(c.Hits) < limit:
			c.Hits = append(c.Hits, h)
		default:
			c.More++
		}
	}
	c.More += later.More
}

// trim drops what is too much. A person's hit stays, and so does what other hits are judged by, as long as anything else is there.
func (c *Clicks) trim() {
	open := func(h Hit) bool { return h.Rule == "" || h.Rule == RuleScan }
	for _, spare := range []func(h Hit) bool{
		func(h Hit) bool {
			return !open(h) && !h.Trap && !slices.ContainsFunc(c.Hits, func(o Hit) bool { return open(o) && o.At.Sub(h.At).Abs() <= scanReach })
		},
		func(h Hit) bool { return h.Rule != "" && !h.Trap },
		func(Hit) bool { return true },
	} {
		for i := len(c.Hits) - 1; i >= 0 && len(c.Hits) > maxHits; i-- {
			if spare(c.Hits[i]) {
				c.Hits = slices.Delete(c.Hits, i, i+1)
				c.More++
			}
		}
	}
}

// AddClicks writes clicks, and notes for the next run where a person clicked for the first time. It returns those that somebody
// else has written meanwhile.
func (l *Ledger) AddClicks(ctx context.Context, pending map[string]*Clicks) (left map[string]*Clicks, err error) {
	var writes []Write
	var keys, news []string
	for key, later := range pending {
		entry, err := l.store.Get(ctx, ClickTable, key)
		if err != nil {
			return nil, err
		}
		c := Clicks{Key: key, Told: later.Told}
		if entry.Rev != 0 {
			if err := json.Unmarshal(entry.Value, &c); err != nil {
				return nil, err
			}
		}
		if c.Told.IsZero() { // it was opened before the mail server had said that it took it
			c.Told = later.Told
		}
		before := len(c.Human())
		c.add(later, 2*maxHits)
		slices.SortStableFunc(c.Hits, func(a, b Hit) int { return a.At.Compare(b.At) })
		l.Judge.Judge(&c)
		c.trim()
		value, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		if before == 0 && len(c.Human()) > 0 {
			news = append(news, inboxClick+key)
		}
		writes, keys = append(writes, Write{Table: ClickTable, Key: key, Value: value, Rev: entry.Rev}), append(keys, key)
	}
	if err := l.knock(ctx, news...); err != nil { // before, and after: see withNews
		return nil, err
	}
	out, err := l.store.Apply(ctx, writes...)
	if err != nil {
		return nil, err
	}
	if err := l.knock(ctx, news...); err != nil {
		return nil, err
	}
	left = map[string]*Clicks{}
	for i, o := range out {
		if o.Conflict && keys[i] != "" {
			left[keys[i]] = pending[keys[i]]
		}
	}
	return left, nil
}

// Sync waits until what was added before is on disk.
func (c *Clicker) Sync(ctx context.Context) error {
	c.mu.Lock()
	written := c.written
	c.mu.Unlock()
	if written == nil {
		return nil
	}
	return written.Wait(ctx)
}
