package flows

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"restock/bot"
	"restock/selectors"
)

// quiet is how long a page must stay the same before it is believed, when nothing else says that it is whole.
const quiet = 150 * time.Millisecond

// quietPending is the same while the page has something under way from the server: more rows, perhaps. What is under way for
// longer than eight seconds counts no more: it is a poll, or the reading does not call itself complete.
const quietPending = 9 * time.Second

// quietCounted is the same where the list has a count of its own.
const quietCounted = 2 * time.Second

// quietEmpty is the same for a page that says that there is nothing: many pages say so until their data have come, so it must
// also have nothing under way from the server.
const quietEmpty = time.Second

// page waits until the page is there, is the right one, differs from the page before and stays the same, and reads it.
func (l *list) page(ctx context.Context, further bool) (selectors.Answer, []record, error) {
	within := l.r.Within
	if within == 0 {
		within = l.v.openLimit()
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var before, settled string // rows and pager at the last look, and at the first one when nothing was under way any more
	var since time.Time
	var lastErr error
	started := time.Now()
	wrong, wrongSince := "", time.Time{} // what is wrong with it, and since when
	for attempt := 0; ; attempt++ {
		answer, err := l.look(ctx)
		if err != nil {
			return answer, nil, l.late(ctx, err, lastErr)
		}
		rows, err := l.rows(answer)
		print := printOf(rows)
		now := print + answer.Next
		lastErr = err
		if answer.Settled && settled == "" && err == nil {
			settled = now
		}
		switch {
		case (l.answers() || l.fromFile()) && (err != nil || len(rows) == 0 && answer.Empty):
			l.pages++
			rows, err = l.forgiven(answer, rows, err)
			return answer, rows, err // it came whole
		case err != nil && wrong == err.Error() && answer.Ready == "complete" && answer.Pending == 0 && time.Since(wrongSince) > l.wrongLimit(within):
			l.pages++
			rows, err = l.forgiven(answer, rows, err)
			return answer, rows, err
		case err != nil:
			since = time.Time{}
			if wrong != err.Error() {
				wrong, wrongSince = err.Error(), time.Now()
			}
		case print == l.last && further: // still the page before
			lastErr = l.same()
		case !further && print == l.stale && l.stale != "" && (time.Since(started) < staleLimit || answer.Pending > 0):
		case len(rows) == 0 && !answer.Empty && l.total != 0:
			lastErr = l.nothing(answer)
		case len(rows) > 0 && l.believed(answer, len(rows)):
			l.pages++
			return answer, rows, nil
		case since.IsZero() || now != before || len(rows) == 0 && answer.Pending > 0:
			before, since = now, time.Now()
		case answer.Ready == "complete" && time.Since(since) >= l.quiet(len(rows), answer):
			l.slow = l.slow || answer.Slow > 0
			l.pages++
			l.steady++
			if settled != now { // what came from the server was not all: every page must be waited for
				l.steady = -maxPages
			}
			return answer, rows, nil
		}
		rest := 20 * time.Millisecond * time.Duration(attempt+1)
		if !since.IsZero() { // until it will have stood still for long enough
			rest = min(rest, max(l.quiet(len(rows), answer)-time.Since(since), time.Millisecond))
		}
		if err := pauseFor(ctx, min(rest, 250*time.Millisecond)); err != nil {
			return answer, nil, l.late(ctx, err, lastErr)
		}
	}
}

// wrongLimit is how long a page that has come and is doing nothing may be wrong before nothing better is expected of it.
func (l *list) wrongLimit(within time.Duration) time.Duration { return min(8*time.Second, within*3/4) }

// forgiven reads rows again, leaving out what may be unreadable in a few of them; how many there are is judged later.
func (l *list) forgiven(a selectors.Answer, rows []record, err error) ([]record, error) {
	if err == nil || len(l.layout.soft) == 0 || bot.ClassOf(err) != bot.DataContract {
		return rows, err
	}
	l.layout.lenient = true
	defer func() { l.layout.lenient = false }()
	if lenient, again := l.rows(a); again == nil {
		return lenient, nil
	}
	return rows, err
}

// staleLimit is how long the rows that stood there before the first page was asked for may be those of the first page.
const staleLimit = 3 * time.Second

// look reads what is shown now, or what came from where the rows are.
func (l *list) look(ctx context.Context) (selectors.Answer, error) {
	answer, err := l.v.page.Read(ctx, l.plan)
	switch {
	case err != nil:
		return answer, err
	case l.answers():
		return l.lookAnswers(ctx, answer)
	case l.fromFile():
		return l.lookFile(answer)
	}
	return answer, nil
}

func (l *list) quiet(rows int, a selectors.Answer) time.Duration {
	switch {
	case rows == 0 && a.Settled && l.carried >= provenPages: // like the pages before it, it came whole from the server
		return quiet
	case rows == 0:
		return quietEmpty
	case a.Pending > 0 && l.total >= 0 && l.grows(): // the count says whether there is more
		return quiet
	case a.Pending > 0 && l.total >= 0 && l.attempt == 0: // it is checked at the end; a second reading takes its time
		return quietCounted
	case a.Pending > 0:
		return quietPending
	}
	return quiet
}

// believed reports whether nothing more will come to this page: its own count is reached; or it came whole from the server,
// and the list has a count that is checked at the end, or its first pages were waited for and did not change any more. If
// that fails, the second reading takes its time.
func (l *list) believed(a selectors.Answer, rows int) bool {
	switch {
	case l.answers() || l.fromFile():
		return true // waited for already
	case l.total < 0:
		return a.Settled && l.attempt == 0 && l.steady >= provenPages && !l.grows() && !l.harvest
	case l.grows() || l.harvest:
		return rows == l.total
	}
	return len(l.records)-l.base+rows == l.total || a.Settled && l.attempt == 0
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
	if a.Alternative > 0 {
		l.v.fallback(&l.r.Rows.Element, a.Alternative)
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
		if i < len(a.Prints) {
			rows[i].inPage = a.Prints[i]
		}
		if l.outer != nil {
			if err = l.within(&rows[i]); err != nil {
				return nil, err
			}
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
	field.Type = "integer"
	parsed, ok, err := l.layout.value(field, cell)
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
	e := l.empty("look at the screenshot")
	e.Place, e.URL = l.r.Rows.Pos.String(), a.URL
	return e
}

// empty is the failure of a list that shows no rows, and does not say that it has none.
func (l *list) empty(hint string) *bot.StepError {
	e := &bot.StepError{
		Class: bot.PageChanged, Step: "read the list", Place: l.r.Pos.String(), Expected: "rows (" + l.r.Rows.String() + ")",
		Found: "none, and no sign of the page that there are none: the file has no empty:", Hint: "an empty page is not believed; " + hint,
	}
	if l.r.Empty != nil {
		e.Expected += ", or the page's own sign that there are none (" + l.r.Empty.String() + ")"
		e.Found = "no row, and no such sign"
	}
	return e
}
