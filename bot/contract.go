package bot

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Shape is what a reading looked like: its headings, the number of its rows, and of each column what kinds of values it had.
type Shape struct {
	Site    string                 `json:"site"`
	Flow    string                 `json:"flow"`
	Headers []string               `json:"headers,omitempty"`
	Rows    int                    `json:"rows"`
	Columns map[string]ColumnShape `json:"columns"`
	// Waiting counts the waiting subscriptions by the SKU that they name, where the whole list was read.
	Waiting map[string]int `json:"-"`
	// Whole says that the list was read without asking for a product.
	Whole bool `json:"-"`
}

// ColumnShape counts the values of a column by their kind.
type ColumnShape map[Kind]int

// Add counts the value of a column.
func (s *Shape) Add(column, value string) {
	if s.Columns == nil {
		s.Columns = map[string]ColumnShape{}
	}
	if s.Columns[column] == nil {
		s.Columns[column] = ColumnShape{}
	}
	s.Columns[column][KindOf(value)]++
}

// Contract is what the good readings of a list had in common. A reading that drifts from it is held: the page has more likely
// changed than the world.
type Contract struct {
	Site     string                    `json:"site"`
	Flow     string                    `json:"flow"`
	Readings int                       `json:"readings"`          // that it was learned from
	Learned  time.Time                 `json:"learned"`           // from the last of them
	Headers  [][]string                `json:"headers,omitempty"` // a set for each language of the site
	MinRows  int                       `json:"min_rows"`          // of the readings with rows
	MaxRows  int                       `json:"max_rows"`
	Columns  map[string]ColumnContract `json:"columns"`
}

// ColumnContract is what the values of a column had in common.
type ColumnContract struct {
	Kind  Kind    `json:"kind"`  // of nearly all values; "" where they are mixed
	Empty float64 `json:"empty"` // the largest share of empty cells so far
}

// Limits of drift. Small lists say little, so their shares are not judged.
const (
	fewRows     = 10   // fewer are not judged by shares
	nearlyAll   = 0.95 // of a column's values are of one kind
	stillMost   = 0.5  // of them must be later
	moreEmpty   = 0.25 // more empty cells than ever before
	bandFactor  = 2    // rows: half of the fewest, twice the most
	bandRounds  = 3    // readings before the number of rows is judged
	bandAtLeast = 10   // rows before their number is judged
)

// Drift says in which ways a reading differs from the contract, or nothing. A list without rows is judged by what proved it
// empty, not here.
func (c Contract) Drift(s Shape) []string {
	if c.Readings == 0 || s.Rows == 0 {
		return nil
	}
	list := c.headerDrift(s)
	for _, name := range slices.Sorted(maps.Keys(c.Columns)) {
		if drift := c.Columns[name].drift(name, s.Columns[name]); drift != "" {
			list = append(list, drift)
		}
	}
	if c.Flow == "stock" && c.Readings >= bandRounds && c.MinRows >= bandAtLeast && (s.Rows*bandFactor < c.MinRows || s.Rows > c.MaxRows*bandFactor) {
		list = append(list, fmt.Sprintf("%d rows, while there were %d to %d before", s.Rows, c.MinRows, c.MaxRows))
	}
	return list
}

func (c Contract) headerDrift(s Shape) []string {
	at := c.headersLike(s.Headers)
	if at < 0 {
		return nil
	}
	known := c.Headers[at]
	var list []string
	for _, h := range known {
		if !slices.Contains(s.Headers, h) {
			list = append(list, fmt.Sprintf("the heading %q is gone", h))
		}
	}
	for _, h := range s.Headers {
		if !slices.Contains(known, h) {
			list = append(list, fmt.Sprintf("the heading %q is new", h))
		}
	}
	return list
}

// headersLike returns the set of headings that has most in common with the given ones; -1 where none has anything: a page
// without any, or one in another language.
func (c Contract) headersLike(headers []string) int {
	best, most := -1, 0
	for i, set := range c.Headers {
		common := 0
		for _, h := range headers {
			if slices.Contains(set, h) {
				common++
			}
		}
		if common > most {
			best, most = i, common
		}
	}
	return best
}

func (c ColumnContract) drift(name string, s ColumnShape) string {
	all, empty := 0, s[EmptyKind]
	for _, n := range s {
		all += n
	}
	if all < fewRows {
		return ""
	}
	if share := float64(empty) / float64(all); share > c.Empty+moreEmpty {
		return fmt.Sprintf("%.0f%% of the column %s are empty, while at most %.0f%% were before", share*100, name, c.Empty*100)
	}
	filled := all - empty
	if c.Kind == "" || filled < fewRows {
		return ""
	}
	if share := float64(s[c.Kind]) / float64(filled); share < stillMost {
		return fmt.Sprintf("%.0f%% of the column %s are a %s, while nearly all were before", share*100, name, c.Kind)
	}
	return ""
}

// Learn takes a good reading into the contract.
func (c Contract) Learn(s Shape, at time.Time) Contract {
	c.Site, c.Flow, c.Learned = s.Site, s.Flow, at
	if s.Rows == 0 {
		return c
	}
	first := c.Readings == 0
	c.Readings++
	if at := c.headersLike(s.Headers); at >= 0 {
		c.Headers = slices.Clone(c.Headers)
		c.Headers[at] = s.Headers
	} else if len(s.Headers) > 0 {
		c.Headers = append(slices.Clone(c.Headers), s.Headers)
	}
	if first || s.Rows < c.MinRows {
		c.MinRows = s.Rows
	}
	c.MaxRows = max(c.MaxRows, s.Rows)
	columns := map[string]ColumnContract{}
	for name, shape := range s.Columns {
		before, known := c.Columns[name]
		columns[name] = before.learn(shape, known)
	}
	c.Columns = columns
	return c
}

func (c ColumnContract) learn(s ColumnShape, known bool) ColumnContract {
	all := 0
	for _, n := range s {
		all += n
	}
	if all < fewRows {
		return c
	}
	c.Empty = max(c.Empty, float64(s[EmptyKind])/float64(all))
	kind := Kind("")
	if filled := all - s[EmptyKind]; filled >= fewRows {
		for k, n := range s {
			if k != EmptyKind && float64(n) >= nearlyAll*float64(filled) {
				kind = k
			}
		}
		if !known || c.Kind == "" {
			c.Kind = kind
		}
		if c.Kind != kind {
			c.Kind = "" // mixed
		}
	}
	return c
}
