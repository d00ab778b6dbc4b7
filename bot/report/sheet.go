package report

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/xuri/excelize/v2"

	"restock/bot"
)

// harmless makes a text safe for a spreadsheet, which takes one that begins like a formula for one (CSV injection, OWASP). An
// apostrophe before it is what spreadsheets themselves write for "this is text".
func harmless(s string) string {
	if s = bot.Printable(s); s != "" && strings.ContainsRune("=+-@\t\r\n\x00|%＝＋－＠", []rune(s)[0]) {
		return "'" + s
	}
	return s
}

// WriteText writes the tables for a terminal or a plain mail.
func (r Report) WriteText(w io.Writer, only string) error {
	if _, err := io.WriteString(w, strings.TrimSpace(r.Shop+" · back in stock · "+r.Title())+"\n"); err != nil {
		return err
	}
	for _, t := range r.spoken().Tables() {
		if only != "" && t.Name != only || len(t.Rows) == 0 {
			continue
		}
		if _, err := io.WriteString(w, "\n"+t.Title+"\n"); err != nil {
			return err
		}
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		columns := t.used()
		_, _ = io.WriteString(tw, join(t.Header, columns)+"\n") // Flush reports it
		for _, row := range t.Rows {
			cells := make([]string, len(row))
			for i, cell := range row {
				cells[i] = strings.NewReplacer("\t", " ", "\n", " ").Replace(text(cell, r.zone()))
			}
			_, _ = io.WriteString(tw, join(cells, columns)+"\n") // Flush reports it
		}
		if err := tw.Flush(); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "\n"+strings.Join(r.Definitions(), "\n")+"\n")
	return err
}

// used are the columns in which anything stands: a terminal is narrow.
func (t Table) used() []int {
	var list []int
	for i := range t.Header {
		for _, row := range t.Rows {
			if s := text(row[i], time.UTC); s != "" && s != "0" && s != "0.0 %" || t.Name == "summary" || i == 0 {
				list = append(list, i)
				break
			}
		}
	}
	return list
}

func join(cells []string, columns []int) string {
	var list []string
	for _, i := range columns {
		list = append(list, cells[i])
	}
	return strings.Join(list, "\t")
}

// WriteCSV writes one table (RFC 4180), with a mark by which spreadsheets know that it is UTF-8.
func (r Report) WriteCSV(w io.Writer, name string) error {
	for _, t := range r.Tables() {
		if t.Name != name {
			continue
		}
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return err
		}
		out := csv.NewWriter(w)
		out.UseCRLF = true
		rows := [][]string{t.Header}
		for _, row := range t.Rows {
			cells := make([]string, len(row))
			for i, cell := range row {
				cells[i] = plain(cell, r.zone())
			}
			rows = append(rows, cells)
		}
		if err := out.WriteAll(rows); err != nil {
			return err
		}
		return nil
	}
	return errors.New("no such table: " + name)
}

// plain writes a cell for programs: numbers without signs between thousands, shares as 0.125, times in RFC 3339, seconds.
func plain(cell any, zone *time.Location) string {
	switch v := cell.(type) {
	case float64, int:
		return number(v)
	case time.Duration:
		return number(v.Seconds())
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.In(zone).Format(time.RFC3339)
	case *bot.Amount:
		if v == nil {
			return ""
		}
		return harmless(v.Currency + " " + v.Decimal())
	case []bot.Amount:
		var list []string
		for _, a := range v {
			list = append(list, a.Currency+" "+a.Decimal())
		}
		return harmless(strings.Join(list, "; "))
	}
	return harmless(text(cell, zone))
}

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
	for i, h := range t.Header {
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
			default:
				cells[i] = plain(v, r.zone()) // a text is never a formula here
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

func number(v any) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.4f", toFloat(v)), "0"), ".")
}

func toFloat(v any) float64 {
	if n, ok := v.(int); ok {
		return float64(n)
	}
	f, _ := v.(float64)
	return f
}
