package proposal

import (
	"strings"
	"testing"

	"restock/selectors/strict"
)

// TestRevalue changes one value, whatever the file looks like, and nothing else.
func TestRevalue(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		pos  strict.Pos
		want string // of the text; "" where it is left to people
	}{
		"in brackets":           {"  q: {header: On hand, type: number}  # how many\n", strict.Pos{Line: 1, Column: 6}, "  q: {header: New, type: number}  # how many\n"},
		"in quotes":             {"  q: {header: \"On, hand\", type: number}\n", strict.Pos{Line: 1, Column: 6}, "  q: {header: \"New\", type: number}\n"},
		"behind other letters":  {"  ä: {header: On hand}\n", strict.Pos{Line: 1, Column: 6}, "  ä: {header: New}\n"},
		"a block":               {"q:\n  type: number\n  header: On hand # the heading\n  # header: no\nother: x\n", strict.Pos{Line: 2, Column: 3}, "q:\n  type: number\n  header: New # the heading\n  # header: no\nother: x\n"},
		"a comment before it":   {"q:\n  # header: Old\n  header: On hand\n", strict.Pos{Line: 2, Column: 3}, "q:\n  # header: Old\n  header: New\n"},
		"the last of the list":  {"q: {type: number, header: On hand}", strict.Pos{Line: 1, Column: 4}, "q: {type: number, header: New}"},
		"with carriage returns": {"q: {header: On hand}\r\nr: 1\r\n", strict.Pos{Line: 1, Column: 4}, "q: {header: New}\r\nr: 1\r\n"},
		"a quoted key":          {"q: {\"header\": On hand}\n", strict.Pos{Line: 1, Column: 4}, ""},
		"an anchor":             {"q: &q {header: On hand}\n", strict.Pos{Line: 1, Column: 4}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, _, err := revalue(c.text, c.pos, "header", "New")
			if got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
}

// TestSpan: a value that is replaced as a whole ends where it ends, and comments are left to people.
func TestSpan(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		pos  strict.Pos
		want string // what the value is; "" where it is left to people
	}{
		"in brackets":       {"rows: {css: \"a} b\"} # all\n", strict.Pos{Line: 1, Column: 7}, "{css: \"a} b\"}"},
		"over lines":        {"rows: {css: a,\n  many: true}\nkey: x\n", strict.Pos{Line: 1, Column: 7}, "{css: a,\n  many: true}"},
		"a block":           {"rows:\n  css: a\n  many: true\nkey: x\n", strict.Pos{Line: 2, Column: 3}, "css: a\n  many: true"},
		"a comment after":   {"rows:\n  css: a\n  # of the key\nkey: x\n", strict.Pos{Line: 2, Column: 3}, "css: a"},
		"one of a list":     {"rows:\n  - css: a\n  - css: b\n", strict.Pos{Line: 2, Column: 5}, "css: a"},
		"a comment inside":  {"rows:\n  css: a # why\n  many: true\n", strict.Pos{Line: 2, Column: 3}, ""},
		"between the lines": {"rows:\n  css: a\n  # why\n  many: true\n", strict.Pos{Line: 2, Column: 3}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			from, to, err := span(c.text, c.pos)
			if got := c.text[from:to]; got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
}

// FuzzEdit: no file makes an edit panic, and what is not of the value stays.
func FuzzEdit(f *testing.F) {
	f.Add("q: {header: On hand}", 1, 4)
	f.Add("q:\n  header: 'it''s'\n", 2, 3)
	f.Fuzz(func(t *testing.T, text string, line, column int) {
		p := strict.Pos{Line: line, Column: column}
		if got, _, _, err := revalue(text, p, "header", "New"); err == nil && !strings.Contains(got, "New") {
			t.Errorf("%q became %q", text, got)
		}
		if from, to, err := span(text, p); err == nil && (from < 0 || to > len(text) || from > to) {
			t.Errorf("%d to %d of %d", from, to, len(text))
		}
	})
}
