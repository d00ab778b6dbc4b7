package flows

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"restock/bot"
	"restock/selectors"
)

// record is one row that was read: its columns as restock understands them.
type record struct {
	cells  map[string]selectors.Parsed
	source string // address of the page
	index  int    // among the rows of its page
	print  string // the raw texts, to recognise the row again
}

func (r record) text(column string) string { return r.cells[column].Value }

// layout is the columns of a reading in a fixed order.
type layout struct {
	names   []string
	columns map[string]selectors.Column
	locale  string
}

func newLayout(columns map[string]selectors.Column, locale string) layout {
	return layout{slices.Sorted(maps.Keys(columns)), columns, locale}
}

func (l layout) selections() [][]selectors.Selection {
	list := make([][]selectors.Selection, len(l.names))
	for i, name := range l.names {
		for _, field := range l.columns[name] {
			list[i] = append(list[i], field.Selection())
		}
	}
	return list
}

// parse turns the cells of a row into values. The first alternative that is there and whose expression matches counts; a
// value that cannot be read, or is not there at all, is an error with the cell's text and the line of the file.
func (l layout) parse(row [][]selectors.Cell, index int, source string) (record, error) {
	r := record{cells: map[string]selectors.Parsed{}, source: source, index: index}
	var raw []string
	for i, name := range l.names {
		parsed, err := l.cell(name, row[i], index)
		if err != nil {
			return r, err
		}
		r.cells[name] = parsed
		raw = append(raw, parsed.Raw)
	}
	r.print = strings.Join(raw, "\x1f")
	return r, nil
}

func (l layout) cell(name string, tried []selectors.Cell, index int) (selectors.Parsed, error) {
	column := l.columns[name]
	found := "nothing"
	for i, cell := range tried {
		if cell.Value == nil {
			found = cell.Why
			continue
		}
		parsed, ok, err := column[i].Read(*cell.Value, l.locale)
		if err != nil {
			return parsed, &bot.StepError{
				Class: bot.DataContract, Step: fmt.Sprintf("row %d, column %s", index+1, name), Place: column[i].Pos.String(),
				Expected: "a " + kindOf(column[i]), Found: err.Error(), Hint: "correct the field in the selector file, or the data in the site",
			}
		}
		if ok {
			return parsed, nil
		}
		found = fmt.Sprintf("%q, which does not match %s", short(*cell.Value), column[i].Match)
	}
	return selectors.Parsed{}, &bot.StepError{
		Class: bot.PageChanged, Step: fmt.Sprintf("row %d, column %s", index+1, name), Place: column[0].Pos.String(),
		Expected: "a value for " + name, Found: found, Hint: "look at the screenshot and correct the column",
	}
}

func kindOf(f selectors.Field) string {
	switch {
	case len(f.Map) > 0:
		return "word of the map"
	case f.Type != "":
		return f.Type
	}
	return "text"
}

func short(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:77]) + "…"
	}
	return s
}

// key joins the columns that make a record unique.
func (r record) key(columns []string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = r.text(c)
	}
	return strings.Join(parts, "\x1f")
}
