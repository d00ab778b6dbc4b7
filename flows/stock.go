package flows

import (
	"context"
	"fmt"

	"restock/bot"
	"restock/selectors"
)

// Stock implements bot.Sites.
func (s *Sites) Stock(ctx context.Context, site string) (bot.Reading, error) {
	var reading bot.Reading
	delete(s.shapes, site+"/stock") // a second reading stands for itself
	err := s.do(ctx, site, "stock", nil, func(ctx context.Context, v *visit) (string, error) {
		r := v.site.Stock
		if r == nil {
			return "", noFlow(v.site, "stock")
		}
		l := v.stockList()
		if err := l.readAll(ctx); err != nil {
			return "", err
		}
		v.complete = l.complete()
		var err error
		if reading, err = s.levels(l); err != nil {
			return "", err
		}
		reading.Complete, reading.At, reading.MaxChange = v.complete, s.Now(), int(changeOf(r))
		s.shape(site, "stock", l)
		reading.AbsentIsOut = r.Absent == "0" && reading.Complete == bot.CompleteYes
		return fmt.Sprintf("read %s on %s", count(len(l.result()), "row"), count(l.pages, "page")), nil
	})
	return reading, err
}

// levels are what the rows of a list say.
func (s *Sites) levels(l *list) (reading bot.Reading, err error) {
	seen := map[string]bool{}
	for _, row := range l.result() {
		if !matches(l.r.Where, row) {
			continue
		}
		level, err := stockLevel(l.r, row)
		if err != nil {
			return reading, err
		}
		if seen[level.SKU] {
			return reading, unreadable(l.r, row, "sku", "each SKU once (several rows of one product are not added up)")
		}
		seen[level.SKU] = true
		reading.Levels = append(reading.Levels, level)
	}
	return reading, s.badRows(&reading, l.result())
}

// stockList is the stock list, in which a few rows may be unreadable.
func (v *visit) stockList() *list {
	l := v.newList(v.site.Stock, "sku", nil)
	if v.s.BadRows > 0 {
		l.layout.soft = []string{"quantity", "availability"}
	}
	return l
}

// badRows judges the rows whose quantity cannot be read: a few keep what is known of them, more mean that the page is not
// understood.
func (s *Sites) badRows(reading *bot.Reading, rows []record) error {
	var first error
	n := 0
	for _, row := range rows {
		if row.bad == nil {
			continue
		}
		if n++; first == nil {
			first = row.bad
		}
	}
	if n == 0 {
		return nil
	}
	if n*100 > s.BadRows*len(rows) {
		return first
	}
	reading.Warnings = append(reading.Warnings, fmt.Sprintf("%d of %d rows of the stock cannot be read: these products keep what is known of them; first: %s",
		n, len(rows), first))
	return nil
}

func changeOf(r *selectors.Reading) selectors.Percent {
	if r.Expect == nil {
		return 0
	}
	return r.Expect.Change
}

func noFlow(site *selectors.Site, flow string) error {
	return &bot.StepError{
		Class: bot.Config, Place: site.Pos.String(), Expected: "a " + flow + " flow in the selector file of " + site.Site, Found: "none",
		Hint: "add " + flow + ": to the file, or use another site for it in restock.yaml",
	}
}

func stockLevel(r *selectors.Reading, row record) (bot.StockLevel, error) {
	level := bot.StockLevel{
		SKU: row.text("sku"), Name: capped(row.text("name"), maxName), URL: row.text("url"), Unit: capped(row.text("unit"), 20), Source: row.source,
		Availability: bot.Unknown, Variant: capped(row.text("variant"), maxName), Price: capped(row.text("price"), 40), Picture: row.text("picture"),
	}
	if cell, ok := row.cells["quantity"]; ok {
		q, err := bot.ParseQuantity(cell.Value)
		if err != nil {
			return level, unreadable(r, row, "quantity", "a quantity")
		}
		level.Quantity, level.Availability = &q, bot.AvailabilityOf(q)
		if level.Unit == "" {
			level.Unit = cell.Unit
		}
	}
	if cell, ok := row.cells["availability"]; ok {
		switch word := bot.Availability(cell.Value); word {
		case bot.In, bot.Out, bot.Unknown:
			level.Availability = word
		default:
			return level, unreadable(r, row, "availability", "in, out or unknown (use map:)")
		}
	}
	return level, nil
}
