package flows

import (
	"context"
	"fmt"
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
		o := orderReader{s: s, r: r, q: q, now: s.Now()}
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
}

// wanted reports whether an order is to be opened.
func (o orderReader) wanted(row record) bool {
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

// enough reports whether a page is older than what is wanted as a whole: so is what follows.
func (o orderReader) enough(rows []record) bool {
	return len(rows) > 0 && !slices.ContainsFunc(rows, func(row record) bool {
		at, err := o.at(row)
		return err != nil || !at.Before(o.q.Since)
	})
}

// orders puts the lines of each order together.
func (o orderReader) orders(site string, rows []record) ([]bot.Order, error) {
	var list []bot.Order
	index := map[string]int{}
	for _, row := range rows {
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
		at, known := index[one.ID]
		if !known {
			at = len(list)
			index[one.ID] = at
			list = append(list, one)
		}
		if line.SKU != "" {
			line.ID = strconv.Itoa(len(list[at].Lines) + 1)
			list[at].Lines = append(list[at].Lines, line)
		}
	}
	return list, nil
}
