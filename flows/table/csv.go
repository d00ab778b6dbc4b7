package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"restock/selectors"
)

// readCSV reads RFC 4180, with any separator. Lines of different length are an error: a file that was cut off has one.
func readCSV(data []byte, f selectors.File) (Table, error) {
	text, err := decode(data, f.Encoding)
	if err != nil {
		return Table{}, err
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = separator(text, f)
	r.FieldsPerRecord = -1
	var lines [][]Value
	width, header := 0, max(f.Header, 1)
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Table{}, fmt.Errorf("a CSV file with a mistake: %w", err)
		}
		number, _ := r.FieldPos(0)
		if len(lines)+1 == header {
			width = len(record)
		}
		if len(lines)+1 > header && len(record) != width {
			return Table{}, fmt.Errorf("%d cells in line %d, under %d headings: the file was cut off, or separator: is wrong", len(record), number, width)
		}
		if len(lines) >= MaxRows || len(record) > MaxColumns {
			return Table{}, fmt.Errorf("more than %d lines or %d columns", MaxRows, MaxColumns)
		}
		line := make([]Value, len(record))
		for i, cell := range record {
			line[i] = Value{Text: cell}
		}
		lines = append(lines, line)
	}
	return rows(lines, f.Header)
}

// decode turns a file into UTF-8.
func decode(data []byte, encoding string) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return data[3:], nil
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
	case encoding == "windows-1252":
		return charmap.Windows1252.NewDecoder().Bytes(data)
	case !utf8.Valid(data):
		return nil, errors.New("bytes that are not UTF-8: say encoding: windows-1252")
	}
	return data, nil
}

// separator is the file's, or of , ; tab and | the one that stands most often in the line of the headings, outside quotes.
func separator(text []byte, f selectors.File) rune {
	if f.Separator != "" {
		r, _ := utf8.DecodeRuneInString(f.Separator)
		return r
	}
	lines := bytes.SplitN(text, []byte("\n"), max(f.Header, 1)+1)
	line := lines[min(len(lines), max(f.Header, 1))-1]
	best, most := ',', 0
	for _, candidate := range []rune{',', ';', '\t', '|'} {
		count, quoted := 0, false
		for _, r := range string(line) {
			if r == '"' {
				quoted = !quoted
			} else if r == candidate && !quoted {
				count++
			}
		}
		if count > most {
			best, most = candidate, count
		}
	}
	return best
}
