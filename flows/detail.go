package flows

import (
	"context"
	"fmt"
	"maps"

	"restock/bot"
	"restock/selectors"
)

// details opens the page of each row that is wanted and adds what stands there to its record.
func (l *list) details(ctx context.Context, rows []record) error {
	d := l.r.Detail
	if d == nil || l.want == nil || l.grows() && (l.total >= 0 && len(l.records) < l.total) {
		return nil // a growing list is gone through when it is whole
	}
	opened := false
	for _, row := range rows {
		if !l.want(row) || l.remembered(row) {
			continue
		}
		if opened {
			if err := l.back(ctx, row); err != nil {
				return err
			}
		}
		opened = true
		if err := l.detail(ctx, d, row); err != nil {
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

func (l *list) detail(ctx context.Context, d *selectors.Detail, row record) error {
	at := &selectors.Row{Rows: l.r.Rows, Skip: l.r.Skip, Index: row.index}
	if err := l.v.run(ctx, d.Open, at); err != nil {
		return err
	}
	l.v.doing, l.v.place = fmt.Sprintf("read the page of row %d", row.index+1), d.Pos.String()
	waiting, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	if err := l.v.wait(waiting, *d.Proof); err != nil {
		return err
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
		if answer.Proof {
			if err = l.merge(columns, answer, row); err == nil {
				return nil
			}
		}
		if pause(waiting, attempt) != nil { // values may come later than their fields
			return err
		}
	}
}

// merge adds the detail's columns to the row's record. A column that both have must read the same: else another record
// was opened than the one that was meant.
func (l *list) merge(columns layout, a selectors.Answer, row record) error {
	more, err := columns.parse(a.Rows[0], row.index, a.URL)
	if err != nil {
		return err
	}
	for name, cell := range more.cells {
		if listed, both := row.cells[name]; both && listed.Value != cell.Value {
			return &bot.StepError{
				Class: bot.DataContract, Step: fmt.Sprintf("read the page of row %d", row.index+1), Place: columns.columns[name][0].Pos.String(),
				Expected: fmt.Sprintf("%s %q as in the list", name, listed.Value), Found: fmt.Sprintf("%q", cell.Value), URL: a.URL,
				Hint: "another record was opened than the one that was meant: correct detail.open",
			}
		}
	}
	more.source = a.URL
	l.memo[row.print] = more
	l.remembered(row)
	return nil
}

// remembered completes a row by its detail page, if that was read already: before the session ended and the list had to be
// read again, say.
func (l *list) remembered(row record) bool {
	more, ok := l.memo[row.print]
	if !ok {
		return false
	}
	at := l.byKey[row.key(l.keys)]
	cells := maps.Clone(l.records[at].cells)
	maps.Copy(cells, more.cells)
	l.records[at].cells, l.records[at].source = cells, more.source
	return true
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
	l.v.doing, l.v.place = fmt.Sprintf("return to row %d of the list", row.index+1), l.r.Detail.Pos.String()
	waiting, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
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
			if err := l.v.act(waiting, selectors.Action{Do: "scroll", Element: l.r.Next.Scroll}); err != nil {
				return err
			}
		}
		if pause(waiting, attempt) != nil {
			return &movedError{fmt.Sprintf("row %d is not at its place any more after its neighbour was opened", row.index+1)}
		}
	}
}
