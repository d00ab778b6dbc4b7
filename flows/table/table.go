// Package table reads lists that a site gives as a file or as JSON: CSV, XLSX, and the answers to its own requests. What is
// not whole or not what it says is an error, never a shorter list.
package table

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"restock/selectors"
)

// MaxRows bounds a file; MaxColumns the width of a row.
const (
	MaxRows    = 200_000
	MaxColumns = 1_000
)

// Table is a list with headings.
type Table struct {
	Headers []string
	Rows    [][]Value
}

// Value is one cell of a table or one value of an answer.
type Value struct {
	Text   string // as a person sees it
	Number string // as programs write it, where it is a number: -1250.5
}

// Read reads a file that was downloaded.
func Read(name string, data []byte, f selectors.File) (Table, error) {
	format := f.Format
	if format == "" {
		format = strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), ".")
	}
	if looksLikeHTML(data) {
		return Table{}, errors.New("a web page instead of a file: the site refused the export, or the session has ended")
	}
	var t Table
	var err error
	switch format {
	case "csv", "txt", "tsv":
		t, err = readCSV(data, f)
	case "xlsx", "xlsm":
		t, err = readXLSX(data, f)
	default:
		err = fmt.Errorf("the file %q, whose format restock does not know: say format: csv or xlsx", name)
	}
	if err == nil && len(t.Headers) == 0 {
		err = errors.New("a file without headings")
	}
	return t, err
}

func looksLikeHTML(data []byte) bool {
	head := strings.ToLower(strings.TrimSpace(string(data[:min(len(data), 300)])))
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html")
}

// Column returns the place of the column with a heading, or why there is none.
func (t Table) Column(header string) (index int, why string) {
	pattern, err := selectors.Pattern(header)
	if err != nil {
		return -1, err.Error()
	}
	found, count := -1, 0
	for i, h := range t.Headers {
		if pattern.MatchString(h) {
			if count++; found < 0 {
				found = i
			}
		}
	}
	if count != 1 {
		return -1, fmt.Sprintf("%d columns with the heading %s; there are: %s", count, header, strings.Join(t.Headers, ", "))
	}
	return found, ""
}

// rows turns lines of equal width, the headings among them, into a table.
func rows(lines [][]Value, header int) (Table, error) {
	if header == 0 {
		header = 1
	}
	if len(lines) < header {
		return Table{}, fmt.Errorf("%d lines, while the headings should stand in line %d", len(lines), header)
	}
	var t Table
	for _, v := range lines[header-1] {
		t.Headers = append(t.Headers, strings.TrimSpace(v.Text))
	}
	for len(t.Headers) > 0 && t.Headers[len(t.Headers)-1] == "" {
		t.Headers = t.Headers[:len(t.Headers)-1]
	}
	for i, line := range lines[header:] {
		blank := true
		for at, v := range line {
			blank = blank && strings.TrimSpace(v.Text) == ""
			if at >= len(t.Headers) && strings.TrimSpace(v.Text) != "" {
				return Table{}, fmt.Errorf("%d cells in line %d, under %d headings", len(line), header+i+1, len(t.Headers))
			}
		}
		if blank {
			continue
		}
		for len(line) < len(t.Headers) {
			line = append(line, Value{})
		}
		t.Rows = append(t.Rows, line[:len(t.Headers)])
	}
	return t, nil
}
