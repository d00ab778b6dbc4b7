package flows

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"restock/bot"
	"restock/selectors"
)

// firstPage goes to the first page of a list whose site remembers another one.
func (l *list) firstPage(ctx context.Context) error {
	if l.r.Next == nil || l.r.Next.First == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.v.openLimit())
	defer cancel()
	for attempt := 0; ; attempt++ { // until the list is there, with or without the link
		plan := l.plan
		plan.Next = l.r.Next.First
		a, err := l.v.page.Read(ctx, plan)
		if err != nil {
			return err
		}
		rows, err := l.rows(a)
		if err == nil && a.Next == "ready" {
			l.stale = printOf(rows)
			l.v.doing, l.v.place = "first page", l.r.Next.First.Pos.String()
			return l.v.act(ctx, selectors.Action{Do: "click", Element: l.r.Next.First})
		}
		if err == nil && a.Next == "disabled" || err == nil && (len(rows) > 0 || a.Empty) && a.Ready == "complete" && attempt > 10 {
			return nil
		}
		if err := pause(ctx, attempt); err != nil {
			return nil //nolint:nilerr // reading the page says what is wrong with it
		}
	}
}

// next goes on to further rows. It reports false at the end of the list.
func (l *list) next(ctx context.Context, a selectors.Answer, rows []record) (bool, error) {
	n := l.r.Next
	switch {
	case l.fromFile():
		l.ended = true
		return false, nil
	case n == nil || n.None:
		l.ended = n != nil
		return false, nil
	case l.pages >= maxPages:
		return false, &movedError{"no end after " + strconv.Itoa(l.pages) + " pages"}
	case n.Scroll != nil && l.answers():
		return l.scrollAnswers(ctx)
	case n.Scroll != nil:
		return l.scroll(ctx, len(rows))
	case !n.Pages.Empty():
		return l.nextAddress(ctx, a, rows)
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
	if done, more, err := l.fetchOn(ctx, a, rows, a.Href); done || err != nil {
		return more, err
	}
	return true, l.clickNext(ctx, a)
}

// clickNext clicks the link to the next page. Where that link led to a document at the very address it names, the further
// ones are opened by their address: the same page, for a fifth of the time.
func (l *list) clickNext(ctx context.Context, a selectors.Answer) error {
	l.v.doing, l.v.place = "next page", l.r.Next.Pos.String()
	if l.walk.plain && a.Href != "" {
		ctx, cancel := context.WithTimeout(ctx, l.v.openLimit())
		defer cancel()
		return l.v.page.Go(ctx, a.Href)
	}
	l.walk.clicked, l.walk.from = a.Href, a.URL
	ctx, cancel := context.WithTimeout(ctx, l.v.stepLimit())
	defer cancel()
	return l.v.act(ctx, selectors.Action{Do: "click", Element: l.plan.Next})
}

// pageAddress is the address of a page by its number.
func (l *list) pageAddress(n int) (string, error) {
	address, err := l.v.addressFor(l.r.Next.Pages, map[string]string{"n": strconv.Itoa(n)})
	if err != nil || !strings.HasPrefix(l.r.Next.Pages.Text, "?") {
		return address, err
	}
	return l.sameList(address)
}

// sameList is the address of the list with another query (RFC 3986 section 5.2.2, a reference that begins with ?).
func (l *list) sameList(address string) (string, error) {
	open, err := l.v.addressFor(l.r.Open, nil)
	if err != nil {
		return "", err
	}
	list, err := url.Parse(open)
	if err != nil {
		return "", err
	}
	page, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	list.RawQuery = page.RawQuery
	return list.String(), nil
}

// nextAddress opens the next page by its number. Some sites answer the first page again after the last one, so a list read
// this way needs its total, or a page without rows, to end.
func (l *list) nextAddress(ctx context.Context, a selectors.Answer, rows []record) (bool, error) {
	if len(rows) == 0 || l.total >= 0 && len(l.records) >= l.total {
		l.ended = true
		return false, nil
	}
	address, err := l.pageAddress(l.pages + 1)
	if err != nil {
		return false, err
	}
	if done, more, err := l.fetchOn(ctx, a, rows, address); done || err != nil {
		return more, err
	}
	l.v.doing, l.v.place = "page "+strconv.Itoa(l.pages+1), l.r.Next.Pages.Pos.String()
	ctx, cancel := context.WithTimeout(ctx, l.v.openLimit())
	defer cancel()
	return true, l.v.page.Go(ctx, address)
}

// stall is how long a list without a count may stay the same at its end before it is taken for whole.
const stall = 2 * time.Second

// scroll scrolls to the end and waits for more rows. A list that replaces its rows is harvested.
func (l *list) scroll(ctx context.Context, shown int) (bool, error) {
	if l.total >= 0 && shown >= l.total {
		return false, nil
	}
	l.v.doing, l.v.place = "scroll for more rows", l.r.Next.Pos.String()
	limit := stall
	if l.total >= 0 {
		limit = l.v.stepLimit()
	}
	started := time.Now()
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	replaced := 0
	for attempt := 0; ; attempt++ {
		if err := l.scrollTo(ctx, "end"); err != nil {
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
			if replaced++; replaced > 1 || len(rows) <= shown {
				return l.harvestAll(ctx)
			}
		case len(rows) > shown:
			return true, nil
		}
		if pauseErr := pause(waiting, attempt); pauseErr != nil {
			switch {
			case ctx.Err() != nil:
				return false, context.Cause(ctx)
			case err != nil:
				return false, err
			case a.Pending > 0 && time.Since(started) < l.v.openLimit(): // the server is still at work
				continue
			}
			l.ended, l.slow = l.total < 0, l.slow || a.Slow > 0
			return false, nil
		}
	}
}

func (l *list) scrollTo(ctx context.Context, where string) error {
	ctx, cancel := context.WithTimeout(ctx, l.v.stepLimit())
	defer cancel()
	_, alternative, err := l.v.page.Scroll(ctx, selectors.Action{Do: "scroll", Element: l.r.Next.Scroll}, where)
	l.v.fallback(l.r.Next.Scroll, alternative)
	return err
}
