package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

// shape makes the shape of a stock list with rows of two columns; every nth quantity is the given value instead of a number.
func shape(rows, nth int, instead string, headers ...string) bot.Shape {
	s := bot.Shape{Site: "ims", Flow: "stock", Rows: rows, Headers: headers}
	for i := range rows {
		s.Add("sku", fmt.Sprintf("A-%d", i))
		quantity := fmt.Sprint(i)
		if nth > 0 && i%nth == 0 {
			quantity = instead
		}
		s.Add("quantity", quantity)
	}
	return s
}

// TestContract: what good readings had in common is learned, and each way of drifting from it is named; what stays within it
// is not.
func TestContract(t *testing.T) {
	var c bot.Contract
	if drift := c.Drift(shape(3, 0, "", "SKU")); drift != nil {
		t.Errorf("nothing is learned yet: %v", drift)
	}
	for range 3 {
		c = c.Learn(shape(100, 50, "", "SKU", "On hand"), at(9))
	}
	for _, good := range []bot.Shape{
		shape(100, 50, "", "SKU", "On hand"),
		shape(60, 0, "", "SKU", "On hand"),
		shape(190, 10, "", "SKU", "On hand"),
		shape(0, 0, ""),
		shape(100, 0, ""),                            // a page that shows no headings this time
		shape(100, 0, "", "Référence", "Disponible"), // the same page in another language
	} {
		if drift := c.Drift(good); drift != nil {
			t.Errorf("%d rows: %v", good.Rows, drift)
		}
	}
	for _, bad := range []struct {
		shape bot.Shape
		want  string
	}{
		{shape(100, 0, "", "SKU", "Desired"), `the heading "On hand" is gone; the heading "Desired" is new`},
		{shape(100, 2, "", "SKU", "On hand"), "50% of the column quantity are empty, while at most 2% were before"},
		{shape(100, 1, "in stock", "SKU", "On hand"), "0% of the column quantity are a number, while nearly all were before"},
		{shape(40, 0, "", "SKU", "On hand"), "40 rows, while there were 100 to 100 before"},
		{shape(300, 0, "", "SKU", "On hand"), "300 rows"},
	} {
		if drift := strings.Join(c.Drift(bad.shape), "; "); !strings.Contains(drift, bad.want) {
			t.Errorf("%q, expected %q", drift, bad.want)
		}
	}
}

func TestKindOf(t *testing.T) {
	for value, want := range map[string]bot.Kind{
		" ": bot.EmptyKind, "-1,250.5": bot.NumberKind, "2026-11-23": bot.DateKind, "23.11.2026": bot.DateKind, "a@b.example": bot.AddressKind,
		"https://x.example/": bot.LinkKind, "AO-1001": bot.TextKind, "12 kg": bot.TextKind,
	} {
		if got := bot.KindOf(value); got != want {
			t.Errorf("%q: %s, expected %s", value, got, want)
		}
	}
}

// TestDriftIsHeld: a reading that drifts is not used, whatever it says came back; accepted, it is.
func TestDriftIsHeld(t *testing.T) {
	store, c := &statetest.Memory{}, newCompany(3)
	c.shapes = []bot.Shape{shape(100, 0, "", "SKU", "On hand")}
	c.mustRun(t, store, at(9))
	c.stock["A"] = 5
	c.shapes = []bot.Shape{shape(100, 0, "", "SKU", "Desired")}
	run, err := c.run(t, store, at(10))
	if bot.ClassOf(err) != bot.HeldClass || run.Outcome != bot.HeldRun || !strings.Contains(err.Error(), "restock contract accept ims stock") {
		t.Fatalf("%s, %v", run.Outcome, err)
	}
	if len(c.sent) != 0 {
		t.Errorf("%v was sent", c.sent)
	}
	if ok, err := bot.NewLedger(store, time.Now).Forget(t.Context(), "ims", "stock"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	c.mustRun(t, store, at(11))
	if len(c.sent) != 3 {
		t.Errorf("%v was sent", c.sent)
	}
}

// TestUnknownProducts: who waits for a product that the stock list does not have is named.
func TestUnknownProducts(t *testing.T) {
	store, c := &statetest.Memory{}, newCompany(1)
	c.shapes = []bot.Shape{{Site: "crm", Flow: "subscribers", Rows: 3, Waiting: map[string]int{"A": 1, "a": 2}}}
	run := c.mustRun(t, store, at(9))
	if len(run.Warnings) != 1 || !strings.Contains(run.Warnings[0], "2 request(s) wait for products that the stock list does not have") {
		t.Errorf("%v", run.Warnings)
	}
}
