package bot

import (
	"maps"
	"slices"
	"time"
)

// A page of so many rows, of which so many were in stock, does not sell out as a whole by chance.
const (
	pageRows  = 8
	pageStock = 5
)

// pageOut finds the page of a list on which everything is out that was in stock before, and how much that was: its quantities
// were more likely not there yet. A list that is one page only is judged as a whole.
func pageOut(known map[string]Level, read Reading) (page string, n int) {
	type count struct{ rows, in, gone int }
	pages := map[string]*count{}
	for _, level := range read.Levels {
		p := pages[level.Source]
		if p == nil {
			p = &count{}
			pages[level.Source] = p
		}
		p.rows++
		switch {
		case level.Availability != Out:
			p.in++
		case known[level.SKU].Availability == In:
			p.gone++
		}
	}
	for _, source := range slices.Sorted(maps.Keys(pages)) {
		if p := pages[source]; len(pages) > 1 && p.rows >= pageRows && p.in == 0 && p.gone >= pageStock && p.gone > n {
			page, n = source, p.gone
		}
	}
	return page, n
}

// missingBefore counts the known products that the last reading did not show either.
func missingBefore(known map[string]Level) int { return len(known) - lastRows(known) }

// noneLeft reports whether nothing at all is in stock any more, what is absent from a whole list included.
func noneLeft(c Comparison) bool {
	return !slices.ContainsFunc(c.Levels, func(level Level) bool { return level.Availability == In })
}

func percent(part, whole int) int {
	if whole == 0 {
		return 100
	}
	return part * 100 / whole
}

// sameChanges reports whether two readings say the same of what came back and what is out.
func sameChanges(a, b Comparison) bool {
	if len(a.Levels) != len(b.Levels) {
		return false
	}
	for i := range a.Levels {
		if a.Levels[i].SKU != b.Levels[i].SKU || a.Levels[i].Availability != b.Levels[i].Availability {
			return false
		}
	}
	return true
}

// unconfirmed takes out of a reading the products whose availability a second reading does not confirm: they keep what was
// known. It returns how many there were.
func unconfirmed(read *Reading, second Reading) int {
	again := make(map[string]Availability, len(second.Levels))
	for _, level := range second.Levels {
		again[level.SKU] = level.Availability
	}
	n := 0
	for i, level := range read.Levels {
		if got, ok := again[level.SKU]; !ok || got != level.Availability {
			read.Levels[i].Availability, read.Levels[i].Quantity = Unknown, nil
			n++
		}
	}
	return n
}

// lastRows counts the levels that the last good reading showed.
func lastRows(known map[string]Level) int {
	var last time.Time
	n := 0
	for _, level := range known {
		switch {
		case level.ReadAt.After(last):
			last, n = level.ReadAt, 1
		case level.ReadAt.Equal(last):
			n++
		}
	}
	return n
}

func abs(n int) int { return max(n, -n) }
