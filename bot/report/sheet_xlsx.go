package report

import (
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"

	"restock/bot"
)

// WriteXLSX writes all tables, one sheet each.
func (r Report) WriteXLSX(w io.Writer) (err error) {
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	share, err := f.NewStyle(&excelize.Style{NumFmt: 10})
	if err != nil {
		return err
	}
	for i, t := range r.Tables() {
		if i == 0 {
			err = f.SetSheetName("Sheet1", t.Title)
		} else {
			_, err = f.NewSheet(t.Title)
		}
		if err != nil {
			return err
		}
		if err := r.sheet(f, t, bold, share); err != nil {
			return err
		}
	}
	if err := r.notes(f); err != nil {
		return err
	}
	return f.Write(w)
}

func (r Report) sheet(f *excelize.File, t Table, bold, share int) error {
	sw, err := f.NewStreamWriter(t.Title)
	if err != nil {
		return err
	}
	if err := errors.Join(sw.SetColWidth(1, 1, 26), sw.SetColWidth(2, len(t.Header), 15), sw.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})); err != nil {
		return err
	}
	header := make([]any, len(t.Header))
	titles, one := t.units()
	for i, h := range titles {
		header[i] = excelize.Cell{StyleID: bold, Value: h}
	}
	if err := sw.SetRow("A1", header); err != nil {
		return err
	}
	for n, row := range t.Rows {
		cells := make([]any, len(row))
		for i, cell := range row {
			switch v := cell.(type) {
			case int:
				cells[i] = v
			case float64:
				cells[i] = excelize.Cell{StyleID: share, Value: v}
			case time.Duration, *bot.Amount, []bot.Amount:
				cells[i] = calculable(plain(v, r.zone(), one))
			default:
				cells[i] = plain(v, r.zone(), one) // a text is never a formula here
			}
		}
		at, err := excelize.CoordinatesToCellName(1, n+2)
		if err != nil {
			return err
		}
		if err := sw.SetRow(at, cells); err != nil {
			return err
		}
	}
	return sw.Flush()
}

// notes are the last sheet: what the figures mean.
func (r Report) notes(f *excelize.File) error {
	const sheet = "What it means"
	if _, err := f.NewSheet(sheet); err != nil {
		return err
	}
	for i, line := range append([]string{r.Title()}, r.Definitions()...) {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return err
		}
		if err := f.SetCellStr(sheet, at, harmless(line)); err != nil {
			return err
		}
	}
	return nil
}

// calculable is a number where a text is one.
func calculable(text string) any {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n
	}
	return text
}
