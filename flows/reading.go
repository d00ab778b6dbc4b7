package flows

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"restock/bot"
	"restock/selectors"
)

// Limits of a reading.
const (
	maxRows  = 200_000 // in one reading
	maxPages = 5_000
	maxReads = 3 // whole readings, when the list changes while it is read
)

// list is one whole reading of a list.
type list struct {
	v      *visit
	r      *selectors.Reading
	layout layout
	plan   selectors.Plan
	keys   []string
	want   func(record) bool // rows whose detail page is opened; nil: none
	memo   map[string]record // detail pages that were read, by the print of their row

	records  []record
	byKey    map[string]int
	total    int // the page's own count; -1: it has none
	pages    int
	repeated int  // rows that were read twice, with the same values
	ended    bool // the end of the pager was seen
	last     string
}

func (v *visit) newList(r *selectors.Reading, defaultKey string, want func(record) bool) *list {
	l := &list{v: v, r: r, want: want, memo: map[string]record{}, keys: r.Key, layout: newLayout(r.Columns, v.site.Locale)}
	if len(l.keys) == 0 {
		l.keys = l.layout.names
		if r.Columns[defaultKey] != nil {
			l.keys = []string{defaultKey}
		}
	}
	l.plan = selectors.Plan{
		Proof: r.Proof, Empty: r.Empty, Rows: r.Rows, Skip: r.Skip, Columns: l.layout.selections(), Limit: maxRows,
	}
	if r.Total != nil {
		s := r.Total.Selection()
		s.Final = true
		l.plan.Total = &s
	}
	if r.Next != nil {
		l.plan.Next = r.Next.Click
		if r.Next.More != nil {
			l.plan.Next = r.Next.More
		}
	}
	return l
}

// readAll reads the whole list. A list that changed meanwhile is read again from the first page, and so is an empty one.
func (l *list) readAll(ctx context.Context) error {
	var err error
	empty := 0
	for range maxReads {
		if err = l.readOnce(ctx); err == nil {
			if empty++; len(l.records) > 0 || empty == 2 {
				return nil
			}
			err = &movedError{"an empty list"} // believed when a second reading from scratch finds the same
			continue
		}
		if _, moved := err.(*movedError); !moved { //nolint:errorlint // made below, never wrapped
			return err
		}
	}
	return &bot.StepError{
		Class: bot.DataContract, Step: "read the list", Place: l.r.Pos.String(), Expected: "a whole list",
		Found: err.Error(), Hint: "somebody may be changing it, or next:, rows: or total: do not fit; look at the screenshot",
	}
}

// movedError says that the pages of a list did not fit together.
type movedError struct{ text string }

func (e *movedError) Error() string { return e.text }

func (l *list) readOnce(ctx context.Context) error {
	l.records, l.byKey, l.total, l.pages, l.repeated, l.ended, l.last = nil, map[string]int{}, -1, 0, 0, false, ""
	if err := l.v.open(ctx, l.r.Open); err != nil {
		return err
	}
	if err := l.v.run(ctx, l.r.Steps, nil); err != nil {
		return err
	}
	l.v.doing, l.v.place = "read the list", l.r.Pos.String()
	if l.r.Proof != nil {
		filled, err := l.v.filled([]selectors.Condition{*l.r.Proof})
		if err != nil {
			return err
		}
		l.plan.Proof = &filled[0]
	}
	for {
		answer, rows, err := l.page(ctx)
		if err != nil {
			return err
		}
		if err := l.add(rows); err != nil {
			return err
		}
		if err := l.details(ctx, rows); err != nil {
			return err
		}
		l.last = printOf(rows)
		more, err := l.next(ctx, answer, len(rows))
		if err != nil {
			return err
		}
		if !more {
			return l.judge(answer)
		}
	}
}

// add takes the rows of a page. A key that comes again with the same values is a repeat (a list that grows while it is
// scrolled shows its first rows again); with other values it is an error.
func (l *list) add(rows []record) error {
	for _, row := range rows {
		key := row.key(l.keys)
		if strings.Trim(key, "\x1f \t") == "" {
			return &bot.StepError{
				Class: bot.DataContract, Step: fmt.Sprintf("row %d", row.index+1), Place: l.r.Pos.String(),
				Expected: "a value in the key (" + strings.Join(l.keys, ", ") + ")", Found: "none",
				Hint: "is it a totals row? Add it to skip:, or choose another key:",
			}
		}
		at, known := l.byKey[key]
		switch {
		case !known:
			l.byKey[key] = len(l.records)
			l.records = append(l.records, row)
		case l.records[at].print == row.print && l.grows():
			l.repeated++
		case l.records[at].print == row.print:
			return &movedError{fmt.Sprintf("the row %q twice", short(strings.ReplaceAll(key, "\x1f", " ")))}
		default:
			return &bot.StepError{
				Class: bot.DataContract, Step: fmt.Sprintf("row %d", row.index+1), Place: l.r.Pos.String(),
				Expected: "each key (" + strings.Join(l.keys, ", ") + ") once",
				Found:    fmt.Sprintf("two rows with the key %q and different values", short(strings.ReplaceAll(key, "\x1f", " "))),
				Hint:     "choose more columns for key:, so that it is different in every row",
			}
		}
	}
	if len(l.records) > maxRows {
		return &bot.StepError{Class: bot.DataContract, Expected: fmt.Sprintf("at most %d rows", maxRows), Found: "more", Hint: "filter the list"}
	}
	return nil
}

// grows reports whether a list shows all rows so far on one page.
func (l *list) grows() bool {
	return l.r.Next != nil && (l.r.Next.Scroll != nil || l.r.Next.More != nil)
}

// judge decides whether what was read is the whole list.
func (l *list) judge(last selectors.Answer) error {
	n := len(l.records)
	if l.total >= 0 && l.total != n {
		return &movedError{fmt.Sprintf("%d rows, while the page says %d", n, l.total)}
	}
	if n == 0 && !last.Empty && l.total != 0 {
		return &bot.StepError{
			Class: bot.PageChanged, Step: "read the list", Place: l.r.Rows.Pos.String(),
			Expected: "rows (" + l.r.Rows.String() + "), or the page's own sign that there are none (" + l.r.Empty.String() + ")",
			Found:    "neither", Hint: "an empty page is not believed: give empty: what the page shows when a list is empty",
		}
	}
	if e := l.r.Expect; e != nil && (n < e.Min || e.Max > 0 && n > e.Max) {
		return &bot.StepError{
			Class: bot.DataContract, Step: "read the list", Place: e.Pos.String(),
			Expected: fmt.Sprintf("at least %d rows, at most %s", e.Min, limitText(e.Max)), Found: fmt.Sprintf("%d rows", n),
			Hint: "is a filter set on the page, or half of it missing? Otherwise change expect:",
		}
	}
	return nil
}

func limitText(n int) string {
	if n == 0 {
		return "any number"
	}
	return strconv.Itoa(n)
}

// complete reports whether something proved that nothing is missing.
func (l *list) complete() bool { return l.total >= 0 || l.ended }

func printOf(rows []record) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(r.print + "\x1e")
	}
	return b.String()
}
