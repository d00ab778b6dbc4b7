package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"restock/bot"
	"restock/bot/web/admin"
	"restock/flows"
	"restock/flows/proposal"
	"restock/selectors"
	"restock/selectors/recording"
)

// columnSpots are where the values of the columns are on a page.
func columnSpots(ctx context.Context, p tried) ([]admin.Match, error) {
	spots, err := flows.ColumnSpots(ctx, p.page, p.in, p.Flow, p.What)
	var list []admin.Match
	for _, s := range spots {
		for _, b := range s.Boxes {
			if b[2] > 0 && b[3] > 0 && b[1] < labHeight {
				list = append(list, admin.Match{Line: s.Line, What: s.What, Left: b[0], Top: b[1], Width: b[2], Height: b[3]})
			}
		}
	}
	return list, err
}

// elementsOf are what somebody could pick on a page by name: headings, fields, buttons, links.
func elementsOf(ctx context.Context, page flows.Page) ([]admin.Element, error) {
	survey, err := page.Survey(ctx, false)
	var list []admin.Element
	slices.SortStableFunc(survey, func(a, b selectors.Traits) int { return rankOf(a) - rankOf(b) })
	for _, t := range survey {
		text := cmp.Or(t.Label, t.Name, t.Placeholder, t.Text)
		if text == "" || len(list) >= 200 || t.Box[1] > labHeight {
			continue
		}
		what := fmt.Sprintf("%s “%.60s”", cmp.Or(t.Role, t.Tag), bot.Redact(text))
		list = append(list, admin.Element{What: what, X: t.Box[0] + t.Box[2]/2, Y: t.Box[1] + t.Box[3]/2})
	}
	return list, err
}

// rankOf puts in front what is looked for most: headings, then what is clicked or typed into, then texts.
func rankOf(t selectors.Traits) int {
	switch {
	case t.Role == "heading" || t.Role == "columnheader":
		return 0
	case t.Clicks && t.Role != "link":
		return 1
	case t.Clicks:
		return 2
	}
	return 3
}

// Pick implements admin.Lab.
func (b *workbench) Pick(ctx context.Context, name, text string, at admin.Place, anything bool) (found admin.Picked, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	site, err := selectors.Load(b.path(name), []byte(text))
	if err != nil {
		return found, fmt.Errorf("the element was not looked for, because the file has findings: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(b.pages(name), "*.html"))
	if err == nil {
		err = b.may(site, name, text, anything)
	}
	if err != nil {
		return found, err
	}
	for _, file := range files {
		about, err := aboutPage(file)
		if err != nil || about.Flow != at.Flow || about.What != at.What {
			continue
		}
		return b.pickOn(ctx, site, file, at)
	}
	return found, errors.New("the page on which it was picked is not saved any more: load this page anew")
}

func (b *workbench) pickOn(ctx context.Context, site *selectors.Site, file string, at admin.Place) (found admin.Picked, err error) {
	l, err := b.open(ctx, site, []string{"127.0.0.1"})
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	page, err := l.page(ctx, site)
	if err != nil {
		return found, err
	}
	if err := openSaved(ctx, page, file); err != nil {
		return found, err
	}
	var rows *selectors.Element
	var skip []selectors.Element
	if r := site.ReadingOf(at.Flow); r != nil && len(r.Rows.Alternatives) > 0 && at.What != "detail" {
		rows, skip = &r.Rows.Element, r.Skip
	}
	spot, err := page.At(ctx, at.X, at.Y, rows, skip)
	if err != nil {
		return found, err
	}
	if len(spot.Elements) == 0 {
		return found, errors.New("nothing but the page itself is there: pick a text, a field or a button")
	}
	inner := spot.Elements[0]
	found = admin.Picked{Place: at, Element: bot.Redact(inner.What), Box: admin.Match{Left: inner.Box[0], Top: inner.Box[1], Width: inner.Box[2], Height: inner.Box[3]}}
	for _, head := range spot.Heads {
		found.Ways = append(found.Ways, admin.Way{Text: "{header: " + recording.Scalar(head) + "}", Matches: 1, InRow: true, Remark: "the column with this heading"})
	}
	for _, css := range spot.InRow {
		found.Ways = append(found.Ways, admin.Way{Text: "{css: " + recording.Scalar(css) + "}", Matches: 1, InRow: true, Remark: "the part of each row"})
	}
	for _, group := range spot.Groups {
		found.Ways = append(found.Ways, admin.Way{Text: "{css: " + recording.Scalar(group.CSS[0]) + "}", Matches: group.Count, Remark: fmt.Sprintf("it is one of %d of a kind: for rows:", group.Count)})
	}
	for i, t := range spot.Elements {
		ways, err := waysTo(ctx, page, t, i > 0)
		if err != nil {
			return found, err
		}
		found.Ways = append(found.Ways, ways...)
	}
	slices.SortStableFunc(found.Ways, func(a, b admin.Way) int { return fitOf(a) - fitOf(b) })
	return found, nil
}

// fitOf puts ways in front that find just what was picked: in a row by its column, else alone.
func fitOf(w admin.Way) int {
	switch {
	case w.InRow:
		return 0
	case w.Matches == 1:
		return 1
	}
	return 2
}

// waysTo are the ways to an element, those that match nothing else first.
func waysTo(ctx context.Context, page flows.Page, t selectors.Traits, around bool) ([]admin.Way, error) {
	texts := proposal.Ways(t)
	elements := make([]selectors.Element, len(texts))
	for i, text := range texts {
		e, err := selectors.ParseElement(text)
		if err != nil {
			return nil, err
		}
		elements[i] = e
	}
	seen, err := page.Inspect(ctx, elements)
	if err != nil {
		return nil, err
	}
	var list []admin.Way
	for i, text := range texts {
		if seen[i].Error != "" || len(seen[i].Alternatives) == 0 || !slices.Contains(seen[i].Alternatives[0].Boxes, t.Box) {
			continue
		}
		way := admin.Way{Text: text, Matches: seen[i].Alternatives[0].Matches}
		if way.Matches > 1 {
			way.Remark = fmt.Sprintf("%d elements: it needs in:, near: or another key beside it", way.Matches)
		} else if around {
			way.Remark = "what is around it: " + bot.Redact(t.What)
		}
		list = append(list, way)
	}
	slices.SortStableFunc(list, func(a, b admin.Way) int { return min(a.Matches, 2) - min(b.Matches, 2) })
	return list, nil
}
