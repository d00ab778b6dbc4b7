package flows

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"restock/bot"
	"restock/selectors"
)

// quiet is how long a page must stay the same before it is believed, when nothing else says that it is whole.
const quiet = 150 * time.Millisecond

// quietPending is the same while the page has something under way from the server: more rows, perhaps, or a poll.
const quietPending = 2 * time.Second

// quietEmpty is the same for a page that says that there is nothing: many pages say so until their data have come, so it must
// also have nothing under way from the server.
const quietEmpty = time.Second

// page waits until the page is there, is the right one, differs from the page before and stays the same, and reads it.
func (l *list) page(ctx context.Context) (selectors.Answer, []record, error) {
	within := l.r.Within
	if within == 0 {
		within = openLimit
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var before string // rows and pager at the last look
	var since time.Time
	var lastErr error
	for attempt := 0; ; attempt++ {
		answer, err := l.v.page.Read(ctx, l.plan)
		if err != nil {
			return answer, nil, l.late(ctx, err, lastErr)
		}
		rows, err := l.rows(answer)
		print := printOf(rows)
		now := print + answer.Next
		lastErr = err
		switch {
		case err != nil:
			since = time.Time{}
		case print == l.last && l.pages > 0: // still the page before
			lastErr = l.same()
		case len(rows) == 0 && !answer.Empty && l.total != 0:
			lastErr = l.nothing(answer)
		case len(rows) > 0 && l.whole(len(rows)):
			l.pages++
			return answer, rows, nil
		case since.IsZero() || now != before || len(rows) == 0 && answer.Pending > 0:
			before, since = now, time.Now()
		case answer.Ready == "complete" && time.Since(since) >= l.quiet(len(rows), answer.Pending):
			l.pages++
			return answer, rows, nil
		}
		if err := pause(ctx, attempt); err != nil {
			return answer, nil, l.late(ctx, err, lastErr)
		}
	}
}

func (l *list) quiet(rows, pending int) time.Duration {
	switch {
	case rows == 0:
		return quietEmpty
	case pending > 0:
		return quietPending
	}
	return quiet
}

// whole reports whether the page's own count is reached: then nothing more will come.
func (l *list) whole(rows int) bool {
	if l.total < 0 {
		return false
	}
	if l.grows() {
		return rows == l.total
	}
	return len(l.records)+rows == l.total
}

// rows parses an answer. What is wrong may still be loading, so the caller tries again for a while.
func (l *list) rows(a selectors.Answer) ([]record, error) {
	if !a.Proof {
		return nil, &bot.StepError{
			Class: bot.PageChanged, Step: "prove the page", Place: l.r.Proof.Pos.String(), URL: a.URL,
			Expected: l.r.Proof.String(), Found: "nothing of it", Hint: "is it the right page, and are we still logged in? Look at the screenshot",
		}
	}
	if a.TooMany > 0 {
		return nil, &bot.StepError{
			Class: bot.DataContract, Place: l.r.Rows.Pos.String(), URL: a.URL,
			Expected: fmt.Sprintf("at most %d rows", maxRows), Found: strconv.Itoa(a.TooMany), Hint: "filter the list, or read it in pages",
		}
	}
	if a.Total != nil {
		if err := l.count(*a.Total); err != nil {
			return nil, err
		}
	}
	rows := make([]record, len(a.Rows))
	for i, row := range a.Rows {
		var err error
		if rows[i], err = l.layout.parse(row, i, a.URL); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// count reads the page's own count of rows.
func (l *list) count(cell selectors.Cell) error {
	field := *l.r.Total
	fail := &bot.StepError{
		Class: bot.PageChanged, Step: "read the total", Place: field.Pos.String(), Expected: "the page's own count of rows",
		Hint: "look at the screenshot and correct total:",
	}
	if cell.Value == nil {
		fail.Found = cell.Why
		return fail
	}
	field.Type = "number"
	parsed, ok, err := field.Read(*cell.Value, l.layout.locale)
	if err != nil || !ok {
		fail.Found = fmt.Sprintf("%q", short(*cell.Value))
		return fail
	}
	n, err := strconv.Atoi(parsed.Value)
	if err != nil || n < 0 {
		fail.Found = fmt.Sprintf("%q", short(*cell.Value))
		return fail
	}
	l.total = n
	return nil
}

// late explains a page that did not become right in time: by what was wrong with it last.
func (l *list) late(ctx context.Context, err, last error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && last != nil {
		return last
	}
	return err
}

func (l *list) same() error {
	return &movedError{fmt.Sprintf("the same rows again after page %d", l.pages)}
}

func (l *list) nothing(a selectors.Answer) error {
	return &bot.StepError{
		Class: bot.PageChanged, Step: "read the list", Place: l.r.Rows.Pos.String(), URL: a.URL,
		Expected: "rows (" + l.r.Rows.String() + "), or the page's own sign that there are none (" + l.r.Empty.String() + ")",
		Found:    "neither", Hint: "an empty page is not believed; look at the screenshot",
	}
}

// next goes on to further rows. It reports false at the end of the list.
func (l *list) next(ctx context.Context, a selectors.Answer, shown int) (bool, error) {
	n := l.r.Next
	if n == nil || n.None {
		l.ended = n != nil
		return false, nil
	}
	if l.pages >= maxPages {
		return false, &movedError{fmt.Sprintf("no end after %d pages", l.pages)}
	}
	switch {
	case n.Scroll != nil:
		return l.scroll(ctx, shown)
	case !n.Pages.Empty():
		return l.nextAddress(ctx, shown)
	}
	switch a.Next {
	case "none", "disabled":
		l.ended = true
		return false, nil
	case "several":
		return false, &bot.StepError{
			Class: bot.PageChanged, Step: "next page", Place: n.Pos.String(), Expected: "one " + l.plan.Next.String(), Found: a.NextWhy,
			Hint: "make the selector narrower, or say first: true",
		}
	}
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	l.v.doing, l.v.place = "next page", n.Pos.String()
	return true, l.v.act(ctx, selectors.Action{Do: "click", Element: l.plan.Next})
}

// nextAddress opens the next page by its number. Some sites answer the first page again after the last one, so a list read
// this way needs its total, or a page without rows, to end.
func (l *list) nextAddress(ctx context.Context, shown int) (bool, error) {
	if shown == 0 || l.total >= 0 && len(l.records) >= l.total {
		l.ended = true
		return false, nil
	}
	work := map[string]string{"n": strconv.Itoa(l.pages + 1)}
	for name, value := range l.v.work {
		work[name] = value
	}
	old := l.v.work
	l.v.work = work
	defer func() { l.v.work = old }()
	return true, l.v.open(ctx, l.r.Next.Pages)
}

// replaced says that a list does not grow, but shows a window of its rows only.
func (l *list) replaced() error {
	return &bot.StepError{
		Class: bot.DataContract, Step: "scroll for more rows", Place: l.r.Next.Pos.String(),
		Expected: "a list that grows while it is scrolled", Found: "one that replaces its rows",
		Hint: "look for another view of the list: with pages, or an export",
	}
}

// stall is how long a list without a count may stay the same at its end before it is taken for whole.
const stall = 2 * time.Second

// scroll scrolls to the end and waits for more rows.
func (l *list) scroll(ctx context.Context, shown int) (bool, error) {
	if l.total >= 0 && shown >= l.total {
		return false, nil
	}
	l.v.doing, l.v.place = "scroll for more rows", l.r.Next.Pos.String()
	limit := stall
	if l.total >= 0 {
		limit = stepLimit
	}
	started := time.Now()
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for attempt := 0; ; attempt++ {
		acting, done := context.WithTimeout(ctx, stepLimit)
		err := l.v.act(acting, selectors.Action{Do: "scroll", Element: l.r.Next.Scroll})
		done()
		if err != nil {
			return false, err
		}
		a, err := l.v.page.Read(ctx, l.plan)
		if err != nil {
			return false, err
		}
		rows, err := l.rows(a)
		switch {
		case err != nil: // rows that are just coming
		case !strings.HasPrefix(printOf(rows), l.last):
			return false, l.replaced()
		case len(rows) > shown:
			return true, nil
		}
		if pauseErr := pause(waiting, attempt); pauseErr != nil {
			switch {
			case ctx.Err() != nil:
				return false, context.Cause(ctx)
			case err != nil:
				return false, err
			case a.Pending > 0 && time.Since(started) < stepLimit: // the server is still at work
				continue
			}
			l.ended = l.total < 0
			return false, nil
		}
	}
}
