package report_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"restock/bot"
)

// TestCSVStandsAlone: what a spreadsheet takes for a formula, or for the end of a cell, is text; and a row of the summary is understood
// without those above.
func TestCSVStandsAlone(t *testing.T) {
	l := onLedger(t)
	for i, name := range []string{"Lamp;=1+1", "\u200b=1+1", "−1+1", "Plain"} {
		n := msg(strings.Repeat(string(rune('a'+i)), 26), "a@example.com", noon.AddDate(0, 0, -4))
		n.Restock.SKU, n.Restock.Name, n.Subscription.SKU = "S"+string(rune('A'+i)), name, "S"+string(rune('A'+i))
		if err := l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n}); err != nil {
			t.Fatal(err)
		}
	}
	r := build(t, l, noon.AddDate(0, 0, -7), noon, "day")
	var products, summary bytes.Buffer
	if err := r.WriteCSV(&products, "products"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"Lamp;=1+1"`, "'\u200b=1+1", "'−1+1", ",Plain,"} {
		if !strings.Contains(products.String(), want) {
			t.Errorf("no %s in\n%s", want, products.String())
		}
	}
	if err := r.WriteCSV(&summary, "summary"); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(summary.String(), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, row := range rows {
		if seen[row[0]] || strings.HasPrefix(row[0], " ") {
			t.Errorf("a row called %q, which says nothing by itself", row[0])
		}
		seen[row[0]] = true
	}
	if !seen["Direct, revenue"] || !seen["Seen to told, half within (s)"] {
		t.Errorf("rows: %v", seen)
	}
}

// TestWorth: what one costs is what is paid for it in the currency of the shop; of what costs nobody knows what, nothing is added up.
func TestWorth(t *testing.T) {
	l := onLedger(t)
	for i, sku := range []string{"A", "B"} {
		n := msg(strings.Repeat(string(rune('a'+i)), 26), sku+"@example.com", noon.AddDate(0, 0, -4))
		n.State, n.Changes, n.Restock.SKU, n.Subscription.SKU = bot.Queued, n.Changes[:1], sku, sku
		if err := l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n}); err != nil {
			t.Fatal(err)
		}
	}
	buy := func(id, sku, currency string, minor int64, at time.Time) {
		t.Helper()
		o := bot.Order{Shop: "s", ID: id, At: at, Updated: at, State: bot.OrderPaid, Currency: currency, Lines: []bot.OrderLine{{ID: "1", SKU: sku, Quantity: 1, Minor: minor}}}
		if _, err := l.TakeOrder(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	buy("1", "A", "AUD", 6490, noon.AddDate(0, 0, -3))
	buy("2", "A", "AUD", 6490, noon.AddDate(0, 0, -2))
	buy("3", "A", "EUR", 5000, noon.AddDate(0, 0, -1))
	r := build(t, l, noon.AddDate(0, 0, -7), noon, "day")
	if len(r.Demand) != 1 || r.Demand[0] != (bot.Amount{Minor: 6490, Currency: "AUD"}) || r.Waiting != 2 {
		t.Errorf("%d wait, worth %v", r.Waiting, r.Demand)
	}
	var text bytes.Buffer
	if err := r.WriteText(&text, "summary"); err != nil || !strings.Contains(text.String(), "worth, of 1 whose price is known") {
		t.Errorf("nothing says that the price of one is not known: %v\n%s", err, text.String())
	}
}
