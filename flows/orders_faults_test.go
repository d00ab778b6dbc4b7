package flows

import (
	"testing"
	"time"

	"restock/bot"
	"restock/selectors"
)

func orderRow(order, at, email, sku, amount, refunded, status string) record {
	c := map[string]selectors.Parsed{
		"order": {Value: order}, "at": {Value: at}, "email": {Value: email}, "sku": {Value: sku}, "amount": {Value: amount, Unit: "AUD"}, "refunded": {Value: refunded, Unit: "AUD"}, "status": {Value: status},
	}
	return record{cells: c, source: "https://shop.example.com/orders"}
}

func orderReaderAt() *orderReader {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	return &orderReader{
		s: &Sites{Zone: time.UTC}, r: &selectors.Reading{}, now: now,
		q: bot.OrderQuery{Since: now.AddDate(0, 0, -2), Person: func(s string) string { return s }, Wanted: func(email, _ string) bool { return email == "kim@example.com" }},
	}
}

// what was given back stands in the row of the second line.
func TestLoopRefundOfSecondRow(t *testing.T) {
	list, err := orderReaderAt().orders("shop", []record{
		orderRow("1", "2026-11-23T09:00", "kim@example.com", "A", "100.00", "", "paid"),
		orderRow("1", "2026-11-23T09:00", "kim@example.com", "B", "100.00", "100.00", "paid"),
	})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	_, a := list[0].Net(0)
	_, b := list[0].Net(1)
	if a+b != 10000 {
		t.Errorf("AUD 100 of 200 given back: kept %d + %d, want 10000 in all", a, b)
	}
}

// a list that shows the customer in the first row of an order only.
func TestLoopCustomerOnce(t *testing.T) {
	list, err := orderReaderAt().orders("shop", []record{
		orderRow("1", "2026-11-23T09:00", "kim@example.com", "B", "100.00", "", "paid"),
		orderRow("1", "2026-11-23T09:00", "", "A", "100.00", "", "paid"),
	})
	if err == nil && len(list[0].Lines) != 2 {
		t.Errorf("%d lines of 2, and no error: the purchase of A is lost", len(list[0].Lines))
	}
}

// one line is cancelled: the state of the first row is that of all.
func TestLoopStatusOfLines(t *testing.T) {
	for _, states := range [][2]string{{"cancelled", "paid"}, {"paid", "cancelled"}} {
		list, err := orderReaderAt().orders("shop", []record{
			orderRow("1", "2026-11-23T09:00", "kim@example.com", "A", "100.00", "", states[0]),
			orderRow("1", "2026-11-23T09:00", "kim@example.com", "B", "100.00", "", states[1]),
		})
		sum := int64(0)
		if err == nil && list[0].Counts() {
			for i := range list[0].Lines {
				_, m := list[0].Net(i)
				sum += m
			}
		}
		if err == nil && sum != 10000 {
			t.Errorf("%v: counts for %d, want 10000 or an error", states, sum)
		}
	}
}

// two codes in one cell.
func TestLoopSKUList(t *testing.T) {
	list, err := orderReaderAt().orders("shop", []record{orderRow("1", "2026-11-23T09:00", "kim@example.com", "A-1\nA-2", "100.00", "", "paid")})
	t.Logf("%+v %v", list, err)
}

// the list is sorted the other way round: the first page is old, and nothing is wanted of what follows.
func TestLoopOldestFirst(t *testing.T) {
	o := orderReaderAt()
	if o.enough([]record{orderRow("1", "2026-01-01T09:00", "x@example.com", "A", "1", "", "paid"), orderRow("2", "2026-01-02T09:00", "x@example.com", "A", "1", "", "paid")}) {
		t.Error("rows from old to new end the reading: all new orders stand behind them")
	}
}

// the day only: an order of the morning, a message of the evening before it was read.
func TestLoopDayOnly(t *testing.T) {
	o := orderReaderAt()
	list, _ := o.orders("shop", []record{orderRow("1", "2026-11-22", "kim@example.com", "A", "100.00", "", "paid")})
	told := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	sales := bot.Attribute(list, []bot.Send{{Key: "k", SKU: "A", Episode: 1, People: []string{"kim@example.com"}, Told: told}}, bot.DefaultWindows())
	t.Log("order of 22 Nov, told at 18:00:", sales)
}
