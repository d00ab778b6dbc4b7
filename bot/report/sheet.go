package report

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"restock/bot"
)

// harmless makes a text safe for a spreadsheet, which takes one that begins like a formula for one (CSV injection, OWASP). An
// apostrophe before it is what spreadsheets themselves write for "this is text".
func harmless(s string) string {
	s = bot.Printable(s)
	bare := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	if bare != "" && strings.ContainsRune("=+-@\t\r\n\x00|%＝＋－＠−﹢﹣﹦﹫", []rune(bare)[0]) {
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
		if only != "" && t.Name != only || len(t.Rows) == 0 && only == "" {
			continue
		}
		if len(t.Rows) == 0 {
			if _, err := io.WriteString(w, "\n"+t.Title+": nothing\n"); err != nil {
				return err
			}
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
		header, one := t.units()
		rows := [][]string{header}
		parent := ""
		for _, row := range t.Rows {
			cells := make([]string, len(row))
			for i, cell := range row {
				cells[i] = plain(cell, r.zone(), one)
			}
			if t.Name == "summary" {
				cells[0], parent = alone(row, parent)
			}
			rows = append(rows, cells)
		}
		var b strings.Builder
		for _, row := range rows {
			for i, cell := range row {
				row[i] = quoted(cell)
			}
			b.WriteString(strings.Join(row, ",") + "\r\n")
		}
		_, err := io.WriteString(w, b.String())
		return err
	}
	return errors.New("no such table: " + name)
}

// quoted writes a cell of CSV. One with a semicolon is quoted too: there are spreadsheets that take it for the end of the cell.
func quoted(cell string) string {
	if strings.ContainsAny(cell, ",;\t\"\r\n") || strings.HasPrefix(cell, " ") {
		return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
	}
	return cell
}

// alone is the name of a figure that is understood without the rows above, with its unit.
func alone(row []any, parent string) (name, group string) {
	name, _ = row[0].(string)
	group = parent
	if part, ok := strings.CutPrefix(name, "  "); ok {
		name = parent + ", " + part
	} else {
		group = strings.TrimSuffix(name, " orders")
	}
	if _, ok := row[1].(time.Duration); ok {
		name += " (s)"
	}
	return name, group
}

// units are the headings with the units of what stands below: seconds, and the currency where there is one only.
func (t Table) units() (header []string, oneCurrency bool) {
	currencies := map[string]bool{}
	for _, row := range t.Rows {
		for _, cell := range row {
			switch v := cell.(type) {
			case []bot.Amount:
				for _, a := range v {
					currencies[a.Currency] = true
				}
			case *bot.Amount:
				if v != nil {
					currencies[v.Currency] = true
				}
			}
		}
	}
	header = slices.Clone(t.Header)
	for i := range header {
		for _, row := range t.Rows {
			unit := ""
			switch row[i].(type) {
			case time.Duration:
				unit = "s"
			case []bot.Amount, *bot.Amount:
				for c := range currencies {
					unit = c
				}
				if len(currencies) != 1 {
					unit = ""
				}
			}
			if unit != "" && t.Name != "summary" {
				header[i] += " (" + unit + ")"
				break
			}
		}
	}
	return header, len(currencies) == 1
}

// plain writes a cell for programs: numbers without signs between thousands, shares as 0.125, times in RFC 3339, seconds.
func plain(cell any, zone *time.Location, oneCurrency bool) string {
	switch v := cell.(type) {
	case float64, int:
		return number(v)
	case labelled:
		return v.start.In(zone).Format(time.DateOnly)
	case time.Duration:
		if v == 0 {
			return ""
		}
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
		if !oneCurrency {
			return v.Currency + " " + v.Decimal()
		}
		return v.Decimal()
	case []bot.Amount:
		if len(v) == 1 && oneCurrency {
			return v[0].Decimal()
		}
		var list []string
		for _, a := range v {
			list = append(list, a.Currency+" "+a.Decimal())
		}
		return harmless(strings.Join(list, "; "))
	}
	return harmless(text(cell, zone))
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
