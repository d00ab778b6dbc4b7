package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"restock/bot"
)

// shopifyRefund is what is used of a refund (https://shopify.dev/docs/api/admin-rest/latest/resources/refund).
type shopifyRefund struct {
	ID        json.Number `json:"id"`
	OrderID   json.Number `json:"order_id"`
	CreatedAt time.Time   `json:"created_at"`
	Lines     []struct {
		LineID   json.Number `json:"line_item_id"`
		Quantity int         `json:"quantity"`
		Subtotal money       `json:"subtotal"`
		Set      moneySet    `json:"subtotal_set"`
	} `json:"refund_line_items"`
	Adjustments []shopifyAdjustment `json:"order_adjustments"`
	Shipping    []struct {
		Subtotal moneySet `json:"subtotal_amount_set"`
		Tax      moneySet `json:"tax_amount_set"`
	} `json:"refund_shipping_lines"`
	Transactions []struct {
		Amount   money  `json:"amount"`
		Currency string `json:"currency"` // often the customer's, and not the shop's
		Kind     string `json:"kind"`
		Status   string `json:"status"`
	} `json:"transactions"`
}

// shopifyAdjustment is a difference between what was given back and what the lines come to: below 0 where more was given back.
type shopifyAdjustment struct {
	Kind   string   `json:"kind"` // until 2024-10; shipping has had a list of its own since
	Amount money    `json:"amount"`
	Tax    money    `json:"tax_amount"`
	Set    moneySet `json:"amount_set"`
	TaxSet moneySet `json:"tax_amount_set"`
}

func (a shopifyAdjustment) shipping() bool { return a.Kind == "shipping_refund" }

// moneySet is an amount in the currency of the shop; it stands beside the same in that of the customer.
type moneySet struct {
	Shop struct {
		Amount   money  `json:"amount"`
		Currency string `json:"currency_code"`
	} `json:"shop_money"`
}

// in is the amount in the shop's currency, for which the plain one stands where there is none.
func (s moneySet) in(currency string, plain money) (int64, error) {
	if s.Shop.Currency != "" {
		if s.Shop.Currency != currency {
			return 0, fmt.Errorf("an amount is in %s, and the order in %s", bot.Clean(first(s.Shop.Currency, 5)), currency)
		}
		plain = s.Shop.Amount
	}
	return plain.in(currency)
}

// currency is the shop's, where the refund says it.
func (r shopifyRefund) currency() string {
	found := ""
	for _, l := range r.Lines {
		found = cmp.Or(found, l.Set.Shop.Currency)
	}
	for _, a := range r.Adjustments {
		found = cmp.Or(found, a.Set.Shop.Currency)
	}
	for _, s := range r.Shipping {
		found = cmp.Or(found, s.Subtotal.Shop.Currency)
	}
	return found
}

// into adds a refund to a list. What was given back of the shipping is none of the products'. Currency is the order's, or "" where the
// refund came by itself; with taxed, the order's prices are with tax.
func (r shopifyRefund) into(list map[string]bot.Refund, currency string, taxed bool) error {
	refund, err := r.read(cmp.Or(currency, r.currency(), bot.NoCurrency), taxed)
	if err != nil {
		return fmt.Errorf("refund %s: %w", r.ID, err)
	}
	if refund.Currency == currency {
		refund.Currency = ""
	}
	if len(refund.Lines) > 0 || refund.Minor > 0 {
		list[r.ID.String()] = refund
	}
	return nil
}

func (r shopifyRefund) read(currency string, taxed bool) (bot.Refund, error) {
	refund := bot.Refund{At: r.CreatedAt, Currency: currency}
	for _, l := range r.Lines {
		amount, err := l.Set.in(currency, l.Subtotal)
		if err != nil {
			return refund, err
		}
		if refund.Lines == nil {
			refund.Lines = map[string]bot.RefundLine{}
		}
		before := refund.Lines[l.LineID.String()]
		refund.Lines[l.LineID.String()] = bot.RefundLine{Quantity: before.Quantity + l.Quantity, Minor: before.Minor + amount}
	}
	beyond, adjusted, err := r.beyond(currency, taxed)
	if err != nil {
		return refund, err
	}
	switch {
	case len(r.Lines) > 0 && beyond < 0: // less than the lines come to: some was kept
		refund.Keep(-beyond)
	case len(r.Lines) > 0:
		refund.Minor = beyond
	default:
		paid, of, err := r.paid(currency)
		if err != nil {
			return refund, err
		}
		if refund.Minor = max(beyond, 0); !adjusted || taxed && of == currency && paid > 0 && paid < beyond {
			refund.Minor, refund.Currency = max(paid, 0), of
		}
	}
	return refund, nil
}

// beyond is what was given back beyond the lines, of the products; known is false where the refund says nothing of it.
func (r shopifyRefund) beyond(currency string, taxed bool) (sum int64, known bool, err error) {
	pending := false
	for _, t := range r.Transactions {
		pending = pending || t.Status == "pending"
	}
	for _, a := range r.Adjustments {
		if a.shipping() {
			continue
		}
		amount, err := a.Set.in(currency, a.Amount)
		if err != nil {
			return 0, false, err
		}
		tax, err := a.TaxSet.in(currency, a.Tax)
		if err != nil {
			return 0, false, err
		}
		if known = true; amount > 0 && pending { // what is on its way is not missing
			continue
		}
		if sum -= amount; taxed {
			sum -= tax
		}
	}
	return sum, known, nil
}

// paid is what was paid back without the shipping, and its currency.
func (r shopifyRefund) paid(currency string) (sum int64, of string, err error) {
	sums := map[string]int64{}
	for _, t := range r.Transactions {
		if t.Kind != "refund" || t.Status != "success" && t.Status != "pending" && t.Status != "" { // what is on its way is as good as gone
			continue
		}
		in := cmp.Or(t.Currency, currency)
		amount, err := t.Amount.in(in)
		if err != nil {
			return 0, in, err
		}
		sums[in] += amount
	}
	of = currency
	for _, in := range slices.Sorted(maps.Keys(sums)) { // one that is not the order's cannot be taken off, and that is said
		if of = in; in != currency {
			break
		}
	}
	sum = sums[of]
	if of != currency && currency != bot.NoCurrency {
		return sum, of, nil // nothing in the shop's currency can be taken off it
	}
	var off []int64
	for _, s := range r.Shipping {
		amount, err := s.Subtotal.in(of, "")
		if err != nil {
			return 0, of, err
		}
		tax, err := s.Tax.in(of, "")
		if err != nil {
			return 0, of, err
		}
		off = append(off, amount, tax)
	}
	for _, a := range r.Adjustments { // those of products are not asked for here
		amount, err := a.Set.in(of, a.Amount)
		if err != nil {
			return 0, of, err
		}
		tax, err := a.TaxSet.in(of, a.Tax)
		if err != nil {
			return 0, of, err
		}
		if a.shipping() {
			off = append(off, amount, tax)
		}
	}
	for _, amount := range off {
		sum -= max(amount, -amount)
	}
	return sum, of, nil
}
