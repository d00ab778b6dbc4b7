package bot

import "fmt"

// Guards are the limits within which a reading is believed without a person. They stand between the pages and the ledger: a
// reading that violates one is read a second time from scratch, and held when the second one says the same.
type Guards struct {
	Rows     int  // percent that the number of rows may differ from the last reading, if it is more than [fewChanges] rows
	Restocks int  // percent of the catalogue that may come back at once
	SoldOut  int  // percent of what is in stock that may be out at once
	BadRows  int  // percent of the rows that may have a quantity which cannot be read; those products keep what is known
	Confirm  bool // every restock is confirmed by a second reading, not only an unusual one
	Off      bool // for tests only: believe everything
}

// DefaultGuards are those that a job has unless its file says otherwise.
func DefaultGuards() Guards { return Guards{Rows: 20, Restocks: 25, SoldOut: 30, BadRows: 1} }

// fewChanges are never unusual, however small the catalogue.
const fewChanges = 10

// Doubt is a guard that a reading violates.
type Doubt struct {
	Guard    string `json:"guard"` // rows, replaced, all-out, page-out, sold-out, restocks, waiting
	Expected string `json:"expected"`
	Found    string `json:"found"`
	Measure  int    `json:"measure"`         // percent, or a number
	Where    string `json:"where,omitempty"` // page of the list
}

// doubts says in which ways a reading is unusual. It is pure.
func (g Guards) doubts(known map[string]Level, read Reading, c Comparison) []Doubt {
	if g.Off || len(known) == 0 {
		return nil
	}
	var list []Doubt
	doubt := func(guard string, measure int, expected, found string, args ...any) {
		list = append(list, Doubt{Guard: guard, Expected: expected, Found: fmt.Sprintf(found, args...), Measure: measure})
	}
	before, now := lastRows(known), len(read.Levels)
	if diff := abs(now - before); before > 0 && diff > fewChanges && percent(diff, before) > g.Rows {
		doubt("rows", percent(diff, before), fmt.Sprintf("about %d rows, as last time (guards.rows %d%%)", before, g.Rows), "%d rows", now)
	}
	if gone := len(c.Missing) - missingBefore(known); gone > fewChanges && percent(gone, before) > g.Rows {
		doubt("replaced", percent(gone, before), fmt.Sprintf("the products of last time (guards.rows %d%%)", g.Rows), "%d of them are not on the list, and %d are new", gone, c.Learned)
	}
	stocked := 0 // of what the reading shows
	for _, level := range read.Levels {
		if known[level.SKU].Availability == In {
			stocked++
		}
	}
	gone := 0
	for _, level := range c.Levels {
		if level.Availability == Out && known[level.SKU].Availability == In {
			gone++
		}
	}
	some, none := stocked > 1 || gone > 1, noneLeft(c)
	switch {
	case some && gone > 0 && none:
		doubt("all-out", 100, "something in stock", "nothing at all in stock, while %d of %d products were before", gone, max(stocked, gone))
	case gone > fewChanges && percent(gone, max(stocked, gone)) > g.SoldOut:
		doubt("sold-out", percent(gone, max(stocked, gone)), fmt.Sprintf("at most %d%% of the products sold out at once (guards.sold_out)", g.SoldOut),
			"%d of %d products that were in stock are out", gone, max(stocked, gone))
	}
	if page, n := pageOut(known, read); n > 0 && some && !none {
		doubt("page-out", n, "something in stock on every page of the list that had something", "all products of a page are out, %d of which were in stock: %s", n, page)
		list[len(list)-1].Where = page
	}
	if back := len(c.Opened); back > fewChanges && percent(back, len(known)) > g.Restocks {
		doubt("restocks", percent(back, len(known)), fmt.Sprintf("at most %d%% of the products back at once (guards.restocks)", g.Restocks),
			"%d of %d products are back at once", back, len(known))
	}
	return list
}

// nobody doubts an empty waiting list, when more people waited after the last run than were told since.
func (g Guards) nobody(waitedBefore, waiting int) []Doubt {
	if g.Off || waiting > 0 || waitedBefore < fewChanges {
		return nil
	}
	return []Doubt{{
		Guard: "waiting", Measure: waitedBefore, Expected: fmt.Sprintf("some of the %d requests that waited after the last run", waitedBefore),
		Found: "nobody waits",
	}}
}
