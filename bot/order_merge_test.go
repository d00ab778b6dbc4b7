package bot_test

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"testing"

	"restock/bot"
)

func rndRefund(r *rand.Rand) bot.Refund {
	f := bot.Refund{Currency: []string{"", "AUD", "XXX", "JPY"}[r.Intn(4)]}
	if r.Intn(3) > 0 {
		f.At = at(9 + r.Intn(3))
	}
	for range r.Intn(3) {
		if f.Lines == nil {
			f.Lines = map[string]bot.RefundLine{}
		}
		f.Lines[fmt.Sprint(r.Intn(2)+1)] = bot.RefundLine{Quantity: r.Intn(3), Minor: int64(r.Intn(3) * 100)}
	}
	if r.Intn(2) == 0 {
		f.Minor = int64(r.Intn(3) * 100)
	}
	return f
}

func rndOrder(r *rand.Rand, sameAt bool) bot.Order {
	o := bot.Order{Shop: "s", ID: "1", Currency: []string{"AUD", "JPY"}[r.Intn(2)]}
	if r.Intn(5) == 0 { // a part alone
		o = bot.Order{Shop: "s", ID: "1", Parts: map[string]bot.Refund{}}
		for range 1 + r.Intn(2) {
			o.Parts[fmt.Sprint(r.Intn(2))] = rndRefund(r)
		}
		return o
	}
	o.At = at(9)
	if !sameAt {
		o.At = at(7 + r.Intn(3))
	}
	o.Updated = at(9 + r.Intn(2))
	o.State = []bot.OrderState{bot.OrderPlaced, bot.OrderPaid, bot.OrderCancelled}[r.Intn(3)]
	for i := range 1 + r.Intn(2) {
		o.Lines = append(o.Lines, bot.OrderLine{ID: fmt.Sprint(i + 1), SKU: "A", Quantity: 1 + r.Intn(2), Minor: int64(100 + 100*r.Intn(2))})
	}
	if r.Intn(2) == 0 {
		o.Refunds = map[string]bot.Refund{}
		for range 1 + r.Intn(2) {
			o.Refunds[fmt.Sprint(r.Intn(2))] = rndRefund(r)
		}
	}
	if r.Intn(4) == 0 {
		o.Deleted = at(9 + r.Intn(3))
	}
	o.People = []string{fmt.Sprint("p", r.Intn(3))}
	return o
}

func js(v any) string { b, _ := json.Marshal(v); return string(b) }

// mergeTest: what messages say of an order is joined the same in any order, and any number of times.
func mergeTest(t *testing.T, sameAt bool, parts bool) {
	r := rand.New(rand.NewSource(1))
	bad := map[string]int{}
	for range 20_000 {
		a, b, c := rndOrder(r, sameAt), rndOrder(r, sameAt), rndOrder(r, sameAt)
		if !parts {
			a.Parts, b.Parts, c.Parts = nil, nil, nil
		}
		if x, y := js(a.Merge(b)), js(b.Merge(a)); x != y {
			if bad["comm"]++; bad["comm"] == 1 {
				t.Errorf("commutative:\n%s\n%s\n->%s\n->%s", js(a), js(b), x, y)
			}
		}
		if x, y := js(a.Merge(b).Merge(c)), js(a.Merge(b.Merge(c))); x != y {
			if bad["assoc"]++; bad["assoc"] == 1 {
				t.Errorf("associative:\n%s\n%s\n%s\n->%s\n->%s", js(a), js(b), js(c), x, y)
			}
		}
		m := a.Merge(b)
		if x, y := js(m.Merge(a)), js(m.Merge(b)); x != js(m) || y != js(m) {
			if bad["idem"]++; bad["idem"] == 1 {
				t.Errorf("idempotent:\n%s\n%s\n->%s\n%s\n%s", js(a), js(b), js(m), x, y)
			}
		}
	}
}

func TestMergeSameAt(t *testing.T)  { mergeTest(t, true, true) }
func TestMergeNoParts(t *testing.T) { mergeTest(t, true, false) }
func TestMergeDiffAt(t *testing.T)  { mergeTest(t, false, false) }
