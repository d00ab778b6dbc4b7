package bot

import (
	"maps"
	"slices"
)

// Refund notes an amount that was given back of no line in particular.
func (o *Order) Refund(id string, minor int64) {
	if o.Refunds == nil {
		o.Refunds = map[string]Refund{}
	}
	r := o.Refunds[id]
	r.Minor = minor
	o.Refunds[id] = r
}

// RefundLine notes an amount that was given back of a line. All of its units were, where all of it was.
func (o *Order) RefundLine(id string, line OrderLine, minor int64) {
	if minor == 0 {
		return
	}
	if o.Refunds == nil {
		o.Refunds = map[string]Refund{}
	}
	r := o.Refunds[id]
	if r.Lines == nil {
		r.Lines = map[string]RefundLine{}
	}
	back := RefundLine{Minor: minor}
	if minor >= line.Minor {
		back.Quantity = line.Quantity
	}
	r.Lines[line.ID] = back
	o.Refunds[id] = r
}

// Keep takes an amount off what was given back of the lines, the first ones first: the shop has kept it.
func (r *Refund) Keep(minor int64) {
	for _, id := range slices.Sorted(maps.Keys(r.Lines)) {
		line := r.Lines[id]
		part := min(minor, line.Minor)
		line.Minor, minor = line.Minor-part, minor-part
		r.Lines[id] = line
	}
}

// scale makes amounts of a refund those of an order, if they are in one currency.
func (r Refund) scale(currency string) (amount func(int64) int64, same bool) {
	if r.Currency != NoCurrency {
		return func(minor int64) int64 { return minor }, r.Currency == "" || r.Currency == currency
	}
	step := int64(1)
	for range decimals(NoCurrency) - decimals(currency) {
		step *= 10
	}
	return func(minor int64) int64 { return (minor + step/2) / step }, true
}
