package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
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
	Updated  time.Time   `json:"updated,omitzero"` // what it says is of that time
	State    OrderState  `json:"state,omitempty"`
	Currency string      `json:"currency,omitempty"`
	People   []string    `json:"people,omitempty"` // see Ledger.Person
	Send     string      `json:"send,omitempty"`   // of the message whose link led to it, as the shop kept it; see SendID
	Test     bool        `json:"test,omitempty"`
	Lines    []OrderLine `json:"lines,omitempty"`
	// Refunds are what was given back, by the shop's name for each refund.
	Refunds map[string]Refund `json:"refunds,omitempty"`
	Source  string            `json:"source,omitempty"` // what it was learned from: "orders/create", the address of a page
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
	Lines map[string]RefundLine `json:"lines,omitempty"` // by the ID of the line
	Minor int64                 `json:"minor,omitempty"` // of no line in particular
}

// RefundLine is what was given back of one line.
type RefundLine struct {
	Quantity int   `json:"quantity"`
	Minor    int64 `json:"minor"`
}

// Merge joins what two messages say of one order. The later one by the shop's own clock is right, whichever came first; refunds
// add up. Merging is the same in any order and any number of times.
func (o Order) Merge(other Order) Order {
	newer, older := o, other
	if o.compare(other) < 0 {
		newer, older = other, o
	}
	merged := newer
	merged.Refunds = nil
	for _, list := range []map[string]Refund{older.Refunds, newer.Refunds} {
		for id, r := range list {
			if merged.Refunds == nil {
				merged.Refunds = map[string]Refund{}
			}
			if known, ok := merged.Refunds[id]; !ok || weight(r) > weight(known) {
				merged.Refunds[id] = r
			}
		}
	}
	merged.Send = max(older.Send, newer.Send)
	merged.People = people(append(slices.Clone(older.People), newer.People...))
	return merged
}

// compare orders what is said of an order by when it was so.
func (o Order) compare(other Order) int {
	return cmp.Or(
		cmp.Compare(boolOf(!o.At.IsZero()), boolOf(!other.At.IsZero())), o.Updated.Compare(other.Updated), cmp.Compare(o.State.rank(), other.State.rank()),
		cmp.Compare(o.print(), other.print()))
}

// weight says how much a refund tells: of two messages about the same one, the fuller is right.
func weight(r Refund) string {
	b, _ := json.Marshal(r) // plain data
	return fmt.Sprintf("%06d/%s", len(r.Lines), b)
}

func (o Order) print() string {
	o.Refunds, o.People, o.Send = nil, nil, ""
	b, _ := json.Marshal(o) // plain data
	return string(b)
}

func boolOf(b bool) int {
	if b {
		return 1
	}
	return 0
}

func people(list []string) []string {
	list = slices.DeleteFunc(list, func(p string) bool { return p == "" })
	slices.Sort(list)
	return slices.Compact(list)
}

// Counts reports whether an order counts as a purchase.
func (o Order) Counts() bool { return !o.At.IsZero() && !o.Test && o.State != OrderCancelled }

// Net returns what of a line was kept: its number and its amount, after refunds. A refund of no line in particular is taken off all
// lines in proportion.
func (o Order) Net(line int) (quantity int, minor int64) {
	l := o.Lines[line]
	quantity, minor = l.Quantity, l.Minor
	whole := int64(0)
	for _, r := range o.Refunds {
		if back, ok := r.Lines[l.ID]; ok && l.ID != "" {
			quantity, minor = quantity-back.Quantity, minor-back.Minor
		}
		whole += r.Minor
	}
	sum := int64(0)
	for _, other := range o.Lines {
		sum += other.Minor
	}
	if whole > 0 && sum > 0 {
		if minor -= min(whole, sum) * l.Minor / sum; whole >= sum {
			quantity = 0
		}
	}
	return max(0, quantity), max(0, minor)
}

func orderKey(shop, id string) string { return shop + "/" + id }

// TakeOrder remembers what a shop says of an order. It is on disk when it returns; said twice, or late, it changes nothing.
func (l *Ledger) TakeOrder(ctx context.Context, o Order) (changed bool, err error) {
	if o.Shop == "" || o.ID == "" {
		return false, errors.New("an order without a number")
	}
	for range 3 {
		changed, err = l.takeOrder(ctx, o)
		if !errors.Is(err, ErrConflict) {
			return changed, err
		}
	}
	return false, fmt.Errorf("order %s: %w", o.ID, ErrConflict)
}

func (l *Ledger) takeOrder(ctx context.Context, o Order) (bool, error) {
	key := orderKey(o.Shop, o.ID)
	entry, err := l.store.Get(ctx, Orders, key)
	if err != nil {
		return false, err
	}
	if entry.Rev != 0 {
		var known Order
		if err := json.Unmarshal(entry.Value, &known); err != nil {
			return false, fmt.Errorf("order %s: %w: %w", key, errDecode, err)
		}
		merged := known.Merge(o)
		o = merged
		o.Updated, o.Source = known.Updated, known.Source
		if value, err := json.Marshal(o); err != nil || string(value) == string(entry.Value) { // read again, and the same
			return false, err
		}
		o = merged
	}
	value, err := json.Marshal(o)
	if err != nil || string(value) == string(entry.Value) {
		return false, err
	}
	// The note for the next run comes first: a process that dies in between leaves one too many.
	out, err := l.store.Apply(ctx, Write{Table: Inbox, Key: inboxOrder + key, Value: []byte("1")}, Write{Table: Orders, Key: key, Value: value, Rev: entry.Rev})
	if err == nil && out[1].Conflict {
		err = ErrConflict
	}
	return err == nil, err
}

// AllOrders yields every order.
func (l *Ledger) AllOrders(ctx context.Context) iter.Seq2[Order, error] {
	return decoded[Order](l.store.Scan(ctx, Orders, ""))
}

// FindOrder returns an order; ok is false where there is none.
func (l *Ledger) FindOrder(ctx context.Context, shop, id string) (o Order, ok bool, err error) {
	return get[Order](ctx, l.store, Orders, orderKey(shop, id))
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
	return maps.Clone(list)
}

// Refund notes an amount that was given back of no line in particular.
func (o *Order) Refund(id string, minor int64) {
	if o.Refunds == nil {
		o.Refunds = map[string]Refund{}
	}
	o.Refunds[id] = Refund{Minor: minor}
}
