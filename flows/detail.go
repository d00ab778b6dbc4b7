package flows

import (
	"context"
	"fmt"
	"maps"

	"restock/bot"
	"restock/selectors"
)

// memory is what a detail page said, so that a list which is read again need not open it again.
type memory struct {
	record record   // of a page that is one record
	rows   []record // of a page that is a list
}

// details opens the page of each row that is wanted by clicks, and adds what stands there. Pages with an address are opened
// when the list is whole.
func (l *list) details(ctx context.Context, rows []record) error {
	d := l.r.Detail
	if d == nil || !d.Open.Address.Empty() || l.grows() && l.total >= 0 && len(l.records) < l.total {
		return nil // a growing list is gone through when it is whole
	}
	opened := false
	for _, row := range rows {
		if l.want != nil && !l.want(row) || l.remembered(row) {
			continue
		}
		if opened {
			if err := l.back(ctx, row); err != nil {
				return err
			}
		}
		opened = true
		at := &selectors.Row{Rows: l.r.Rows.Element, Skip: l.r.Skip, Index: row.index, Print: row.inPage}
		if err := l.detail(ctx, row, func(ctx context.Context) error { return l.v.run(ctx, d.Open.Steps, at) }); err != nil {
			return err
		}
	}
	if !opened {
		return nil
	}
	l.v.doing, l.v.place = "read the list", l.r.Pos.String()
	if l.r.Next != nil && (l.plan.Next != nil || l.r.Next.Scroll != nil) {
		return l.back(ctx, rows[len(rows)-1]) // the pager, or the rest of the list, is needed again
	}
	return nil
}

// detailsByAddress opens the page of each row that is wanted.
func (l *list) detailsByAddress(ctx context.Context) error {
	d := l.r.Detail
	if d == nil || d.Open.Address.Empty() {
		return nil
	}
	for _, row := range l.records {
		if l.want != nil && !l.want(row) || l.remembered(row) {
			continue
		}
		open := func(ctx context.Context) error {
			address, err := l.v.addressFor(d.Open.Address, nil)
			if err != nil {
				return err
			}
			return l.v.goTo(ctx, address)
		}
		if err := l.detail(ctx, row, open); err != nil {
			return err
		}
	}
	return nil
}

// detail opens and reads the page of one row.
func (l *list) detail(ctx context.Context, row record, open func(context.Context) error) error {
	d := l.r.Detail
	outside := l.v.work
	l.v.work = row.values(outside)
	defer func() { l.v.work = outside }()
	l.v.doing, l.v.place = fmt.Sprintf("open the page of row %d", row.index+1), d.Pos.String()
	if err := open(ctx); err != nil {
		return err
	}
	if err := l.v.enterFrame(ctx, d.Frame); err != nil {
		return err
	}
	l.v.doing, l.v.place = fmt.Sprintf("read the page of row %d", row.index+1), d.Pos.String()
	waiting, cancel := context.WithTimeout(ctx, l.v.openLimit())
	defer cancel()
	if err := l.v.wait(waiting, *d.Proof); err != nil {
		return err
	}
	if err := l.v.come(ctx, "detail"); err != nil {
		return err
	}
	if d.Rows != nil {
		return l.innerList(ctx, row, open)
	}
	columns := newLayout(d.Columns, l.v.site.Locale)
	proof, err := l.v.filled([]selectors.Condition{*d.Proof})
	if err != nil {
		return err
	}
	plan := selectors.Plan{Proof: &proof[0], Record: true, Columns: columns.selections(), Limit: 1}
	for attempt := 0; ; attempt++ {
		answer, err := l.v.page.Read(waiting, plan)
		if err != nil {
			return err
		}
		err = &bot.StepError{
			Class: bot.PageChanged, URL: answer.URL, Place: d.Proof.Pos.String(), Expected: d.Proof.String(), Found: "that it is gone again",
			Hint: "look at the screenshot",
		}
		if answer.Proof {
			var more record
			if more, err = columns.parse(answer.Rows[0], row.index, answer.URL); err == nil {
				if err = agrees(row, &more, columns); err == nil {
					l.memo[row.print] = memory{record: more}
					l.remembered(row)
					return nil
				}
			}
		}
		if pause(waiting, attempt) != nil { // values may come later than their fields
			return err
		}
	}
}

// values are the columns of a row as words for its page, beside those of the work at hand.
func (r record) values(work map[string]string) map[string]string {
	values := maps.Clone(work)
	if values == nil {
		values = map[string]string{}
	}
	for name, cell := range r.cells {
		values[name] = cell.Value
	}
	return values
}

// innerList reads a detail page that is a list itself.
func (l *list) innerList(ctx context.Context, row record, open func(context.Context) error) error {
	d := l.r.Detail
	r := &selectors.Reading{
		Pos: d.Pos, Frame: d.Frame, Proof: d.Proof, Rows: selectors.Rows{Element: *d.Rows}, Skip: d.Skip, Columns: d.Columns,
		Next: d.Next, Total: d.Total, Empty: d.Empty,
	}
	inner := l.v.newList(r, "", nil)
	inner.outer, inner.reopen = &row, open // with the words of the row still at hand
	inner.carried = l.inside
	if err := inner.readAll(ctx); err != nil {
		return err
	}
	l.inside = inner.steady
	l.gaps = l.gaps || inner.complete() != bot.CompleteYes
	l.headers = append(l.headers, inner.headers...)
	l.memo[row.print] = memory{rows: inner.records}
	l.remembered(row)
	return nil
}

// within adds the columns of the outer row to a row of an inner list.
func (l *list) within(row *record) error {
	if err := agrees(*l.outer, row, l.layout); err != nil {
		return err
	}
	for name, cell := range l.outer.cells {
		row.cells[name] = cell
	}
	return nil
}

// agrees makes sure that a column which the list and the page both have reads the same: else another record was opened than
// the one that was meant.
func agrees(row record, more *record, columns layout) error {
	for name, cell := range more.cells {
		if listed, both := row.cells[name]; both && listed.Value != cell.Value {
			return &bot.StepError{
				Class: bot.DataContract, Step: fmt.Sprintf("read the page of row %d", row.index+1), Place: columns.place(name),
				Expected: fmt.Sprintf("%s %q as in the list", name, listed.Value), Found: fmt.Sprintf("%q", cell.Value), URL: more.source,
				Hint: "another record was opened than the one that was meant: correct detail.open",
			}
		}
	}
	return nil
}

// remembered completes a row by its detail page, if that was read already: before the session ended and the list had to be
// read again, say.
func (l *list) remembered(row record) bool {
	more, ok := l.memo[row.print]
	if !ok {
		return false
	}
	if l.r.Detail.Rows != nil {
		l.inner = append(l.inner, more.rows...)
		return true
	}
	at := l.byKey[row.key(l.keys)]
	cells := maps.Clone(l.records[at].cells)
	maps.Copy(cells, more.record.cells)
	l.records[at].cells, l.records[at].source = cells, more.record.source
	return true
}

// result is every record of the reading.
func (l *list) result() []record {
	if l.r.Detail != nil && l.r.Detail.Rows != nil {
		return l.inner
	}
	return l.records
}

// unique makes sure that the rows of detail pages have different keys.
func (l *list) unique() error {
	if l.r.Detail == nil || l.r.Detail.Rows == nil || len(l.r.Key) == 0 {
		return nil
	}
	seen := map[string]bool{}
	for _, row := range l.inner {
		key := row.key(l.r.Key)
		if seen[key] {
			return l.twoRows(row, key)
		}
		seen[key] = true
	}
	return nil
}

// back returns to the list and waits until it shows the given row at its place again.
func (l *list) back(ctx context.Context, row record) error {
	if len(l.r.Detail.Back) > 0 {
		if err := l.v.run(ctx, l.r.Detail.Back, nil); err != nil {
			return err
		}
	} else if err := l.v.open(ctx, l.r.Open); err != nil {
		return err
	} else if err := l.v.run(ctx, l.r.Steps, nil); err != nil {
		return err
	}
	if err := l.v.enterFrame(ctx, l.r.Frame); err != nil {
		return err
	}
	l.v.doing, l.v.place = fmt.Sprintf("return to row %d of the list", row.index+1), l.r.Detail.Pos.String()
	waiting, cancel := context.WithTimeout(ctx, l.v.openLimit())
	defer cancel()
	passed := 0 // page that was left already
	for attempt := 0; ; attempt++ {
		answer, err := l.v.page.Read(waiting, l.plan)
		if err != nil {
			return err
		}
		rows, err := l.rows(answer)
		if err == nil && len(rows) > row.index && rows[row.index].print == row.print {
			return nil
		}
		if err == nil && l.r.Next != nil && l.r.Next.Scroll != nil {
			if err := l.scrollTo(waiting, "end"); err != nil {
				return err
			}
		}
		// Many lists begin again at the first page: go forward to the one that the row is on.
		if page := l.seen[printOf(rows)]; err == nil && page > 0 && page != passed && page < l.pages && l.r.Next != nil && l.r.Next.Click != nil && answer.Next == "ready" {
			passed = page
			if err := l.v.act(waiting, selectors.Action{Do: "click", Element: l.r.Next.Click}); err != nil {
				return err
			}
		}
		if pause(waiting, attempt) != nil {
			return &movedError{fmt.Sprintf("row %d is not at its place any more after its neighbour was opened: the list may have begun at another page", row.index+1)}
		}
	}
}
