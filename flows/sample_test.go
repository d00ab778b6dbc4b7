package flows_test

import (
	"fmt"
	"testing"
	"time"
)

func TestStock(t *testing.T) {
	w, s := sample(t)
	t0 := time.Now()
	r, err := s.Stock(t.Context(), "ims")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(time.Since(t0))
	truth := w.Products()
	if len(r.Levels) != len(truth) || !r.Complete {
		t.Fatalf("%d levels, complete %v: expected %d", len(r.Levels), r.Complete, len(truth))
	}
	for i, p := range truth {
		got := r.Levels[i]
		if got.SKU != p.SKU || got.Name != p.Name || got.Quantity.String() != fmt.Sprint(p.Quantity) {
			t.Errorf("row %d: %+v (%s), expected %+v", i, got, got.Quantity, p)
		}
	}
}
