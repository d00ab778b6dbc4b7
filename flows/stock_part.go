package flows

import (
	"context"
	"fmt"

	"restock/bot"
)

// StockPages implements bot.Divider. A list can be divided whose pages have addresses with a number in them, whose own count tells how
// many there are, and which needs nothing done before its rows are there.
func (s *Sites) StockPages(ctx context.Context, site string) (bot.Pages, error) {
	var p bot.Pages
	if file := s.Files[site]; file == nil || s.Undivided(site) != "" {
		return p, nil
	}
	err := s.do(ctx, site, "stock", nil, func(ctx context.Context, v *visit) (string, error) {
		l := v.newPart()
		if err := l.begin(ctx); err != nil {
			return "", err
		}
		_, rows, err := l.page(ctx, false)
		if err != nil {
			return "", err
		}
		if n := len(rows); n > 0 && l.total > 0 {
			p = bot.Pages{
				Pages: (l.total + n - 1) / n, PerPage: n, Total: l.total, AbsentIsOut: l.r.Absent == "0", MaxChange: int(changeOf(l.r)),
			}
		}
		return fmt.Sprintf("looked how long the list is: %s on %s", count(p.Total, "row"), count(p.Pages, "page")), nil
	})
	return p, err
}

// Undivided implements bot.Divider.
func (s *Sites) Undivided(site string) string {
	file := s.Files[site]
	if file == nil || file.Stock == nil {
		return "there is no stock list"
	}
	r := file.Stock
	switch {
	case r.Next == nil || r.Next.Pages.Empty():
		return "its pages have no addresses with a number (next: {pages: …})"
	case r.Total == nil:
		return "how many rows there are is not read (total:)"
	case r.From != nil:
		return "it is read from a file or an answer (from:)"
	case r.Detail != nil || r.Tabs != nil:
		return "it has details or tabs"
	case len(r.Steps) > 0 || len(r.Page) > 0:
		return "something is done before its rows are there (steps:, page:)"
	}
	return ""
}

// newPart is a list of which some pages are read.
func (v *visit) newPart() *list {
	l := v.stockList()
	l.byKey, l.seen, l.total = map[string]int{}, map[string]int{}, -1
	return l
}

// StockPart implements bot.Divider.
func (s *Sites) StockPart(ctx context.Context, site string, p bot.Pages, from, to int) (bot.Part, error) {
	var part bot.Part
	err := s.do(ctx, site, "stock", nil, func(ctx context.Context, v *visit) (string, error) {
		part = bot.Part{}
		l := v.newPart()
		if err := l.prove(); err != nil {
			return "", err
		}
		for n := from; n <= to; n++ {
			if err := l.goTo(ctx, n, n > from); err != nil {
				return "", err
			}
			answer, rows, err := l.page(ctx, n > from)
			if err != nil {
				return "", err
			}
			l.headers = answer.Headers
			if err := l.add(rows); err != nil {
				return "", err
			}
			l.last = printOf(rows)
		}
		reading, err := s.levels(l)
		if err != nil {
			return "", err
		}
		delete(s.shapes, site+"/stock")
		s.shape(site, "stock", l)
		part = bot.Part{Levels: reading.Levels, Warnings: reading.Warnings, Rows: len(l.result()), Total: l.total, Shape: s.shapes[site+"/stock"]}
		delete(s.shapes, site+"/stock")
		return fmt.Sprintf("read %s on pages %d to %d of %d", count(part.Rows, "row"), from, to, p.Pages), nil
	})
	return part, err
}

// goTo opens a page by its number.
func (l *list) goTo(ctx context.Context, n int, further bool) error {
	address, err := l.pageAddress(n)
	if err != nil {
		return err
	}
	l.v.doing, l.v.place = fmt.Sprintf("page %d", n), l.r.Next.Pages.Pos.String()
	if !further {
		if err := l.v.goTo(ctx, address); err != nil {
			return err
		}
		return l.v.enterFrame(ctx, l.r.Frame)
	}
	ctx, cancel := context.WithTimeout(ctx, l.v.openLimit())
	defer cancel()
	return l.v.page.Go(ctx, address)
}

// Merged implements bot.Divider.
func (s *Sites) Merged(site string, shape bot.Shape, text string) {
	s.merged(site, "stock", shape, text)
}

func (s *Sites) merged(site, flow string, shape bot.Shape, text string) {
	if s.shapes == nil {
		s.shapes = map[string]bot.Shape{}
	}
	s.shapes[site+"/"+flow] = shape
	s.note(bot.Step{At: s.Now(), Site: site, Flow: flow, Text: text, Complete: bot.CompleteYes})
}
