package bot

import (
	"time"
)

// missingBefore counts the known products that the last reading did not show either.
func missingBefore(known map[string]Level) int { return len(known) - lastRows(known) }

func noneIn(read Reading) bool {
	for _, level := range read.Levels {
		if level.Availability != Out {
			return false
		}
	}
	return len(read.Levels) > 0
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
