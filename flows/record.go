package flows

import (
	"crypto/sha256"
	"errors"
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
	inPage string // the page's own print of it
	print  string // a hash of the raw texts, to recognise the row again
	bad    error  // a soft column that cannot be read; it is left out
}

func (r record) text(column string) string { return r.cells[column].Value }

// layout is the columns of a reading in a fixed order.
type layout struct {
	names   []string
	columns map[string]selectors.Column
	locale  string
	soft    []string // columns that may be unreadable in a few rows
	lenient bool     // they are left out now
}

func newLayout(columns map[string]selectors.Column, locale string) layout {
	return layout{names: slices.Sorted(maps.Keys(columns)), columns: columns, locale: locale}
}

// leftOut notes a value of a soft column that cannot be read. A value that is not there at all is another matter: then the
// page is not as the file says.
func (l layout) leftOut(r *record, name string, err error) bool {
	if !l.lenient || !slices.Contains(l.soft, name) || bot.ClassOf(err) != bot.DataContract {
		return false
	}
	r.bad = errors.Join(r.bad, err)
	return true
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
func (l layout) parse(row []selectors.Tried, index int, source string) (record, error) {
	r := record{cells: make(map[string]selectors.Parsed, len(l.names)), source: source, index: index}
	raw := make([]string, 0, len(l.names))
	for i, name := range l.names {
		if l.columns[name][0].Column() != "" {
			continue // below, when the column that it comes from is read
		}
		parsed, err := l.cell(name, row[i], index)
		if err != nil && l.leftOut(&r, name, err) {
			raw = append(raw, err.Error())
			continue
		}
		if err != nil {
			return r, err
		}
		r.cells[name] = parsed
		raw = append(raw, parsed.Raw)
		for group, text := range parsed.Groups {
			if _, set := l.columns[group]; !set {
				r.cells[group] = selectors.Parsed{Raw: text, Value: text}
			}
		}
	}
	for _, name := range l.names {
		if l.columns[name][0].Column() == "" {
			continue
		}
		parsed, err := l.derived(name, r, index)
		if err != nil && l.leftOut(&r, name, err) {
			continue
		}
		if err != nil {
			return r, err
		}
		r.cells[name] = parsed
	}
	sum := sha256.Sum256([]byte(strings.Join(raw, "\x1f")))
	r.print = string(sum[:16])
	return r, nil
}

// derived reads a column from a group of another one, or from all of it.
func (l layout) derived(name string, r record, index int) (selectors.Parsed, error) {
	var tried []selectors.Cell
	for _, f := range l.columns[name] {
		from := r.cells[f.Column()]
		text, ok := from.Groups[name]
		if !ok {
			text = from.Value
		}
		tried = append(tried, selectors.Cell{Value: &text})
	}
	return l.cell(name, tried, index)
}

// cell reads one column of a row.
func (l layout) cell(name string, tried []selectors.Cell, index int) (selectors.Parsed, error) {
	column := l.columns[name]
	found := "nothing"
	for i, cell := range tried {
		if cell.Value == nil {
			found = cell.Why
			continue
		}
		parsed, ok, err := l.value(column[i], cell)
		if err != nil {
			return parsed, &bot.StepError{
				Class: bot.DataContract, Step: fmt.Sprintf("row %d, column %s", index+1, name), Place: column[i].Pos.String(),
				Expected: article(kindOf(column[i])), Found: err.Error(), Hint: "correct the field in the selector file, or the data in the site",
			}
		}
		if ok {
			return parsed, nil
		}
		found = fmt.Sprintf("%q, which does not match %s", short(parsed.Raw), column[i].Match)
	}
	if missing(column, tried) {
		empty := ""
		return l.cell(name, []selectors.Cell{{Value: &empty}}, index)
	}
	return selectors.Parsed{}, &bot.StepError{
		Class: bot.PageChanged, Step: fmt.Sprintf("row %d, column %s", index+1, name), Place: l.place(name),
		Expected: "a value for " + name, Found: found, Hint: "look at the screenshot and correct the column",
	}
}

// value reads one field; the parts of a joined one are read by themselves first.
func (l layout) value(f selectors.Field, cell selectors.Cell) (selectors.Parsed, bool, error) {
	if f.Join == nil {
		if cell.Plain {
			f = f.Plain()
		}
		return f.Read(*cell.Value, l.locale)
	}
	parts := strings.Split(*cell.Value, selectors.Joint)
	values := make([]string, len(f.Join))
	for i, part := range f.Join {
		parsed, ok, err := part.Read(parts[i], l.locale)
		if err != nil || !ok {
			return parsed, ok, err
		}
		values[i] = parsed.Value
	}
	parsed, ok, err := f.Read(f.Joint(values), l.locale)
	parsed.Raw = *cell.Value
	return parsed, ok, err
}

// place is where a column stands in the file.
func (l layout) place(name string) string {
	if column := l.columns[name]; len(column) > 0 {
		return column[0].Pos.String()
	}
	return ""
}

// missing reports whether an optional field is not in the row at all.
func missing(column selectors.Column, tried []selectors.Cell) bool {
	for i, cell := range tried {
		if cell.Value != nil || !strings.HasPrefix(cell.Why, "0 elements") && !strings.HasPrefix(cell.Why, "the answer has no") {
			return false
		}
		if column[i].Optional {
			return true
		}
	}
	return false
}

// article puts a or an before a word.
func article(word string) string {
	if strings.ContainsAny(word[:1], "aeiou") {
		return "an " + word
	}
	return "a " + word
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
