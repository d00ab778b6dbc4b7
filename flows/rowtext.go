package flows

import (
	"fmt"
	"strings"

	"restock/bot"
	"restock/selectors"
)

// maxName is how much of a name is kept: it stands in messages and in the state.
const maxName = 300

// capped makes a text of a page fit for a message and the state: one line, nothing that commands, not too long.
func capped(s string, most int) string {
	s = strings.Join(strings.Fields(bot.Printable(s)), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most-1]) + "…"
	}
	return s
}

func unreadable(r *selectors.Reading, row record, column, expected string) error {
	place := r.Pos
	if fields := r.Columns[column]; len(fields) > 0 {
		place = fields[0].Pos
	} else if r.Detail != nil && len(r.Detail.Columns[column]) > 0 {
		place = r.Detail.Columns[column][0].Pos
	}
	return &bot.StepError{
		Class: bot.DataContract, Step: fmt.Sprintf("row %d, column %s", row.index+1, column), Place: place.String(),
		Expected: expected, Found: fmt.Sprintf("%q", short(row.cells[column].Raw)), Hint: "correct the field in the selector file",
	}
}

// matches reports whether a row passes where:, as far as its columns are known yet.
func matches(where map[string]string, row record) bool {
	for column, text := range where {
		if _, known := row.cells[column]; !known {
			continue
		}
		pattern, err := selectors.Pattern(text)
		if err != nil || !pattern.MatchString(row.text(column)) {
			return false
		}
	}
	return true
}

// count writes a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
