package bot

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"time"
)

// StockPoint is how many there were at a time.
type StockPoint struct {
	At       time.Time `json:"at"`
	Quantity Quantity  `json:"quantity"`
}

// maxPoints are kept of a restock; when there are more, every second is left out.
const maxPoints = 200

// Sold is how many units left the stock since the restock opened, as far as two readings differ; nil where the stock has no numbers.
// What came in meanwhile is not taken off.
func (r Restock) Sold() *Quantity {
	if r.Quantity == nil {
		return nil
	}
	sold, last := Quantity(0), *r.Quantity
	for _, p := range r.Stock {
		sold, last = sold+max(0, last-max(0, p.Quantity)), max(0, p.Quantity)
	}
	return &sold
}

// Restocks yields every restock.
func (l *Ledger) Restocks(ctx context.Context) iter.Seq2[Restock, error] {
	return decoded[Restock](l.store.Scan(ctx, Episodes, ""))
}

// JobNames lists the jobs that something is known of.
func (l *Ledger) JobNames(ctx context.Context) ([]string, error) {
	var names []string
	for entry, err := range l.store.Scan(ctx, Jobs, "") {
		if err != nil {
			return nil, err
		}
		if !strings.Contains(entry.Key, "/") {
			names = append(names, entry.Key)
		}
	}
	return names, nil
}

// sellThrough notes how the stock of open restocks goes down.
func (l *Ledger) sellThrough(ctx context.Context, job string, c Comparison) error {
	var writes []Write
	for _, level := range c.Levels {
		over := slices.ContainsFunc(c.Closed, func(r Restock) bool { return r.SKU == level.SKU })
		if level.Quantity == nil || level.Episode == 0 || !level.Open && !over {
			continue
		}
		entry, err := l.store.Get(ctx, Episodes, episodeKey(job, level.SKU, level.Episode))
		if err != nil {
			return err
		}
		if entry.Rev == 0 {
			continue
		}
		var r Restock
		if err := json.Unmarshal(entry.Value, &r); err != nil {
			return err
		}
		if !r.drop(level) {
			continue
		}
		value, err := json.Marshal(r)
		if err != nil {
			return err
		}
		writes = append(writes, Write{Table: Episodes, Key: entry.Key, Value: value, Rev: entry.Rev})
	}
	return l.apply(ctx, writes)
}

// drop takes a level into the record. It reports whether that changed anything.
func (r *Restock) drop(level Level) bool {
	last := r.Quantity
	if n := len(r.Stock); n > 0 {
		last = &r.Stock[n-1].Quantity
	}
	if last == nil || *last == *level.Quantity {
		return false
	}
	r.Stock = append(r.Stock, StockPoint{At: level.ReadAt, Quantity: *level.Quantity})
	if len(r.Stock) > maxPoints {
		kept := r.Stock[:0]
		for i, p := range r.Stock {
			if i%2 == 1 || i == len(r.Stock)-1 {
				kept = append(kept, p)
			}
		}
		r.Stock = kept
	}
	return true
}
