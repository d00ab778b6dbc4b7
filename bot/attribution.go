package bot

import (
	"cmp"
	"slices"
	"time"
)

// Tier says how closely a purchase belongs to a message. Tiers are never added up without their names.
type Tier string

// The tiers.
const (
	Direct   Tier = "direct"   // a person followed our link, and bought just that within the window
	Assisted Tier = "assisted" // was told, did not click, and bought just that within the window
	Halo     Tier = "halo"     // was told, and bought another variant of the same product
)

// Windows are how long after a click, or after the last message, a purchase is put down to it.
type Windows struct {
	Direct   time.Duration `json:"direct"`
	Assisted time.Duration `json:"assisted"`
}

// DefaultWindows are those that hold unless the file says otherwise.
func DefaultWindows() Windows {
	return Windows{Direct: 7 * 24 * time.Hour, Assisted: 10 * 24 * time.Hour}
}

// Send is a message as far as purchases are put down to it.
type Send struct {
	Key     string
	Of      string // of a reminder: the message that it reminds of
	Job     string
	SKU     string
	Episode int      // the restock that it was about
	Product string   // what variants of it have in common, as orders have it
	People  []string // who was told, by each address that is known
	Told    time.Time
	Clicks  []time.Time // of people
}

// Sale is a line of an order that is put down to a message.
type Sale struct {
	Shop     string    `json:"shop"`
	Order    string    `json:"order"`
	Number   string    `json:"number,omitempty"`
	Line     int       `json:"line"`
	SKU      string    `json:"sku"`
	At       time.Time `json:"at"`
	Quantity int       `json:"quantity"`
	Amount   Amount    `json:"amount"`
	Key      string    `json:"key"` // of the notification
	Tier     Tier      `json:"tier"`
	Rule     string    `json:"rule"` // "person and variant, click 2h before"
}

// Attribute puts lines of orders down to messages: each line to one message at most, the one that was clicked last before it, or
// else the one that was sent last. Of each customer and restock only the first purchase counts. Orders that were cancelled count
// for nothing, and what was given back is taken off. It is pure, and the order of its arguments does not matter.
func Attribute(orders []Order, sends []Send, w Windows) []Sale {
	names := products(orders)
	bySKU, byProduct := map[string][]Send{}, map[string][]Send{}
	for _, s := range sends {
		if s.Product == "" {
			s.Product = names[s.SKU]
		}
		bySKU[s.SKU] = append(bySKU[s.SKU], s)
		if s.Product != "" {
			byProduct[s.Product] = append(byProduct[s.Product], s)
		}
	}
	sorted := slices.Clone(orders)
	slices.SortFunc(sorted, func(a, b Order) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Shop, b.Shop), cmp.Compare(a.ID, b.ID))
	})
	same := customersOf(sends)
	bought := map[string]string{} // who and what → the order that counts
	var sales []Sale
	for _, o := range sorted {
		if !o.Counts() {
			continue
		}
		for i, line := range o.Lines {
			s, tier, rule, ok := w.credit(o, bySKU[line.SKU])
			group := same.group(s)
			if !ok {
				if s, rule, ok = w.halo(o, line.SKU, byProduct[o.Shop+"/"+line.Product]); !ok || line.Product == "" {
					continue
				}
				tier, group = Halo, same.group(s)+"\x00"+line.SKU
			}
			quantity, minor := o.Net(i)
			if first, again := bought[group]; again && first != orderKey(o.Shop, o.ID) || quantity == 0 {
				continue
			}
			bought[group] = orderKey(o.Shop, o.ID)
			sales = append(sales, Sale{
				Shop: o.Shop, Order: o.ID, Number: o.Number, Line: i, SKU: line.SKU, At: o.At, Quantity: quantity,
				Amount: Amount{minor, o.Currency}, Key: s.Key, Tier: tier, Rule: rule,
			})
		}
	}
	return sales
}

// credit picks the message that a line of an order belongs to.
func (w Windows) credit(o Order, sends []Send) (best Send, tier Tier, rule string, ok bool) {
	var latest time.Time
	for _, s := range sends {
		how := o.about(s)
		if how == "" || s.Told.After(o.At) {
			continue
		}
		for _, click := range s.Clicks {
			if click.After(o.At) || o.At.Sub(click) > w.Direct || ok && (click.Before(latest) || click.Equal(latest) && s.Key >= best.Key) {
				continue
			}
			best, latest, tier, ok = s, click, Direct, true
			rule = how + " and variant, a click within " + w.Direct.String()
		}
	}
	if ok {
		return best, tier, rule, ok
	}
	best, rule, ok = w.told(o, sends)
	return best, Assisted, rule + " and variant, told within " + w.Assisted.String(), ok
}

// told picks the message that was sent last.
func (w Windows) told(o Order, sends []Send) (best Send, rule string, ok bool) {
	for _, s := range sends {
		how := o.about(s)
		if how == "" || s.Told.After(o.At) || o.At.Sub(s.Told) > w.Assisted {
			continue
		}
		if ok && (s.Told.Before(best.Told) || s.Told.Equal(best.Told) && s.Key >= best.Key) {
			continue
		}
		best, rule, ok = s, how, true
	}
	return best, rule, ok
}

func (w Windows) halo(o Order, sku string, sends []Send) (best Send, rule string, ok bool) {
	others := slices.DeleteFunc(slices.Clone(sends), func(s Send) bool { return s.SKU == sku })
	best, rule, ok = w.told(o, others)
	return best, rule + " and product, told within " + w.Assisted.String(), ok
}

// about says by what an order belongs to who got a message, or "".
func (o Order) about(s Send) string {
	for _, p := range s.People {
		if slices.Contains(o.People, p) {
			return "person"
		}
	}
	if o.Send != "" && o.Send == SendID(s.Key) {
		return "link"
	}
	return ""
}
