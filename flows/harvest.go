package flows

import (
	"context"
	"time"

	"restock/bot"
	"restock/selectors"
)

// harvestAll reads a list that shows only a window of its rows: from its top, on by less than what is shown, so that each
// window has rows of the one before, until the end or the page's own count is reached.
func (l *list) harvestAll(ctx context.Context) (bool, error) {
	if d := l.r.Detail; d != nil && d.Open.Address.Empty() {
		return false, &bot.StepError{
			Class: bot.Config, Step: "scroll for more rows", Place: d.Pos.String(), Expected: "detail.open with an address",
			Found: "steps in a list that shows only a window of its rows", Hint: "the row is not there any more when its page is closed: give an address",
		}
	}
	l.harvest, l.gaps = true, false
	l.records, l.last = l.records[:l.base], "" // what the tabs before gave stays
	l.byKey = map[string]int{}
	for i, row := range l.records {
		l.byKey[row.key(l.keys)] = i
	}
	if err := l.scrollTo(ctx, "top"); err != nil {
		return false, err
	}
	known := map[string]bool{} // keys of the window before
	var ended time.Time        // since when the end is shown and nothing new comes
	at := selectors.Scrolled{}
	for range maxPages * 20 {
		rows, err := l.window(ctx)
		if err != nil {
			return false, err
		}
		before := len(l.records)
		if err := l.add(rows); err != nil {
			return false, err
		}
		window, overlaps := map[string]bool{}, len(known) == 0
		for _, row := range rows {
			key := row.key(l.keys)
			window[key] = true
			overlaps = overlaps || known[key]
		}
		l.gaps = l.gaps || !overlaps
		known = window
		switch {
		case l.total >= 0 && len(l.records)-l.base >= l.total:
			l.ended = true
			return false, nil
		case len(l.records) > before || !at.End:
			ended = time.Time{}
		case ended.IsZero():
			ended = time.Now()
		case time.Since(ended) > stall:
			l.ended = true
			return false, nil
		}
		if at, err = l.scrollOn(ctx); err != nil {
			return false, err
		}
	}
	return false, &movedError{"no end of the scrolling"}
}

func (l *list) scrollOn(ctx context.Context) (selectors.Scrolled, error) {
	ctx, cancel := context.WithTimeout(ctx, l.v.stepLimit())
	defer cancel()
	at, _, err := l.v.page.Scroll(ctx, selectors.Action{Do: "scroll", Element: l.r.Next.Scroll}, "on")
	return at, err
}

// window reads the rows that are shown once they stand still. Grids draw frames around rows first and fill them then.
func (l *list) window(ctx context.Context) ([]record, error) {
	ctx, cancel := context.WithTimeout(ctx, l.v.stepLimit())
	defer cancel()
	last, lastErr := "", error(nil)
	since := time.Now()
	for attempt := 0; ; attempt++ {
		a, err := l.v.page.Read(ctx, l.plan)
		if err != nil {
			return nil, l.late(ctx, err, lastErr)
		}
		rows, err := l.rows(a)
		lastErr = err
		print := printOf(rows)
		if err != nil || print != last || len(rows) == 0 {
			last, since = print, time.Now()
		} else if time.Since(since) >= quiet/3 && a.Pending == 0 || time.Since(since) >= 2*time.Second {
			return rows, nil
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, l.late(ctx, err, lastErr)
		}
	}
}
