package flows

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"restock/selectors"
)

// walker is how the further pages of a list are reached.
type walker struct {
	proven  int    // pages that were fetched and shown, and gave the same rows
	refused bool   // fetching does not give what is shown
	plain   bool   // the link to the next page is an ordinary one
	clicked string // address of the link that was clicked last
	from    string // the page that it was clicked on
}

// provenPages is how many pages must read the same fetched and shown before the others are fetched only.
const provenPages = 2

// fetchOn reads the rest of the list by fetching, where that was proved to give what is shown. done says that it has; more
// says that a page was shown instead, where fetching did not go on. address is that of the next page.
func (l *list) fetchOn(ctx context.Context, a selectors.Answer, rows []record, address string) (done, more bool, err error) {
	if l.walk.clicked != "" && sameAddress(l.walk.clicked, a.URL) && a.Settled && l.walk.from != a.URL {
		l.walk.plain = true
	}
	if l.r.Walk != "fetch" || l.walk.refused || l.attempt > 0 || l.r.Detail != nil {
		return false, false, nil
	}
	if l.walk.proven < provenPages {
		return false, false, l.compareShown(ctx, a, rows)
	}
	if address == "" {
		l.refuseFetch("the next page has no address")
		return false, false, nil
	}
	for address != "" {
		l.v.doing, l.v.place = fmt.Sprintf("fetch page %d", l.pages+1), l.r.Pos.String()
		pages, err := l.fetch(ctx, address)
		if err != nil {
			return true, false, err
		}
		for _, page := range pages {
			got, why := l.fetchedRows(page)
			if why == "" && printOf(got) == l.last {
				why = "it has the same rows as the page before"
			}
			if why != "" {
				l.refuseFetch(why)
				opening, cancel := context.WithTimeout(ctx, l.v.openLimit())
				defer cancel()
				return true, true, l.v.page.Open(opening, page.URL)
			}
			l.pages++
			if err := l.add(got); err != nil {
				return true, false, err
			}
			l.last = printOf(got)
			if address, err = l.following(*page.Answer, len(got)); err != nil {
				return true, false, err
			}
		}
	}
	l.ended = true
	return true, false, nil
}

// following is the address of the page after one that was fetched, or "" at the end.
func (l *list) following(a selectors.Answer, rows int) (string, error) {
	if l.r.Next.Pages.Empty() {
		if a.Next != "ready" {
			return "", nil
		}
		return a.Href, nil
	}
	if rows == 0 || l.total >= 0 && len(l.records) >= l.total {
		return "", nil
	}
	return l.pageAddress(l.pages + 1)
}

// fetchAtOnce is how many pages one request reads.
const fetchAtOnce = 8

// fetch reads the page at an address and some of those that follow.
func (l *list) fetch(ctx context.Context, address string) ([]selectors.Fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, l.v.openLimit())
	defer cancel()
	addresses := []string{address}
	if perPage := len(l.records) / max(l.pages, 1); !l.r.Next.Pages.Empty() && l.total >= 0 && perPage > 0 {
		for n := 1; n < fetchAtOnce && len(l.records)-l.base+n*perPage < l.total; n++ {
			next, err := l.pageAddress(l.pages + 1 + n)
			if err != nil {
				return nil, err
			}
			addresses = append(addresses, next)
		}
	}
	return l.v.page.Fetch(ctx, addresses, fetchAtOnce, l.plan)
}

// compareShown fetches the page that is shown and compares.
func (l *list) compareShown(ctx context.Context, a selectors.Answer, rows []record) error {
	ctx, cancel := context.WithTimeout(ctx, l.v.openLimit())
	defer cancel()
	pages, err := l.v.page.Fetch(ctx, []string{a.URL}, 1, l.plan)
	if err != nil {
		return err
	}
	got, why := l.fetchedRows(pages[0])
	if why == "" {
		why = differ(rows, got)
	}
	if next := pages[0].Answer; why == "" && (next.Next != a.Next || next.Href != a.Href) {
		why = fmt.Sprintf("its link to the next page is %s %s, and the page shows %s %s", next.Next, next.Href, a.Next, a.Href)
	}
	if why != "" {
		l.refuseFetch(why)
		return nil
	}
	l.walk.proven++
	return nil
}

// fetchedRows reads the rows of a page that was fetched, or says why they cannot be believed.
func (l *list) fetchedRows(page selectors.Fetched) (rows []record, why string) {
	if page.Answer == nil {
		return nil, page.Why
	}
	total := l.total
	rows, err := l.rows(*page.Answer)
	switch {
	case err != nil:
		l.total = total
		return nil, err.Error()
	case len(rows) == 0 && !page.Answer.Empty:
		return nil, "it has no rows, and not the page's own sign that there are none"
	case page.Answer.Next == "several":
		return nil, "several links to the next page"
	case total >= 0 && l.total != total:
		l.total = total
		return nil, "another total than the page before"
	}
	return rows, ""
}

func (l *list) refuseFetch(why string) {
	l.walk.refused = true
	l.v.warn = append(l.v.warn, fmt.Sprintf("%s: walk: fetch was given up on page %d, the pages are opened instead: %s", l.r.Pos, l.pages, short(why)))
}

// differ says where two readings of a page differ in their values, or "".
func differ(shown, fetched []record) string {
	if len(shown) != len(fetched) {
		return fmt.Sprintf("it gave %d rows, and the page shows %d", len(fetched), len(shown))
	}
	fold := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	for i := range shown {
		for name, cell := range shown[i].cells {
			if other := fetched[i].cells[name]; fold(cell.Value) != fold(other.Value) || cell.Unit != other.Unit {
				return fmt.Sprintf("row %d, column %s reads %q, and the page shows %q", i+1, name, short(other.Value), short(cell.Value))
			}
		}
	}
	return ""
}

func sameAddress(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX == nil && errY == nil && x.String() == y.String()
}
