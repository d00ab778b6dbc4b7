package flows

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
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

// at is when an order was placed; of a day without a time it is its end, or now.
func (o orderReader) at(row record) (time.Time, error) {
	text := row.text("at")
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if at, err := time.ParseInLocation("2006-01-02T15:04:05", text, o.s.Zone); err == nil {
		return at, nil
	}
	if at, err := time.ParseInLocation("2006-01-02T15:04", text, o.s.Zone); err == nil {
		return at, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, o.s.Zone)
	if err != nil {
		return day, unreadable(o.r, row, "at", "a date (type: date or datetime)")
	}
	end := day.AddDate(0, 0, 1).Add(-time.Second)
	if end.After(o.now) && !day.After(o.now) {
		end = o.now
	}
	return end, nil
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

// order reads one row.
func (o orderReader) order(site string, row record) (one bot.Order, line bot.OrderLine, err error) {
	one = bot.Order{Shop: site, ID: strings.ReplaceAll(row.text("order"), "/", "-"), Number: row.text("order"), Updated: o.now, State: bot.OrderPlaced, Send: row.text("campaign"), Source: row.source}
	if one.At, err = o.at(row); err != nil {
		return one, line, err
	}
	for _, address := range []string{row.text("email"), row.text("phone")} {
		if address != "" {
			one.People = append(one.People, o.q.Person(address))
		}
	}
	if cell, ok := row.cells["status"]; ok && cell.Value != "" {
		one.State = bot.OrderState(cell.Value)
		if !slices.Contains([]bot.OrderState{bot.OrderPlaced, bot.OrderPaid, bot.OrderCancelled}, one.State) {
			return one, line, unreadable(o.r, row, "status", "placed, paid or cancelled (use map:)")
		}
	}
	amount, err := o.amount(row, "amount")
	if err != nil {
		return one, line, err
	}
	one.Currency = amount.Currency
	line = bot.OrderLine{SKU: row.text("sku"), Product: row.text("product"), Quantity: 1, Minor: amount.Minor}
	if text := row.text("quantity"); text != "" {
		if line.Quantity, err = strconv.Atoi(strings.TrimSuffix(text, ".0")); err != nil {
			return one, line, unreadable(o.r, row, "quantity", "a whole number")
		}
	}
	if row.text("refunded") != "" {
		back, err := o.amount(row, "refunded")
		if err != nil {
			return one, line, err
		}
		if back.Minor != 0 {
			one.Refund("list", max(back.Minor, -back.Minor))
		}
	}
	return one, line, nil
}

// amount reads money from a column.
func (o orderReader) amount(row record, column string) (bot.Amount, error) {
	cell := row.cells[column]
	currency := cmp.Or(cell.Unit, row.text("currency"))
	if currency == "" {
		currency = row.cells["amount"].Unit
	}
	a, err := bot.RoundAmount(cell.Value, currency)
	if err != nil {
		return a, unreadable(o.r, row, column, "an amount with its currency (type: money, or a column currency)")
	}
	return a, nil
}
