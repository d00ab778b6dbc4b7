package flows_test

import (
	"testing"

	"restock/bot"
)

// TestTwins holds the harnesses to their word: with the guards off, broken pages must be found to change something.
func TestTwins(t *testing.T) {
	off := careful()
	off.Guards = bot.Guards{Off: true}
	if found := broken(t, []mode{{"H3-zero", "/products"}}, 1, off); len(found) == 0 {
		t.Error("guards off: every quantity is zero, and nothing was found")
	} else {
		t.Log(found[0])
	}
}
