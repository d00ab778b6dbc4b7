package web

import (
	"encoding/json"
	"fmt"
	"time"

	"restock/bot"
)

type shopifyRefund struct {
	ID        json.Number `json:"id"`
	OrderID   json.Number `json:"order_id"`
	CreatedAt time.Time   `json:"created_at"`
	Lines     []struct {
		LineID   json.Number `json:"line_item_id"`
		Quantity int         `json:"quantity"`
		Subtotal money       `json:"subtotal"`
	} `json:"refund_line_items"`
	Adjustments []struct {
		Kind   string `json:"kind"`
		Amount money  `json:"amount"`
		Tax    money  `json:"tax_amount"`
	} `json:"order_adjustments"`
	Transactions []struct {
		Amount   money  `json:"amount"`
		Currency string `json:"currency"`
		Kind     string `json:"kind"`
		Status   string `json:"status"`
	} `json:"transactions"`
}

// into adds a refund to a list. What was given back of the shipping is none of the products'.
func (r shopifyRefund) into(list map[string]bot.Refund, currency string) error {
	refund := bot.Refund{At: r.CreatedAt}
	for _, t := range r.Transactions {
		if currency == "" {
			currency = t.Currency
		}
	}
	if currency == "" {
		currency = "USD" // two decimals, as of nearly all; the currency itself is the order's
	}
	for _, l := range r.Lines {
		if refund.Lines == nil {
			refund.Lines = map[string]bot.RefundLine{}
		}
		amount, err := l.Subtotal.in(currency)
		if err != nil {
			return fmt.Errorf("refund %s: %w", r.ID, err)
		}
		before := refund.Lines[l.LineID.String()]
		refund.Lines[l.LineID.String()] = bot.RefundLine{Quantity: before.Quantity + l.Quantity, Minor: before.Minor + amount}
	}
	for _, t := range r.Transactions {
		if len(r.Lines) > 0 || t.Kind != "refund" || t.Status != "success" && t.Status != "" {
			continue
		}
		amount, err := t.Amount.in(currency)
		if err != nil {
			return fmt.Errorf("refund %s: %w", r.ID, err)
		}
		refund.Minor += amount
	}
	for _, a := range r.Adjustments {
		if len(r.Lines) > 0 || a.Kind != "shipping_refund" {
			continue
		}
		for _, m := range []money{a.Amount, a.Tax} {
			amount, err := m.in(currency)
			if err != nil {
				return fmt.Errorf("refund %s: %w", r.ID, err)
			}
			refund.Minor -= max(amount, -amount)
		}
	}
	if len(refund.Lines) > 0 || refund.Minor > 0 {
		list[r.ID.String()] = refund
	}
	return nil
}
