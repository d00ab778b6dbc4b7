package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Divider is a Sites that can read parts of a list, for several workers.
type Divider interface {
	// StockPages looks at the first page of the stock list. Pages is 0 where the list cannot be divided.
	StockPages(ctx context.Context, site string) (Pages, error)
	// StockPart reads some of its pages.
	StockPart(ctx context.Context, site string, p Pages, from, to int) (Part, error)
	// Merged notes what a reading of several workers looked like, as one.
	Merged(site string, s Shape, text string)
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

// rows is how many rows a range of pages must have.
func (p Pages) rows(from, to int) int { return min(to*p.PerPage, p.Total) - (from-1)*p.PerPage }

// Part is what one worker has read.
type Part struct {
	Levels   []StockLevel `json:"levels"`
	Rows     int          `json:"rows"` // also those that are left out by where:
	Total    int          `json:"total"`
	Shape    Shape        `json:"shape"`
	Warnings []string     `json:"warnings,omitempty"`
}

// Shard is a part of a reading that waits for a worker, is at work, or is done.
type Shard struct {
	Run    string    `json:"run"`
	Job    string    `json:"job"`
	Site   string    `json:"site"`
	Pages  Pages     `json:"of"`
	From   int       `json:"from"`
	To     int       `json:"to"`
	Worker string    `json:"worker,omitempty"`
	Until  time.Time `json:"until,omitzero"` // the worker is taken for dead after this, unless it has said that it is at work
	Tried  int       `json:"tried"`
	Done   bool      `json:"done,omitempty"`  // its part stands in Parts
	Error  string    `json:"error,omitempty"` // of the last try

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

// readStock reads the stock: by itself, or with other workers where the job has some and the list is long.
func (b *Bot) readStock(ctx context.Context, job Job, run *Run) (Reading, error) {
	d, ok := b.Sites.(Divider)
	if !ok || job.Workers < 2 {
		return b.Sites.Stock(ctx, job.IMS)
	}
	p, err := d.StockPages(ctx, job.IMS)
	if err != nil || p.Pages < leastPages {
		if err != nil {
			return Reading{}, err
		}
		return b.Sites.Stock(ctx, job.IMS)
	}
	parts, workers, err := b.divide(ctx, job, run, d, p)
	if err != nil {
		return Reading{}, err
	}
	reading, shape, why := merge(p, parts, b.Now())
	if why != "" { // somebody was changing it: one reading from the first page to the last tells
		run.Warnings = append(run.Warnings, "the stock list moved while several workers read it, and was read again by one: "+why)
		return b.Sites.Stock(ctx, job.IMS)
	}
	d.Merged(job.IMS, shape, fmt.Sprintf("read %d rows on %d pages by %d worker(s)", p.Total, p.Pages, workers))
	return reading, nil
}

// divide has a list read in shards, and returns them in order.
func (b *Bot) divide(ctx context.Context, job Job, run *Run, d Divider, p Pages) (parts []Part, workers int, err error) {
	l := b.Ledger
	var shards []Shard
	for from := 1; from <= p.Pages; from += shardPages {
		shards = append(shards, Shard{Run: run.ID, Job: job.Name, Site: job.IMS, Pages: p, From: from, To: min(from+shardPages-1, p.Pages), key: fmt.Sprintf("%s/%05d", run.ID, from)})
	}
	for i := range shards {
		if _, err := l.saveShard(ctx, &shards[i]); err != nil {
			return nil, 0, err
		}
	}
	defer func() { err = errors.Join(err, l.dropShards(context.WithoutCancel(ctx), run.ID)) }()
	w := Worker{Ledger: l, Name: "the run's own", Now: b.Now}
	for {
		list, err := l.shards(ctx, run.ID)
		if err != nil {
			return nil, 0, err
		}
		left := 0
		for _, s := range list {
			if !s.Done {
				left++
			}
			if !s.Done && s.Tried >= shardTries && s.Worker == "" {
				return nil, 0, &StepError{
					Class: DataContract, Site: job.IMS, Flow: "stock", Step: fmt.Sprintf("read pages %d to %d", s.From, s.To), Expected: "the pages to be read by one of the workers",
					Found: fmt.Sprintf("%d of them failed, the last: %s", s.Tried, s.Error), Hint: "look at the machines' logs; nothing was used. Without workers: one reads them all, and leaves evidence",
				}
			}
		}
		b.progress("reading the stock of %s: %d of %d parts are left", job.IMS, left, len(list))
		if left == 0 {
			return l.partsOf(ctx, list)
		}
		if worked, err := w.one(ctx, run.ID, func(context.Context, Shard) (Divider, error) { return d, nil }); err != nil {
			return nil, 0, err
		} else if worked {
			continue
		}
		select {
		case <-ctx.Done():
			return nil, 0, context.Cause(ctx)
		case <-time.After(shardLook):
		}
	}
}

// partsOf returns what was read of shards, in the order of their pages.
func (l *Ledger) partsOf(ctx context.Context, list []Shard) (parts []Part, workers int, err error) {
	slices.SortFunc(list, func(a, b Shard) int { return a.From - b.From })
	names := map[string]bool{}
	for _, s := range list {
		part, ok, err := get[Part](ctx, l.store, Parts, s.partKey())
		if err != nil || !ok {
			return nil, 0, errors.Join(err, fmt.Errorf("what was read of shard %s is not there", s.key))
		}
		parts, names[s.Worker] = append(parts, part), true
	}
	return parts, len(names), nil
}

// partKey is where this try's reading stands: what a worker has read that was taken for dead is another one.
func (s *Shard) partKey() string { return fmt.Sprintf("%s/%d", s.key, s.Tried) }

// savePart keeps what was read of a shard; the shard says so afterwards.
func (l *Ledger) savePart(ctx context.Context, s *Shard, part Part) error {
	value, err := json.Marshal(part)
	if err != nil {
		return err
	}
	_, err = l.store.Apply(ctx, Write{Table: Parts, Key: s.partKey(), Value: value, TTL: partLife}) // a conflict: it stands there already
	return err
}

// dropOldShards removes those of runs of a job that are gone.
func (l *Ledger) dropOldShards(ctx context.Context, job string) error {
	list, err := l.shards(ctx, "")
	if err != nil {
		return err
	}
	old := map[string]bool{}
	for _, s := range list {
		if s.Job == job && !old[s.Run] {
			old[s.Run] = true
			if err := l.dropShards(ctx, s.Run); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *Ledger) dropShards(ctx context.Context, run string) error {
	list, err := l.shards(ctx, run)
	if err != nil {
		return err
	}
	var writes []Write
	for _, s := range list {
		writes = append(writes, Write{Table: Shards, Key: s.key, Rev: s.rev})
	}
	for entry, err := range l.store.Scan(ctx, Parts, run+"/") {
		if err != nil {
			return err
		}
		writes = append(writes, Write{Table: Parts, Key: entry.Key, Rev: entry.Rev})
	}
	return l.attempt(ctx, writes)
}

// merge puts parts together, or says why they do not fit.
func merge(p Pages, parts []Part, now time.Time) (r Reading, shape Shape, why string) {
	r = Reading{Complete: CompleteYes, At: now, MaxChange: p.MaxChange, AbsentIsOut: p.AbsentIsOut}
	rows, seen := 0, map[string]bool{}
	for i, part := range parts {
		if part.Total != p.Total {
			return r, shape, fmt.Sprintf("the page says %d rows, and said %d before", part.Total, p.Total)
		}
		rows += part.Rows
		for _, level := range part.Levels {
			if seen[level.SKU] {
				return r, shape, fmt.Sprintf("%s is on two pages", level.SKU)
			}
			seen[level.SKU] = true
		}
		r.Levels, r.Warnings = append(r.Levels, part.Levels...), append(r.Warnings, part.Warnings...)
		if i == 0 {
			shape = part.Shape
			continue
		}
		shape.Rows += part.Shape.Rows
		for name, kinds := range part.Shape.Columns {
			for kind, n := range kinds {
				if shape.Columns[name] == nil {
					shape.Columns[name] = ColumnShape{}
				}
				shape.Columns[name][kind] += n
			}
		}
		for _, h := range part.Shape.Headers {
			if !slices.Contains(shape.Headers, h) {
				shape.Headers = append(shape.Headers, h)
			}
		}
	}
	if rows != p.Total {
		return r, shape, fmt.Sprintf("%d rows were read, while the page says %d", rows, p.Total)
	}
	return r, shape, ""
}
