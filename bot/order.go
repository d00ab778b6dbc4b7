package bot

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"
)

// Order is what a shop says of one order. It holds nobody's name or address: who ordered is named by keyed hashes, as in
// [Suppression].
type Order struct {
	Shop     string      `json:"shop"` // "shopify", "woocommerce", or the site whose list was read
	ID       string      `json:"id"`
	Number   string      `json:"number,omitempty"` // as the shop's people know it
	At       time.Time   `json:"at,omitzero"`      // placed; zero where only something about it has come so far
	Updated  time.Time   `json:"updated,omitzero"` // what it says is of that time, by the shop's clock
	State    OrderState  `json:"state,omitempty"`
	Currency string      `json:"currency,omitempty"`
	People   []string    `json:"people,omitempty"` // see Ledger.Person
	Send     string      `json:"send,omitempty"`   // of the message whose link led to it, as the shop kept it; see SendID
	Test     bool        `json:"test,omitempty"`
	Lines    []OrderLine `json:"lines,omitempty"`
	// Refunds are what was given back, by the shop's name for each, as the order itself says.
	Refunds map[string]Refund `json:"refunds,omitempty"`
	// Parts are refunds that were told of by themselves. One that is older than the order is in Refunds, or was taken back.
	Parts map[string]Refund `json:"parts,omitempty"`
	// Deleted is when the shop said that the order is gone. It is back if the shop says so, or says something of it that is later.
	Deleted  time.Time `json:"deleted,omitzero"`  // by our clock
	Restored time.Time `json:"restored,omitzero"` // likewise
	Source   string    `json:"source,omitempty"`  // what it was learned from: "orders/create", the address of a page
}

// OrderState is how far an order is.
type OrderState string

// The states of an order. What was not paid yet counts: it is taken back if it never is.
const (
	OrderPlaced    OrderState = "placed"
	OrderPaid      OrderState = "paid"
	OrderCancelled OrderState = "cancelled"
)

func (s OrderState) rank() int {
	return slices.Index([]OrderState{OrderPlaced, OrderPaid, OrderCancelled}, s)
}

// OrderLine is one product of an order.
type OrderLine struct {
	ID       string `json:"id,omitempty"`
	SKU      string `json:"sku"`
	Product  string `json:"product,omitempty"` // what variants have in common
	Quantity int    `json:"quantity"`
	Minor    int64  `json:"minor"` // what was paid for all of it, after discounts, in the smallest unit of the currency
}

// Refund is what was given back: of lines, or of the order as a whole.
type Refund struct {
	At       time.Time             `json:"at,omitzero"`
	Lines    map[string]RefundLine `json:"lines,omitempty"`    // by the ID of the line
	Minor    int64                 `json:"minor,omitempty"`    // of no line in particular
	Currency string                `json:"currency,omitempty"` // of the amounts; "": the order's; NoCurrency: the order's, which was not known
}

// RefundLine is what was given back of one line.
type RefundLine struct {
	Quantity int   `json:"quantity"`
	Minor    int64 `json:"minor"`
}

// Merge joins what two messages say of one order. The later one by the shop's own clock is right, whichever came first. Merging is the
// same in any order and any number of times.
func (o Order) Merge(other Order) Order {
	newer, older := o, other
	if o.compare(other) < 0 {
		newer, older = other, o
	}
	merged := newer
	merged.Parts = nil
	for _, list := range []map[string]Refund{older.Parts, newer.Parts} {
		for id, r := range list {
			if merged.Parts == nil {
				merged.Parts = map[string]Refund{}
			}
			if known, ok := merged.Parts[id]; !ok || r.compare(known) > 0 {
				merged.Parts[id] = r
			}
		}
	}
	if !older.At.IsZero() && (merged.At.IsZero() || older.At.Before(merged.At)) {
		merged.At = older.At // a list that shows the day only is read several times on it
	}
	if older.Deleted.After(merged.Deleted) {
		merged.Deleted = older.Deleted
	}
	if older.Restored.After(merged.Restored) {
		merged.Restored = older.Restored
	}
	merged.Send = max(older.Send, newer.Send)
	merged.People = PeopleIn(append(slices.Clone(older.People), newer.People...))
	return merged
}

// compare orders what is said of an order by when it was so.
func (o Order) compare(other Order) int {
	return cmp.Or(
		cmp.Compare(boolOf(!o.At.IsZero()), boolOf(!other.At.IsZero())), o.Updated.Compare(other.Updated), cmp.Compare(o.State.rank(), other.State.rank()),
		cmp.Compare(other.said(), o.said()), cmp.Compare(o.print(), other.print())) // within a second, more was given back later
}

func (r Refund) compare(other Refund) int {
	sum := func(r Refund) (n int64) {
		for _, l := range r.Lines {
			n += l.Minor
		}
		return n + r.Minor
	}
	return cmp.Or(r.At.Compare(other.At), cmp.Compare(len(r.Lines), len(other.Lines)), cmp.Compare(other.Currency, r.Currency), cmp.Compare(sum(r), sum(other)), cmp.Compare(r.print(), other.print()))
}

// print is all of a refund.
func (r Refund) print() string {
	b, _ := json.Marshal(r) // plain data
	return string(b)
}

// print is all of what an order says of itself.
func (o Order) print() string {
	o.At, o.Parts, o.People, o.Send, o.Deleted, o.Restored = time.Time{}, nil, nil, "", time.Time{}, time.Time{}
	b, _ := json.Marshal(o) // plain data
	return string(b)
}

func boolOf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// PeopleIn are the people of a list, in order, each once; who has no name is left out.
func PeopleIn(list []string) []string {
	list = slices.DeleteFunc(list, func(p string) bool { return p == "" })
	slices.Sort(list)
	return slices.Compact(list)
}

// Counts reports whether an order counts as a purchase.
func (o Order) Counts() bool {
	return !o.At.IsZero() && !o.Test && o.State != OrderCancelled && (o.Deleted.IsZero() || o.Deleted.Before(o.Updated) || !o.Restored.Before(o.Deleted))
}

// products are the names of the products of a shop by the codes of their variants, as orders have told them.
func products(orders []Order) map[string]string {
	list := map[string]string{}
	for _, o := range orders {
		for _, line := range o.Lines {
			if line.Product != "" && line.SKU != "" {
				list[line.SKU] = o.Shop + "/" + line.Product
			}
		}
	}
	return list
}
