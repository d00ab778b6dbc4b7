package flows

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"restock/bot"
)

// order reads one row.
func (o *orderReader) order(site string, row record) (one bot.Order, line bot.OrderLine, err error) {
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
func (o *orderReader) amount(row record, column string) (bot.Amount, error) {
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

// at is when an order was placed; of a minute without seconds, or a day without a time, it is the end, or now.
func (o *orderReader) at(row record) (time.Time, error) {
	text := row.text("at")
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if at, err := time.ParseInLocation("2006-01-02T15:04:05", text, o.s.Zone); err == nil {
		return at, nil
	}
	if at, err := time.ParseInLocation("2006-01-02T15:04", text, o.s.Zone); err == nil { // a click in the same minute came before
		end := at.Add(time.Minute - time.Second)
		if end.After(o.now) && !at.After(o.now) {
			end = o.now
		}
		return end, nil
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
