package flows

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

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
	want   func(record) bool   // rows whose detail page is opened; nil: all
	enough func([]record) bool // whether nothing is wanted of what follows a page; nil: never
	memo   map[string]memory   // detail pages that were read, by the print of their row
	outer  *record             // of which this list is the detail page
	reopen func(context.Context) error

	attempt int
	records []record
	byKey   map[string]int
	total   int // the page's own count; -1: it has none
	pages   int
	ended   bool // the end of the pager was seen
	harvest bool // the list shows a window of its rows
	base    int  // records of the tabs before
	slow    bool // something was still under way when a page was believed
	gaps    bool // two windows of it did not overlap
	walk    walker
	steady  int // pages that did not change any more after they had come from the server
	carried int // the same, of the detail pages before this one
	inside  int // the same, of the detail pages that are lists
	headers []string
	last    string         // the page before
	seen    map[string]int // pages that were read → their numbers
	stale   string         // what stood there before the first page was asked for
	file    *selectors.Download
	inner   []record // rows of detail pages that are lists themselves
}

func (v *visit) newList(r *selectors.Reading, defaultKey string, want func(record) bool) *list {
	l := &list{v: v, r: r, want: want, memo: map[string]memory{}, keys: r.Key, layout: newLayout(r.Columns, v.site.Locale)}
	if len(l.keys) == 0 || r.Detail != nil && r.Detail.Rows != nil {
		l.keys = l.layout.names
		if r.Columns[defaultKey] != nil {
			l.keys = []string{defaultKey}
		}
	}
	l.plan = selectors.Plan{
		Proof: r.Proof, Empty: r.Empty, Rows: r.Rows.Element, Skip: r.Skip, Columns: l.layout.selections(), Limit: maxRows,
	}
	if r.Total != nil && r.Total.JSON == "" {
		s := r.Total.Selection()
		s.Final = true
		l.plan.Total = &s
	}
	l.plan.Prints = r.Detail != nil && r.Detail.Open.Address.Empty()
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
	for l.attempt = range maxReads {
		if err = l.readOnce(ctx); err == nil {
			if empty++; len(l.records) > 0 || empty == 2 || l.file != nil || l.carried >= provenPages && l.steady >= provenPages {
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
	l.records, l.byKey, l.inner, l.pages, l.seen = nil, map[string]int{}, nil, 0, map[string]int{}
	l.harvest, l.gaps, l.slow = false, false, false
	if err := l.begin(ctx); err != nil {
		return err
	}
	read := l.readList
	if l.r.Tabs != nil {
		read = l.readTabs
	}
	if err := read(ctx); err != nil {
		return err
	}
	if err := l.detailsByAddress(ctx); err != nil {
		return err
	}
	return l.unique()
}

// begin opens the list and does the steps before it.
func (l *list) begin(ctx context.Context) error {
	if l.outer != nil {
		if l.attempt > 0 {
			if err := l.reopen(ctx); err != nil {
				return err
			}
		}
		return l.prove()
	}
	source := ""
	if l.r.From != nil {
		source = l.r.From.Response
	}
	if err := l.v.page.Collect(source); err != nil {
		return err
	}
	if err := l.v.open(ctx, l.r.Open); err != nil {
		return err
	}
	l.v.file, l.v.early, l.stale = nil, nil, ""
	if err := l.steps(ctx); err != nil {
		return err
	}
	l.file = l.v.file
	if err := l.v.enterFrame(ctx, l.r.Frame); err != nil {
		return err
	}
	return l.prove()
}

// steps does the steps before the rows. What the list shows before the last of them is remembered: a filter takes effect a
// moment later, and the list without it must not be taken for the one that was asked for.
func (l *list) steps(ctx context.Context) error {
	n := len(l.r.Steps)
	if n == 0 {
		return nil
	}
	if err := l.v.run(ctx, l.r.Steps[:n-1], nil); err != nil {
		return err
	}
	if !l.answers() && !l.fromFile() && l.r.Frame == "" && l.r.Steps[n-1].Do != "wait" {
		looking, cancel := context.WithTimeout(ctx, l.v.stepLimit())
		a, err := l.v.page.Read(looking, l.plan)
		cancel()
		if err != nil {
			return err
		}
		total := l.total
		if rows, err := l.rows(a); err == nil {
			l.stale = printOf(rows)
		}
		l.total = total
	}
	return l.v.run(ctx, l.r.Steps[n-1:], nil)
}

// prove puts the values of the work at hand into the proof.
func (l *list) prove() error {
	l.v.doing, l.v.place = "read the list", l.r.Pos.String()
	if l.r.Proof == nil {
		return nil
	}
	filled, err := l.v.filled([]selectors.Condition{*l.r.Proof})
	if err == nil {
		l.plan.Proof = &filled[0]
	}
	return err
}

// readTabs reads the list of each in-page tab.
func (l *list) readTabs(ctx context.Context) error {
	seen, err := l.allTabs(ctx)
	if err != nil {
		return err
	}
	if len(seen.Rows) == 0 {
		return &bot.StepError{
			Class: bot.PageChanged, Step: "tabs", Place: l.r.Tabs.Pos.String(), Expected: l.r.Tabs.String(), Found: "none", URL: seen.URL,
			Hint: "look at the screenshot and correct tabs:",
		}
	}
	total, whole := 0, true
	for i := range seen.Rows {
		l.v.doing, l.v.place = fmt.Sprintf("tab %d", i+1), l.r.Tabs.Pos.String()
		acting, cancel := context.WithTimeout(ctx, l.v.stepLimit())
		self := &selectors.Element{Pos: l.r.Tabs.Pos, Alternatives: []selectors.Target{{XPath: "."}}}
		err := l.v.act(acting, selectors.Action{Do: "click", Element: self, Row: &selectors.Row{Rows: *l.r.Tabs, Index: i}})
		cancel()
		if err != nil {
			return err
		}
		before := len(l.records)
		l.last = ""
		if err := l.readList(ctx); err != nil {
			return err
		}
		whole = whole && l.complete() == bot.CompleteYes
		total += len(l.records) - before
	}
	l.ended, l.total = whole, -1
	return nil
}

// allTabs waits until there are tabs and their number stands still.
func (l *list) allTabs(ctx context.Context) (selectors.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, l.v.stepLimit())
	defer cancel()
	last, since := -1, time.Now()
	for attempt := 0; ; attempt++ {
		seen, err := l.v.page.Read(ctx, selectors.Plan{Rows: *l.r.Tabs, Limit: maxRows})
		if err != nil {
			return seen, err
		}
		if n := len(seen.Rows); n != last {
			last, since = n, time.Now()
		} else if n > 0 && seen.Pending == 0 && time.Since(since) > 2*quiet+quiet {
			return seen, nil
		}
		if pause(ctx, attempt) != nil {
			return seen, nil //nolint:nilerr // what is there by now is judged by the caller
		}
	}
}

// readList reads the pages of one list.
func (l *list) readList(ctx context.Context) error {
	l.total, l.ended, l.walk, l.steady = -1, false, walker{}, l.carried
	l.harvest, l.base = false, len(l.records)
	before := len(l.records)
	if err := l.firstPage(ctx); err != nil {
		return err
	}
	pages := l.pages
	for {
		answer, rows, err := l.page(ctx, l.pages > pages)
		if err == nil && len(l.r.Page) > 0 {
			answer, rows, err = l.wholePage(ctx, l.pages > pages+1)
		}
		if err != nil {
			return err
		}
		l.headers = answer.Headers
		l.v.log(fmt.Sprintf("read %s of page %d", count(len(rows), "row"), l.pages))
		l.v.snap(ctx)
		if err := l.v.come(ctx, fmt.Sprintf("page %d", l.pages)); err != nil {
			return err
		}
		if err := l.add(rows); err != nil {
			return err
		}
		if l.r.Detail != nil {
			l.seen[printOf(rows)] = l.pages
		}
		if err := l.details(ctx, rows); err != nil {
			return err
		}
		l.last = printOf(rows)
		if l.enough != nil && l.enough(rows) {
			l.gaps = true // the rest was not looked at
			return nil
		}
		more, err := l.next(ctx, answer, rows)
		if err != nil {
			return err
		}
		if !more {
			return l.judge(answer, len(l.records)-before)
		}
	}
}

// wholePage does what the file asks for on each page and reads it again.
func (l *list) wholePage(ctx context.Context, further bool) (selectors.Answer, []record, error) {
	if err := l.v.run(ctx, l.r.Page, nil); err != nil {
		return selectors.Answer{}, nil, err
	}
	l.v.doing, l.v.place = "read the list", l.r.Pos.String()
	l.pages--
	return l.page(ctx, further)
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
		case l.records[at].print == row.print && l.overlaps():
			// Shown again by a list that overlaps, with the same values: nothing new.
		case l.records[at].print == row.print:
			return &movedError{fmt.Sprintf("the row %q twice", short(strings.ReplaceAll(key, "\x1f", " ")))}
		default:
			return l.twoRows(row, key)
		}
	}
	if len(l.records) > maxRows {
		return &bot.StepError{Class: bot.DataContract, Expected: fmt.Sprintf("at most %d rows", maxRows), Found: "more", Hint: "filter the list"}
	}
	return nil
}

func (l *list) twoRows(row record, key string) error {
	return &bot.StepError{
		Class: bot.DataContract, Step: fmt.Sprintf("row %d", row.index+1), Place: l.r.Pos.String(),
		Expected: "each key (" + strings.Join(l.keys, ", ") + ") once",
		Found:    fmt.Sprintf("two rows with the key %q and different values", short(strings.ReplaceAll(key, "\x1f", " "))),
		Hint:     "choose more columns for key:, so that it is different in every row",
	}
}

// grows reports whether a list shows all rows so far on one page.
func (l *list) grows() bool {
	return l.r.Next != nil && (l.r.Next.Scroll != nil || l.r.Next.More != nil) && !l.answers() && !l.harvest
}

// overlaps reports whether rows that were read may show up again.
func (l *list) overlaps() bool { return l.grows() || l.harvest || l.answers() || l.r.Tabs != nil }

// judge decides whether what was read is the whole list.
func (l *list) judge(last selectors.Answer, n int) error {
	if l.total >= 0 && l.total != n {
		return &movedError{fmt.Sprintf("%d rows, while the page says %d", n, l.total)}
	}
	if n == 0 && !last.Empty && l.total != 0 {
		return l.empty("give empty: what the page shows when a list is empty")
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

// complete reports whether something proved that nothing is missing: the page's own count, a whole file, or a list whose
// beginning and end were seen.
func (l *list) complete() bot.Completeness {
	next := l.r.Next
	begins := next == nil || next.Click == nil || next.First != nil || l.r.Tabs != nil
	if !l.gaps && (l.total >= 0 || l.file != nil || l.ended && begins && !l.slow) {
		return bot.CompleteYes
	}
	return bot.CompleteUnknown
}

func printOf(rows []record) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(r.print)
	}
	return b.String()
}
