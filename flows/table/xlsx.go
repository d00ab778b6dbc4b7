package table

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"restock/selectors"
)

// maxUnzipped bounds what a workbook may unpack to.
const maxUnzipped = 200 << 20

// readXLSX reads one sheet of a workbook (ECMA-376). Numbers keep both faces: as they are shown, and as they are.
func readXLSX(data []byte, f selectors.File) (Table, error) {
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped / 4})
	if err != nil {
		return Table{}, fmt.Errorf("no workbook: %w", err)
	}
	defer func() { _ = book.Close() }() // read only
	sheet := f.Sheet
	if sheet == "" {
		sheet = book.GetSheetName(0)
	}
	shown, err := cells(book, sheet, false)
	if err != nil {
		return Table{}, fmt.Errorf("the sheet %q cannot be read; there are: %s", sheet, strings.Join(book.GetSheetList(), ", "))
	}
	raw, err := cells(book, sheet, true)
	if err != nil {
		return Table{}, err
	}
	lines := make([][]Value, len(shown))
	for i, line := range shown {
		lines[i] = make([]Value, len(line))
		for j, text := range line {
			v := Value{Text: text}
			if i < len(raw) && j < len(raw[i]) {
				if _, err := strconv.ParseFloat(raw[i][j], 64); err == nil {
					v.Number = raw[i][j]
				}
			}
			lines[i][j] = v
		}
	}
	return rows(lines, f.Header)
}

func cells(book *excelize.File, sheet string, raw bool) ([][]string, error) {
	iterator, err := book.Rows(sheet)
	if err != nil {
		return nil, err
	}
	var lines [][]string
	for iterator.Next() {
		columns, err := iterator.Columns(excelize.Options{RawCellValue: raw})
		if err != nil {
			return nil, err
		}
		if len(lines) > MaxRows || len(columns) > MaxColumns {
			return nil, fmt.Errorf("more than %d lines or %d columns", MaxRows, MaxColumns)
		}
		lines = append(lines, columns)
	}
	return lines, iterator.Close()
}

// Date turns a workbook's day number into ISO 8601.
func (v Value) Date() (string, bool) {
	serial, err := strconv.ParseFloat(v.Number, 64)
	if err != nil || serial < 1 {
		return "", false
	}
	t, err := excelize.ExcelDateToTime(serial, false)
	if err != nil {
		return "", false
	}
	return t.Format("2006-01-02T15:04"), true
}
