package bot

import (
	"maps"
	"math/big"
)

// refunds are all that were given back.
func (o Order) refunds() map[string]Refund {
	all := maps.Clone(o.Refunds)
	for id, r := range o.Parts {
		if _, told := all[id]; told || r.At.Before(o.Updated) && !o.At.IsZero() && !r.At.IsZero() {
			continue
		}
		if all == nil {
			all = map[string]Refund{}
		}
		all[id] = r
	}
	return all
}

// Net returns what of a line was kept: its number and its amount, after refunds. A refund of no line in particular is taken off all
// lines in proportion. Of one in another currency only the number is known; see [Order.Foreign].
func (o Order) Net(line int) (quantity int, minor int64) {
	l := o.Lines[line]
	quantity, minor = l.Quantity, l.Minor
	whole := int64(0)
	for _, r := range o.refunds() {
		amount, same := r.scale(o.Currency)
		if back, ok := r.Lines[l.ID]; ok && l.ID != "" {
			if quantity -= back.Quantity; same {
				minor -= amount(back.Minor)
			} else {
				minor -= share(l.Minor, int64(back.Quantity), int64(l.Quantity))
			}
		}
		if same {
			whole += amount(r.Minor)
		}
	}
	sum := int64(0)
	for _, other := range o.Lines {
		sum += other.Minor
	}
	if whole > 0 && sum > 0 {
		if minor -= share(min(whole, sum), l.Minor, sum); whole >= sum {
			quantity = 0
		}
	}
	return max(0, quantity), max(0, minor)
}

// said is what of all lines was kept, as the order itself says.
func (o Order) said() (sum int64) {
	o.Parts = nil
	for i := range o.Lines {
		_, minor := o.Net(i)
		sum += minor
	}
	return sum
}

// Foreign reports whether an amount that was given back cannot be taken off: it is in another currency than the order.
func (o Order) Foreign() bool {
	for _, r := range o.refunds() {
		if _, same := r.scale(o.Currency); !same && !o.At.IsZero() && r.Minor > 0 {
			return true
		}
	}
	return false
}

// share is a part of an amount: part of whole.
func share(amount, part, whole int64) int64 {
	if whole == 0 {
		return 0
	}
	product := new(big.Int).Mul(big.NewInt(amount), big.NewInt(part))
	return product.Quo(product, big.NewInt(whole)).Int64()
}

// Without is a line from which units were taken before they were paid or sent.
func (l OrderLine) Without(units int) OrderLine {
	if units = min(units, l.Quantity); units > 0 {
		l.Minor -= share(l.Minor, int64(units), int64(l.Quantity))
		l.Quantity -= units
	}
	return l
}
