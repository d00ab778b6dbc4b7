package bot

import (
	"sort"
	"time"
)

// Restock is one episode of a product being back: it opens when the product goes from none to some and closes when it is
// out again. Its number only grows, so a message belongs to exactly one episode.
type Restock struct {
	Job      string    `json:"job"`
	SKU      string    `json:"sku"`
	Number   int       `json:"number"`
	Name     string    `json:"name,omitempty"`
	URL      string    `json:"url,omitempty"`
	Quantity *Quantity `json:"quantity,omitempty"` // in stock when it opened
	Opened   time.Time `json:"opened"`
	OpenedBy string    `json:"opened_by"` // run
	Closed   time.Time `json:"closed,omitzero"`
	ClosedBy string    `json:"closed_by,omitempty"`
}

// Comparison is the difference between what was known and what was read.
type Comparison struct {
	Levels  []Level   // every level to remember, in order of SKU
	Opened  []Restock // products that came back
	Closed  []Restock // products whose restock is over
	Learned int       // SKUs seen for the first time: remembered, told to nobody
	Missing []string  // known SKUs that the reading did not show: they keep their last level
}

// Compare finds what a reading changes. It is pure: the same arguments give the same answer, so a run that was killed
// before it saved anything finds the same restocks under the same numbers.
//
//   - A SKU never seen before is learned and told to nobody.
//   - out → in opens the next restock; in → out closes it.
//   - Unknown, and a SKU that is not in the reading, change nothing.
func Compare(job, run string, known map[string]Level, read Reading) Comparison {
	var c Comparison
	seen := make(map[string]bool, len(read.Levels))
	for _, now := range read.Levels {
		seen[now.SKU] = true
		before, ok := known[now.SKU]
		next := Level{StockLevel: now, ReadAt: read.At, Run: run, Episode: before.Episode, Open: before.Open}
		switch {
		case !ok:
			c.Learned++
		case now.Availability == Unknown:
			next.Availability, next.Quantity = before.Availability, before.Quantity
		case before.Availability == Out && now.Availability == In:
			next.Episode, next.Open = before.Episode+1, true
			c.Opened = append(c.Opened, Restock{
				Job: job, SKU: now.SKU, Number: next.Episode, Name: now.Name, URL: now.URL,
				Quantity: now.Quantity, Opened: read.At, OpenedBy: run,
			})
		case now.Availability == Out && before.Open:
			next.Open = false
			c.Closed = append(c.Closed, Restock{
				Job: job, SKU: now.SKU, Number: before.Episode, Closed: read.At, ClosedBy: run,
			})
		}
		c.Levels = append(c.Levels, next)
	}
	for sku, before := range known {
		if seen[sku] {
			continue
		}
		c.Missing = append(c.Missing, sku)
		if read.AbsentIsOut && read.Complete == CompleteYes {
			c.absent(job, run, before, read.At)
		}
	}
	c.sort()
	return c
}

// absent notes that a known SKU is out of stock because a complete list does not show it.
func (c *Comparison) absent(job, run string, before Level, at time.Time) {
	next := before
	next.Quantity, next.Availability, next.Open = nil, Out, false // ReadAt stays: it was not read
	c.Levels = append(c.Levels, next)
	if before.Open {
		c.Closed = append(c.Closed, Restock{Job: job, SKU: before.SKU, Number: before.Episode, Closed: at, ClosedBy: run})
	}
}

func (c *Comparison) sort() {
	sort.Slice(c.Levels, func(i, j int) bool { return c.Levels[i].SKU < c.Levels[j].SKU })
	sort.Slice(c.Opened, func(i, j int) bool { return c.Opened[i].SKU < c.Opened[j].SKU })
	sort.Slice(c.Closed, func(i, j int) bool { return c.Closed[i].SKU < c.Closed[j].SKU })
	sort.Strings(c.Missing)
}
