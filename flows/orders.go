package flows

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"restock/bot"
	"restock/selectors"
)

var _ bot.Clerk = (*Sites)(nil)

// Orders implements bot.Clerk. A list that is sorted by time is read as far back as is wanted.
func (s *Sites) Orders(ctx context.Context, site string, q bot.OrderQuery) ([]bot.Order, error) {
	delete(s.shapes, site+"/orders")
	var orders []bot.Order
	work := map[string]string{"since": q.Since.In(s.Zone).Format(time.DateOnly)}
	err := s.do(ctx, site, "orders", work, func(ctx context.Context, v *visit) (string, error) {
		r := v.site.Orders
		if r == nil {
			return "", noFlow(v.site, "orders")
		}
		o := &orderReader{s: s, r: r, q: q, now: s.Now()}
		l := v.newList(r, "order", o.wanted)
		l.enough = o.enough
		if err := l.readAll(ctx); err != nil {
			return "", err
		}
		v.complete = l.complete()
		s.shape(site, "orders", l)
		var err error
		orders, err = o.orders(site, l.result())
		return fmt.Sprintf("read %s on %s, %s of customers who were told", count(len(l.result()), "row"), count(l.pages, "page"), count(len(orders), "order")), err
	})
	return orders, err
}

// orderReader makes orders of rows.
type orderReader struct {
	s   *Sites
	r   *selectors.Reading
	q   bot.OrderQuery
	now time.Time

	last  time.Time // of the row before
	seen  int       // rows
	falls bool      // one was older than that before it
	mixed bool      // one was newer
}

// wanted reports whether an order is to be opened.
func (o *orderReader) wanted(row record) bool {
	if !matches(o.r.Where, row) {
		return false
	}
	if at, err := o.at(row); err == nil && at.Before(o.q.Since) {
		return false
	}
	_, email := row.cells["email"]
	_, phone := row.cells["phone"]
	if !email && !phone {
		return true // it stands on the order's own page
	}
	return row.text("campaign") != "" || o.q.Wanted(row.text("email"), row.text("phone"))
}

// enough reports whether what follows a page is older than what is wanted: the whole page is, and the list goes from new to old, as far as
// it was read, but for one that may be pinned in front. Any other list is read to its end.
func (o *orderReader) enough(rows []record) bool {
	old := len(rows) > 0
	for _, row := range rows {
		at, err := o.at(row)
		if old = old && err == nil && at.Before(o.q.Since); err != nil {
			continue
		}
		if o.seen > 1 && at.After(o.last) {
			o.mixed = true
		}
		o.falls = o.falls || o.seen > 0 && at.Before(o.last)
		o.last, o.seen = at, o.seen+1
	}
	return old && o.falls && !o.mixed
}

// orders puts the lines of each order together.
func (o *orderReader) orders(site string, rows []record) ([]bot.Order, error) {
	var list []bot.Order
	index := map[string]int{}
	refunded := map[string]string{}
	for _, row := range whole(rows) {
		if !o.wanted(row) {
			continue
		}
		o.s.personal(row)
		if row.text("order") == "" {
			return nil, unreadable(o.r, row, "order", "the order's number")
		}
		one, line, err := o.order(site, row)
		if err != nil {
			return nil, err
		}
		if len(one.People) == 0 && one.Send == "" || !o.q.Wanted(row.text("email"), row.text("phone")) && one.Send == "" {
			continue
		}
		if back := row.text("refunded"); back != "" {
			if before, ok := refunded[one.ID]; ok && before != back {
				return nil, unreadable(o.r, row, "refunded", "the same figure in all lines of order "+one.Number+", of which "+before+" was given back (what is of the line is line_refunded:)")
			}
			refunded[one.ID] = back
		}
		at, known := index[one.ID]
		if !known {
			at = len(list)
			index[one.ID] = at
			list = append(list, one)
		}
		if err := o.add(&list[at], one, line, row); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// add puts a line, and what its row says of the order, to an order.
func (o *orderReader) add(into *bot.Order, one bot.Order, line bot.OrderLine, row record) error {
	if _, told := into.Refunds["list"]; !told {
		for id, r := range one.Refunds {
			into.Refund(id, r.Minor)
		}
	}
	line.ID = strconv.Itoa(len(into.Lines) + 1)
	switch {
	case one.State == into.State:
	case one.State == bot.OrderCancelled: // this line alone
		cancelled(into, line)
	case into.State == bot.OrderCancelled: // those before, and not this one
		into.State = one.State
		for _, before := range into.Lines {
			cancelled(into, before)
		}
	default:
		into.State = bot.OrderPlaced // not all of it is paid
	}
	if row.text("line_refunded") != "" && line.SKU != "" && line.Minor > 0 {
		back, err := o.amount(row, "line_refunded")
		if err != nil {
			return err
		}
		into.RefundLine("list", line, max(back.Minor, -back.Minor))
	}
	if line.SKU != "" {
		into.Lines = append(into.Lines, line)
	}
	return nil
}

// cancelled takes a line off its order, and with it that part of what was given back of the order as a whole.
func cancelled(into *bot.Order, line bot.OrderLine) {
	if line.SKU == "" {
		return
	}
	into.RefundLine("cancelled "+line.ID, line, line.Minor)
	if whole := into.Refunds["list"]; whole.Minor > 0 {
		whole.Minor = max(0, whole.Minor-line.Minor)
		into.Refunds["list"] = whole
	}
}

// whole are rows in which each line of an order has what only one of them shows: who ordered, and when.
func whole(rows []record) []record {
	shown := map[string]map[string]selectors.Parsed{}
	columns := []string{"email", "phone", "campaign", "at", "currency"}
	for _, row := range rows {
		order := row.text("order")
		for _, column := range columns {
			if cell, ok := row.cells[column]; ok && cell.Value != "" && shown[order][column].Value == "" {
				if shown[order] == nil {
					shown[order] = map[string]selectors.Parsed{}
				}
				shown[order][column] = cell
			}
		}
	}
	list := slices.Clone(rows)
	for i, row := range list {
		cells := maps.Clone(row.cells)
		for _, column := range columns {
			if cell, ok := shown[row.text("order")][column]; ok && row.text(column) == "" {
				cells[column] = cell
			}
		}
		list[i].cells = cells
	}
	return list
}
