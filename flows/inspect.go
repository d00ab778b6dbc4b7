package flows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"restock/bot"
	"restock/selectors"
	"restock/selectors/strict"
)

// Inspected is what one selector of a file matches on the pages of its flow.
type Inspected struct {
	strict.Pos
	Flow        string `json:"flow"`
	What        string `json:"what"`     // "rows", "column sku", "step 2: click"
	Selector    string `json:"selector"` // as the file writes it
	Matches     int    `json:"matches"`
	Alternative int    `json:"alternative"` // of those that are tried in order, the one that matched: 1, 2, …; 0: none
	Sample      string `json:"sample"`
	Problem     string `json:"problem,omitempty"` // why it is a finding
	Note        string `json:"note,omitempty"`    // worth knowing: only hidden matches, a fallback

	Boxes []selectors.Box `json:"-"` // where the first matches are
}

// Inspect tries every selector of a flow, and every column, on the page that is shown. It changes nothing.
//
// what is the page within its flow, as OnPage was told it.
func Inspect(ctx context.Context, page Page, site *selectors.Site, flow, what string, values selectors.Values) ([]Inspected, error) {
	places := append(site.Places(flow), site.Places("")...)
	elements := make([]selectors.Element, len(places))
	for i, p := range places {
		filled, err := p.Element.With(values)
		if err != nil { // values of the work at hand, which is not at hand
			filled = selectors.Element{Pos: p.Element.Pos}
		}
		elements[i] = filled
	}
	answers, err := page.Inspect(ctx, elements)
	if err != nil {
		return nil, err
	}
	var list []Inspected
	for i, p := range places {
		if len(elements[i].Alternatives) > 0 {
			list = append(list, judgePlace(p, answers[i]))
		}
	}
	columns, err := inspectColumns(ctx, page, site, flow, what)
	list = append(list, columns...)
	if err == nil {
		err = inspectTotal(ctx, page, site, flow, what, list)
	}
	slices.SortStableFunc(list, func(a, b Inspected) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	return list, err
}

func judgePlace(p selectors.Place, a selectors.Inspection) Inspected {
	in := Inspected{Pos: p.Pos, Flow: cmp.Or(p.Flow, "any"), What: p.What, Selector: p.Element.String()}
	if a.Error != "" {
		in.Problem = a.Error
		return in
	}
	hidden := 0
	for i, alternative := range a.Alternatives {
		if alternative.Matches > 0 {
			in.Matches, in.Alternative, in.Sample, in.Boxes = alternative.Matches, i+1, bot.Redact(alternative.Sample), alternative.Boxes
			break
		}
		hidden += alternative.Hidden
	}
	switch {
	case in.Matches == 0 && hidden > 0:
		in.Note = fmt.Sprintf("%d hidden", hidden)
	case in.Alternative > 1:
		in.Note = "a fallback: the first alternative matches nothing"
	}
	switch {
	case in.Matches == 0 && !p.Maybe:
		in.Problem = "matches nothing" + strings.TrimSuffix(" ("+in.Note+")", " ()")
	case in.Matches > 1 && !p.Many && !p.InRow:
		in.Problem = fmt.Sprintf("%d matches, expected one", in.Matches)
	}
	return in
}

// inspectTotal makes it a finding that the count of the page cannot be read, or that the way to the next page is not there though the count
// says that there is more.
func inspectTotal(ctx context.Context, page Page, site *selectors.Site, flow, what string, list []Inspected) error {
	r := site.ReadingOf(flow)
	if r == nil || r.Total == nil || what == "detail" || r.Rows.JSON != "" || len(r.Rows.Alternatives) == 0 {
		return nil
	}
	selection := r.Total.Selection()
	answer, err := page.Read(ctx, selectors.Plan{Rows: r.Rows.Element, Skip: r.Skip, Limit: maxRows, Total: &selection, Columns: [][]selectors.Selection{}})
	if err != nil || answer.Total == nil || answer.Total.Value == nil || len(answer.Rows) == 0 {
		return nil //nolint:nilerr // that is told elsewhere
	}
	parsed, ok, err := r.Total.Read(*answer.Total.Value, site.Locale)
	if err != nil || !ok {
		if at := slices.IndexFunc(list, func(in Inspected) bool { return in.What == "total" && in.Matches > 0 }); at >= 0 {
			list[at].Problem = fmt.Sprintf("no count can be read from %q", bot.Clean(*answer.Total.Value))
		}
		return nil //nolint:nilerr // it is a finding
	}
	next := slices.IndexFunc(list, func(in Inspected) bool { return (in.What == "next" || in.What == "next more") && in.Matches == 0 })
	first := what == "page 1" || !strings.HasPrefix(what, "page ") // a last page has none
	if n, err := strconv.Atoi(strings.ReplaceAll(parsed.Value, ",", "")); err == nil && n > len(answer.Rows) && first && next >= 0 {
		list[next].Problem = fmt.Sprintf("matches nothing, though the page says that there are %d and shows %d", n, len(answer.Rows))
	}
	return nil
}

// planOf is how the columns of a flow's page are read; not ok where they come from elsewhere.
func planOf(site *selectors.Site, flow, what string) (l layout, plan selectors.Plan, kind string, ok bool) {
	r := site.ReadingOf(flow)
	if r == nil || r.From != nil && (r.From.Download != nil || r.From.Response != "") {
		return l, plan, "", false
	}
	l = newLayout(r.Columns, site.Locale)
	plan = selectors.Plan{Rows: r.Rows.Element, Skip: r.Skip, Limit: maxRows}
	if d := r.Detail; d != nil && what == "detail" {
		l, kind = newLayout(d.Columns, site.Locale), "detail "
		plan.Rows, plan.Skip, plan.Record = selectors.Element{}, d.Skip, d.Rows == nil
		if d.Rows != nil {
			plan.Rows = *d.Rows
		}
	}
	plan.Columns = l.selections()
	return l, plan, kind, true
}

// ColumnSpots tells where the values of each column of a flow are on the page that is shown.
func ColumnSpots(ctx context.Context, page Page, site *selectors.Site, flow, what string) ([]Inspected, error) {
	l, plan, kind, ok := planOf(site, flow, what)
	if !ok || !plan.Record && len(plan.Rows.Alternatives) == 0 {
		return nil, nil
	}
	spots, err := page.Spots(ctx, plan)
	list := make([]Inspected, 0, len(spots))
	for i := range spots {
		name := l.names[i]
		list = append(list, Inspected{Pos: l.columns[name][0].Pos, Flow: flow, What: kind + "column " + name, Matches: len(spots[i]), Boxes: spots[i]})
	}
	return list, err
}

// inspectColumns reads every row of the page and tells of each column how many rows gave a value.
func inspectColumns(ctx context.Context, page Page, site *selectors.Site, flow, what string) ([]Inspected, error) {
	l, plan, kind, ok := planOf(site, flow, what)
	if !ok {
		return nil, nil
	}
	answer, err := page.Read(ctx, plan)
	if step, ok := errors.AsType[*bot.StepError](err); ok && step.Class == bot.Config { // a selector that no browser understands
		r := site.ReadingOf(flow)
		return []Inspected{{Pos: r.At.Of("columns", r.Pos), Flow: flow, What: "rows and columns", Problem: step.Found}}, nil
	}
	if err != nil || len(answer.Rows) == 0 {
		return nil, err
	}
	var list []Inspected
	for i, name := range l.names {
		in := Inspected{Pos: l.columns[name][0].Pos, Flow: flow, What: kind + "column " + name, Selector: describeField(l.columns[name])}
		if l.columns[name][0].Column() == "" {
			l.inspectColumn(&in, name, i, answer)
		} else {
			l.inspectDerived(&in, name, answer)
		}
		list = append(list, in)
	}
	return list, nil
}

func (l layout) inspectColumn(in *Inspected, name string, at int, a selectors.Answer) {
	for n, row := range a.Rows {
		parsed, err := l.cell(name, row[at], n)
		in.take(parsed, err, len(row[at]))
	}
	in.judge(len(a.Rows))
}

func (l layout) inspectDerived(in *Inspected, name string, a selectors.Answer) {
	for n, row := range a.Rows {
		r, err := l.parse(row, n, a.URL)
		in.take(r.cells[name], err, 1)
	}
	in.judge(len(a.Rows))
}

func (in *Inspected) take(p selectors.Parsed, err error, alternative int) {
	if err != nil {
		if step, ok := err.(*bot.StepError); ok && in.Problem == "" { //nolint:errorlint // made by cell
			in.Problem = fmt.Sprintf("%s: expected %s, found %s", step.Step, step.Expected, bot.Redact(step.Found))
		}
		return
	}
	if in.Matches++; in.Sample == "" {
		in.Sample, in.Alternative = bot.Redact(short(strings.Join(strings.Fields(p.Value), " "))), alternative
	}
}

func (in *Inspected) judge(rows int) {
	if in.Problem == "" && in.Matches < rows {
		in.Problem = fmt.Sprintf("%d of %d rows have no value", rows-in.Matches, rows)
	}
}

func describeField(c selectors.Column) string {
	var texts []string
	for _, f := range c {
		var parts []string
		for _, p := range []struct{ key, value string }{
			{"header", f.Header},
			{"css", f.CSS},
			{"xpath", f.XPath},
			{"text", f.Text},
			{"textContent", f.TextContent},
			{"link", f.Link},
			{"attribute", f.Attribute},
			{"property", f.Property},
			{"from", f.From},
			{"element", f.Element.String()},
		} {
			if p.value != "" && p.value != "nothing" {
				parts = append(parts, fmt.Sprintf("%s %q", p.key, p.value))
			}
		}
		if f.Join != nil {
			parts = append(parts, "join")
		}
		texts = append(texts, strings.Join(parts, " + "))
	}
	return strings.Join(texts, ", else ")
}
