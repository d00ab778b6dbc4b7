package web

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"restock/bot"
)

// WooCommerce reads the webhooks of a WooCommerce shop about orders: order.created, updated, deleted, restored
// (https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks; WooCommerce > Settings > Advanced > Webhooks).
type WooCommerce struct{}

// Name implements Orders.
func (WooCommerce) Name() string { return "woocommerce" }

// Signed implements Orders. The product decodes HTML entities in its secret before it signs, so both forms are tried.
func (s WooCommerce) Signed(h http.Header, body []byte, secret string) bool {
	decoded := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#039;", "'", "&#39;", "'", "&amp;", "&").Replace(secret)
	signature := s.Signature(h)
	return signedBy(signature, body, secret) || signedBy(signature, body, decoded)
}

// Signature implements Orders.
func (WooCommerce) Signature(h http.Header) string {
	return strings.TrimSpace(h.Get("X-WC-Webhook-Signature"))
}

// Ping implements Orders: on its making, a webhook sends its number as a form, unsigned, and wants 200.
func (WooCommerce) Ping(r *http.Request, body []byte) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") && isPing(string(body))
}

func isPing(body string) bool {
	number, ok := strings.CutPrefix(body, "webhook_id=")
	return ok && number != "" && len(number) <= 18 && strings.Trim(number, "0123456789") == ""
}

// Topic implements Orders.
func (WooCommerce) Topic(h http.Header) string { return h.Get("X-WC-Webhook-Topic") }

// From implements Orders.
func (WooCommerce) From(h http.Header) string {
	u, err := url.Parse(h.Get("X-WC-Webhook-Source"))
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// wooTime is a time without a zone, which is UTC.
type wooTime struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (t *wooTime) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" || text == "" {
		return nil
	}
	var err error
	for _, layout := range []string{"2006-01-02T15:04:05", time.RFC3339} {
		if t.Time, err = time.Parse(layout, text); err == nil {
			return nil
		}
	}
	return err
}

// wooOrder is what is used of an order (https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties).
type wooOrder struct {
	ID       json.Number `json:"id"`
	Number   string      `json:"number"`
	Status   string      `json:"status"`
	Currency string      `json:"currency"`
	Created  wooTime     `json:"date_created_gmt"`
	Modified wooTime     `json:"date_modified_gmt"`
	Total    money       `json:"total"`
	Billing  contact     `json:"billing"`
	Lines    []struct {
		ID        json.Number `json:"id"`
		ProductID json.Number `json:"product_id"`
		Quantity  float64     `json:"quantity"`
		Total     money       `json:"total"`
		Tax       money       `json:"total_tax"`
		SKU       string      `json:"sku"`
	} `json:"line_items"`
	Refunds []struct {
		ID    json.Number `json:"id"`
		Total money       `json:"total"`
	} `json:"refunds"`
	Meta []struct {
		Key   string `json:"key"`
		Value any    `json:"value"`
	} `json:"meta_data"`
}

// Read implements Orders.
func (s WooCommerce) Read(topic string, body []byte, person func(string) string) (o bot.Order, gone, ok bool, err error) {
	switch topic {
	case "order.created", "order.updated", "order.restored":
	case "order.deleted":
		var d struct {
			ID json.Number `json:"id"`
		}
		err := json.Unmarshal(body, &d)
		return bot.Order{Shop: s.Name(), ID: d.ID.String()}, true, err == nil, err
	default:
		return o, false, false, nil
	}
	var in wooOrder
	if err := json.Unmarshal(body, &in); err != nil {
		return o, false, false, err
	}
	o, err = in.order(person)
	o.Source = topic
	return o, false, in.Status != "checkout-draft" && in.Status != "auto-draft", err
}

// ofProducts is a refund without the tax: it is told with it, and the lines are without.
func (in wooOrder) ofProducts(refund, lines int64) int64 {
	gross := lines
	for _, l := range in.Lines {
		tax, err := l.Tax.in(in.Currency)
		if err != nil {
			return refund
		}
		gross += tax
	}
	if gross <= 0 {
		return refund
	}
	return int64(float64(refund)*float64(lines)/float64(gross) + 0.5)
}

func (in wooOrder) order(person func(string) string) (bot.Order, error) {
	o := bot.Order{
		Shop: "woocommerce", ID: in.ID.String(), Number: in.Number, At: in.Created.Time, Updated: in.Modified.Time, Currency: in.Currency,
		State: bot.OrderPlaced, People: bot.PeopleIn([]string{person(in.Billing.Email), person(in.Billing.Phone)}),
	}
	switch in.Status {
	case "cancelled", "failed", "trash":
		o.State = bot.OrderCancelled
	case "processing", "completed", "refunded":
		o.State = bot.OrderPaid
	}
	for _, l := range in.Lines {
		total, err := l.Total.in(in.Currency)
		if err != nil {
			return o, fmt.Errorf("line %s: %w", l.ID, err)
		}
		o.Lines = append(o.Lines, bot.OrderLine{ID: l.ID.String(), SKU: strings.TrimSpace(l.SKU), Product: l.ProductID.String(), Quantity: int(math.Ceil(l.Quantity)), Minor: total})
	}
	sum := int64(0)
	for _, l := range o.Lines {
		sum += l.Minor
	}
	for _, r := range in.Refunds {
		amount, err := r.Total.in(in.Currency)
		if err != nil {
			return o, fmt.Errorf("refund %s: %w", r.ID, err)
		}
		o.Refund(r.ID.String(), in.ofProducts(max(amount, -amount), sum))
	}
	if in.Status == "refunded" { // whole, whatever its parts were
		o.Refunds = nil
		o.Refund("whole", max(sum, 1))
	}
	for _, m := range in.Meta {
		if text, ok := m.Value.(string); ok && m.Key == "_wc_order_attribution_utm_content" {
			o.Send = text
		}
	}
	return o, nil
}
