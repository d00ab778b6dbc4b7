package proposal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"restock/bot"
	"restock/flows"
	"restock/selectors"
)

// list reads the rows of a page.
type list struct {
	page flows.Page
	plan selectors.Plan
	keys []selectors.Column // of what tells a row from others; none: the order of the rows does
}

// listOf is how the rows of a flow's pages are read. A column that is broken tells no row from others.
func (f *finder) listOf(page flows.Page, site *selectors.Site, broken string) (l list, columns map[string]selectors.Column, ok bool) {
	r := site.ReadingOf(f.Flow)
	if r == nil || r.From != nil && (r.From.Download != nil || r.From.Response != "") {
		return l, nil, false
	}
	l = list{page: page, plan: selectors.Plan{Rows: r.Rows.Element, Skip: r.Skip, Limit: 20000}}
	if d := r.Detail; d != nil && f.What == "detail" {
		if d.Rows == nil {
			return l, nil, false
		}
		l.plan.Rows, l.plan.Skip = *d.Rows, d.Skip
		return l, d.Columns, true
	}
	for _, name := range r.Key {
		if key := r.Columns[name]; name != broken && len(key) > 0 && key[0].Column() == "" {
			l.keys = append(l.keys, key)
		}
	}
	if len(l.keys) < len(r.Key) {
		l.keys = nil
	}
	return l, r.Columns, true
}

// values reads columns of a page: for each, its texts by the key of their row.
func (l list) values(ctx context.Context, columns ...selectors.Column) ([]map[string]string, []string, error) {
	all := append(slices.Clone(columns), l.keys...)
	plan := l.plan
	plan.Columns = make([][]selectors.Selection, len(all))
	for i, c := range all {
		for _, field := range c {
			plan.Columns[i] = append(plan.Columns[i], field.Selection())
		}
	}
	answer, err := l.page.Read(ctx, plan)
	if err != nil {
		return nil, nil, err
	}
	found := make([]map[string]string, len(columns))
	for i := range found {
		found[i] = map[string]string{}
	}
	for n, row := range answer.Rows {
		key := fmt.Sprint("row ", n)
		if len(l.keys) > 0 {
			key = ""
			for _, cell := range row[len(columns):] {
				key += text(cell) + "\n"
			}
		}
		for i := range columns {
			if v := text(row[i]); v != "" && strings.TrimSpace(key) != "" {
				found[i][key] = v
			}
		}
	}
	return found, answer.Headers, nil
}

// text is what a cell says.
func text(tried selectors.Tried) string {
	for _, cell := range tried {
		if cell.Value != nil {
			return strings.Join(strings.Fields(*cell.Value), " ")
		}
	}
	return ""
}

// agreement is the share of the rows of both pages that say the same, and in how many different words.
func agreement(was, now map[string]string) (share float64, distinct int) {
	common, equal, said := 0, 0, map[string]bool{}
	for key, v := range now {
		before, ok := was[key]
		if !ok {
			continue
		}
		common++
		if before == v {
			equal++
			said[v] = true
		}
	}
	if common < fewRows {
		return 0, 0
	}
	return float64(equal) / float64(common), len(said)
}

// candidate is one place from where a column could be read.
type candidate struct {
	field selectors.Field
	key   string // of the field: header or css
	value string
	other bool // the good page has it too, and something else in it
}

// column finds a column again.
func (f *finder) column(ctx context.Context, site *selectors.Site, file, name string) (Proposal, string, error) {
	before, columns, ok := f.listOf(f.good, f.former, name)
	if !ok || len(columns[name]) == 0 || columns[name][0].Column() != "" || columns[name][0].Join != nil {
		return Proposal{}, "it is made from other columns, or is of no list: pick the element on the picture", nil
	}
	after, present, _ := f.listOf(f.now, site, name)
	field := columns[name][0]
	were, oldHeads, err := before.values(ctx, columns[name])
	if err != nil {
		return Proposal{}, "", err
	}
	list, err := f.candidates(ctx, after, field)
	if err != nil {
		return Proposal{}, "", err
	}
	if len(list) == 0 {
		return Proposal{}, "there is no other column: pick the element on the picture", nil
	}
	tried := make([]selectors.Column, len(list))
	for i, c := range list {
		tried[i] = selectors.Column{c.field}
	}
	now, _, err := after.values(ctx, tried...)
	if err != nil {
		return Proposal{}, "", err
	}
	there, _, err := before.values(ctx, tried...)
	if err != nil {
		return Proposal{}, "", err
	}
	for i := range list {
		list[i].other = len(there[i]) > 0 && !maps.Equal(there[i], were[0])
	}
	scored := f.score(name, field, were[0], now, list, oldHeads, site.Locale)
	if len(scored) == 0 {
		return Proposal{}, "every column stood on the last good page too, and was something else: is it gone?", nil
	}
	chosen := list[scored[0].at]
	if why := scored.weak(list); why != "" {
		return Proposal{}, why, nil
	}
	p := Proposal{Score: scored[0].score, Margin: scored.margin(), Reasons: scored[0].reasons}
	if p.Text, p.Before, p.After, err = revalue(file, present[name][0].Pos, chosen.key, chosen.value); err != nil {
		return Proposal{}, err.Error(), nil
	}
	p.Was, p.Now = f.spot(ctx, before, columns[name]), f.spot(ctx, after, tried[scored[0].at])
	return p, "", nil
}

// spot is where the first values of a column are.
func (f *finder) spot(ctx context.Context, l list, c selectors.Column) (box selectors.Box) {
	plan := l.plan
	plan.Columns = [][]selectors.Selection{{c[0].Selection()}}
	spots, err := l.page.Spots(ctx, plan)
	if err != nil || len(spots) == 0 || len(spots[0]) == 0 {
		return box
	}
	last := spots[0][min(len(spots[0]), 4)-1]
	box = spots[0][0]
	box[2], box[3] = max(box[2], last[0]+last[2]-box[0]), max(box[3], last[1]+last[3]-box[1])
	return box
}

// candidates are the places from where a column could be read instead: other headings, or other parts of the rows.
func (f *finder) candidates(ctx context.Context, l list, field selectors.Field) ([]candidate, error) {
	var list []candidate
	if field.Header != "" {
		_, heads, err := l.values(ctx)
		for _, head := range heads {
			c := candidate{field: field, key: "header", value: head}
			c.field.Header = head
			list = append(list, c)
		}
		return list, err
	}
	css, err := l.page.InRows(ctx, l.plan.Rows, l.plan.Skip)
	for _, selector := range css {
		c := candidate{field: field, value: selector}
		switch {
		case field.CSS != "":
			c.key, c.field.CSS = "css", selector
		case field.Text != "":
			c.key, c.field.Text = "text", selector
		case field.TextContent != "":
			c.key, c.field.TextContent = "textContent", selector
		case field.Link != "":
			c.key, c.field.Link = "link", selector
		default:
			return nil, err
		}
		list = append(list, c)
	}
	return list, err
}

// drifts says how the values of a column differ from what was learned of it.
func (f *finder) drifts(name string, values map[string]string) string {
	if f.Contract.Readings == 0 || len(values) == 0 {
		return ""
	}
	shape := bot.Shape{Site: f.Contract.Site, Flow: f.Contract.Flow, Rows: len(values)}
	for _, v := range values {
		shape.Add(name, v)
	}
	contract := f.Contract
	contract.Headers, contract.MinRows, contract.MaxRows = nil, 0, len(values)
	contract.Columns = map[string]bot.ColumnContract{name: f.Contract.Columns[name]}
	return strings.Join(contract.Drift(shape), "; ")
}
