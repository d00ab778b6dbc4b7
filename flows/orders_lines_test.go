package flows

import (
	"testing"

	"restock/selectors"
)

func with(r record, column, value string) record {
	r.cells[column] = selectors.Parsed{Value: value, Unit: "AUD"}
	return r
}

// a line without a code (postage, a gift wrapping) was given back, and not the product.
func TestRefundOfNoCode(t *testing.T) {
	list, err := orderReaderAt().orders("shop", []record{
		with(orderRow("1", "2026-11-23T09:00", "kim@example.com", "", "30.00", "", "paid"), "line_refunded", "30.00"),
		orderRow("1", "2026-11-23T09:00", "kim@example.com", "A", "50.00", "", "paid"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if q, m := list[0].Net(0); q != 1 || m != 5000 {
		t.Errorf("A: %d, %d kept, want 1, 5000: %+v", q, m, list[0])
	}
}

// B is cancelled, and the 50 that were given back of the order are those of B.
func TestCancelledAndRefunded(t *testing.T) {
	list, err := orderReaderAt().orders("shop", []record{
		orderRow("1", "2026-11-23T09:00", "kim@example.com", "A", "50.00", "50.00", "paid"),
		orderRow("1", "2026-11-23T09:00", "kim@example.com", "B", "50.00", "50.00", "cancelled"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if q, m := list[0].Net(0); q != 1 || m != 5000 {
		t.Errorf("A: %d, %d kept, want 1, 5000: %+v", q, m, list[0])
	}
}

// TestEnough: a list is read no further only where it goes from new to old.
func TestEnough(t *testing.T) {
	page := func(times ...string) (rows []record) {
		for _, at := range times {
			rows = append(rows, orderRow(at, at, "x@example.com", "A", "1", "", "paid"))
		}
		return rows
	}
	old := page("2026-05-02T09:00", "2026-05-01T09:00", "2026-05-01T09:00")
	for name, c := range map[string]struct {
		pages [][]record
		want  bool
	}{
		"from new to old":            {[][]record{page("2026-11-23T09:00", "2026-11-22T09:00"), old}, true},
		"old from the beginning":     {[][]record{old}, true},
		"an old one stands in front": {[][]record{page("2026-01-01T09:00", "2026-11-23T09:00", "2026-11-22T09:00"), old}, true},
		"from old to new":            {[][]record{page("2026-01-01T09:00", "2026-01-02T09:00", "2026-01-03T09:00")}, false},
		"by something else":          {[][]record{page("2026-01-05T09:00", "2026-01-02T09:00", "2026-01-04T09:00"), old}, false},
		"of one day":                 {[][]record{page("2026-05-01", "2026-05-01")}, false},
	} {
		o, got := orderReaderAt(), false
		for _, rows := range c.pages {
			got = o.enough(rows)
		}
		if got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
