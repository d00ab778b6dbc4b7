package browser

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/selectors"
)

// TestLargePages: a page of 100,000 rows is read, in bounded memory and time; one whose rows hold more than an answer may is
// refused with the name of the limit.
func TestLargePages(t *testing.T) {
	rows := func(n int, cell string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!doctype html><table><thead><tr><th>SKU<th>On hand</thead><tbody>")
			for i := range n {
				fmt.Fprintf(w, "<tr><td>A-%d%s<td>%d", i, cell, i%9)
			}
		}
	}
	address := serve(t, "", map[string]http.HandlerFunc{"/many": rows(100_000, ""), "/wide": rows(5_000, strings.Repeat("x", 10_000))})
	plan := selectors.Plan{Rows: *css("tbody tr"), Limit: 200_000, Columns: [][]selectors.Selection{
		{{Header: "SKU", Take: "text", Final: true}}, {{Header: "On hand", Take: "text", Final: true}},
	}}
	plan.Rows.Alternatives[0].Many = true
	p := tab(t, ownBrowser(t), address+"/many")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a, err := p.Read(within(t, 60*time.Second), plan)
	runtime.ReadMemStats(&after)
	if err != nil || len(a.Rows) != 100_000 || *a.Rows[99_999][0][0].Value != "A-99999" {
		t.Fatalf("%d rows, %v", len(a.Rows), err)
	}
	if grown := int64(after.HeapAlloc-before.HeapAlloc) >> 20; grown > 128 {
		t.Errorf("it took %d MiB", grown)
	}
	if err := p.Open(t.Context(), address+"/wide"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Read(within(t, 60*time.Second), plan); bot.ClassOf(err) != bot.DataContract || !strings.Contains(err.Error(), "at most 32 MiB from one page") {
		t.Errorf("%v", err)
	}
}
