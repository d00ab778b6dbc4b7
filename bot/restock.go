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
	// For the message, where the stock list says so.
	Variant string `json:"variant,omitempty"`
	Price   string `json:"price,omitempty"`
	Picture string `json:"picture,omitempty"` // address
	// Stock is how many there were later, where that changed. It is kept with the restock, not with its notifications.
	Stock []StockPoint `json:"stock,omitempty"`
}

// Comparison is the difference between what was known and what was read.
type Comparison struct {
	Levels  []Level   // every level to remember, in order of SKU
	Opened  []Restock // products that came back
	Resumed []Restock // products that are back within the cool-down: their restock goes on
	Closed  []Restock // products whose restock is over
	Learned int       // SKUs seen for the first time: remembered, told to nobody
	Missing []string  // known SKUs that the reading did not show: they keep their last level
}

// Compare finds what a reading changes. It is pure: the same arguments give the same answer, so a run that was killed
// before it saved anything finds the same restocks under the same numbers.
//
//   - A SKU never seen before is learned and told to nobody.
//   - out → in opens the next restock; in → out closes it once it has been out for the cool-down. A product that is back
//     earlier goes on with the same restock: flapping is one episode.
//   - Unknown, and a SKU that is not in the reading, change nothing.
func Compare(job, run string, known map[string]Level, read Reading, coolDown time.Duration) Comparison {
	var c Comparison
	seen := make(map[string]bool, len(read.Levels))
	for _, now := range read.Levels {
		seen[now.SKU] = true
		before, ok := known[now.SKU]
		next := Level{StockLevel: now, ReadAt: read.At, Run: run, Episode: before.Episode, Open: before.Open, OutSince: before.OutSince}
		switch {
		case !ok:
			if c.Learned++; now.Availability == Out {
				next.OutSince = read.At
			}
		case now.Availability == Unknown:
			next.Availability, next.Quantity = before.Availability, before.Quantity
		case now.Availability == Out:
			c.out(job, run, &next, before, read.At, coolDown)
		case before.Availability == Out:
			c.in(job, run, &next, before, read.At, coolDown)
		}
		c.Levels = append(c.Levels, next)
	}
	for sku, before := range known {
		if seen[sku] {
			continue
		}
		c.Missing = append(c.Missing, sku)
		if read.AbsentIsOut && read.Complete == CompleteYes {
			next := before
			next.Quantity, next.Availability = nil, Out // ReadAt stays: it was not read
			c.out(job, run, &next, before, read.At, coolDown)
			c.Levels = append(c.Levels, next)
		}
	}
	c.sort()
	return c
}

// out notes that a product is out of stock. Its restock is over when it stays so for the cool-down.
func (c *Comparison) out(job, run string, next *Level, before Level, at time.Time, coolDown time.Duration) {
	if next.OutSince.IsZero() {
		next.OutSince = at
	}
	if !before.Open || at.Sub(next.OutSince) < coolDown {
		return
	}
	next.Open = false
	c.Closed = append(c.Closed, Restock{Job: job, SKU: before.SKU, Number: before.Episode, Closed: at, ClosedBy: run})
}

// in notes that a product is back.
func (c *Comparison) in(job, run string, next *Level, before Level, at time.Time, coolDown time.Duration) {
	next.OutSince = time.Time{}
	back := Restock{
		Job: job, SKU: next.SKU, Number: before.Episode, Name: next.Name, URL: next.URL, Quantity: next.Quantity, Opened: at, OpenedBy: run,
		Variant: next.Variant, Price: next.Price, Picture: next.Picture,
	}
	if before.Open && at.Sub(before.OutSince) < coolDown {
		c.Resumed = append(c.Resumed, back)
		return
	}
	if before.Open {
		c.Closed = append(c.Closed, Restock{Job: job, SKU: before.SKU, Number: before.Episode, Closed: at, ClosedBy: run})
	}
	back.Number++
	next.Episode, next.Open = back.Number, true
	c.Opened = append(c.Opened, back)
}

func (c *Comparison) sort() {
	sort.Slice(c.Levels, func(i, j int) bool { return c.Levels[i].SKU < c.Levels[j].SKU })
	sort.Slice(c.Opened, func(i, j int) bool { return c.Opened[i].SKU < c.Opened[j].SKU })
	sort.Slice(c.Resumed, func(i, j int) bool { return c.Resumed[i].SKU < c.Resumed[j].SKU })
	sort.Slice(c.Closed, func(i, j int) bool { return c.Closed[i].SKU < c.Closed[j].SKU })
	sort.Strings(c.Missing)
}
