package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"restock/bot"
)

// Shopify reads the webhooks of a Shopify shop about orders: orders/create, updated, paid, cancelled, and refunds/create
// (https://shopify.dev/docs/apps/build/webhooks). A shop's own settings (Settings > Notifications > Webhooks) make them, and show the
// key that signs them.
type Shopify struct{}

// Name implements Orders.
func (Shopify) Name() string { return "shopify" }

// Signed implements Orders: base64 of HMAC-SHA256 over the body as it came.
func (s Shopify) Signed(h http.Header, body []byte, secret string) bool {
	return signedBy(s.Signature(h), body, secret)
}

// Signature implements Orders.
func (Shopify) Signature(h http.Header) string {
	return strings.TrimSpace(h.Get("X-Shopify-Hmac-Sha256"))
}

func signedBy(signature string, body []byte, secret string) bool {
	given, err := base64.StdEncoding.DecodeString(strings.TrimSpace(signature))
	if err != nil || secret == "" {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hmac.Equal(mac.Sum(nil), given)
}

// Ping implements Orders: this product has none.
func (Shopify) Ping(*http.Request, []byte) bool { return false }

// Topic implements Orders.
func (Shopify) Topic(h http.Header) string { return h.Get("X-Shopify-Topic") }

// From implements Orders.
func (Shopify) From(h http.Header) string { return strings.ToLower(h.Get("X-Shopify-Shop-Domain")) }

// shopifyOrder is what is used of an order (https://shopify.dev/docs/api/admin-rest/latest/resources/order).
type shopifyOrder struct {
	ID           json.Number `json:"id"`
	Name         string      `json:"name"`
	CreatedAt    time.Time   `json:"created_at"`
	UpdatedAt    time.Time   `json:"updated_at"`
	CancelledAt  *time.Time  `json:"cancelled_at"`
	Test         bool        `json:"test"`
	Currency     string      `json:"currency"`
	Taxed        bool        `json:"taxes_included"`
	Financial    string      `json:"financial_status"`
	Email        string      `json:"email"`
	ContactEmail string      `json:"contact_email"`
	Phone        string      `json:"phone"`
	Landing      string      `json:"landing_site"`
	Customer     *contact    `json:"customer"`
	Billing      *contact    `json:"billing_address"`
	Shipping     *contact    `json:"shipping_address"`
	Notes        []struct {
		Name  string `json:"name"`
		Value any    `json:"value"`
	} `json:"note_attributes"`
	Lines []struct {
		ID        json.Number `json:"id"`
		SKU       string      `json:"sku"`
		ProductID json.Number `json:"product_id"`
		Quantity  int         `json:"quantity"`
		Current   *int        `json:"current_quantity"` // after the order was edited, and without what was given back
		Price     money       `json:"price"`
		Discount  money       `json:"total_discount"`
		Shares    []struct {
			Amount money `json:"amount"`
		} `json:"discount_allocations"`
	} `json:"line_items"`
	Refunds []shopifyRefund `json:"refunds"`
}

type contact struct {
	Email string `json:"email"`
	Phone string `json:"phone"`
}

// Read implements Orders.
func (s Shopify) Read(topic string, body []byte, person func(string) string) (o bot.Order, gone, ok bool, err error) {
	switch topic {
	case "refunds/create":
		var r shopifyRefund
		if err := json.Unmarshal(body, &r); err != nil {
			return o, false, false, err
		}
		o = bot.Order{Shop: s.Name(), ID: r.OrderID.String(), Parts: map[string]bot.Refund{}}
		err := r.into(o.Parts, "", false)
		return o, false, true, err
	case "orders/delete":
		var d struct {
			ID json.Number `json:"id"`
		}
		err := json.Unmarshal(body, &d)
		return bot.Order{Shop: s.Name(), ID: d.ID.String()}, true, err == nil, err
	case "orders/create", "orders/updated", "orders/paid", "orders/cancelled", "orders/fulfilled", "orders/partially_fulfilled":
	default:
		return o, false, false, nil
	}
	var in shopifyOrder
	if err := json.Unmarshal(body, &in); err != nil {
		return o, false, false, err
	}
	o, err = in.order(person)
	o.Source = topic
	return o, false, true, err
}

func (in shopifyOrder) order(person func(string) string) (bot.Order, error) {
	o := bot.Order{
		Shop: "shopify", ID: in.ID.String(), Number: in.Name, At: in.CreatedAt, Updated: in.UpdatedAt, Currency: in.Currency, Test: in.Test,
		State: bot.OrderPlaced, Send: in.send(),
	}
	switch {
	case in.CancelledAt != nil || in.Financial == "voided":
		o.State = bot.OrderCancelled
	case in.Financial == "paid" || in.Financial == "partially_refunded" || in.Financial == "refunded":
		o.State = bot.OrderPaid
	}
	for _, c := range []*contact{{in.Email, in.Phone}, {in.ContactEmail, ""}, in.Customer, in.Billing, in.Shipping} {
		if c != nil {
			o.People = append(o.People, person(c.Email), person(c.Phone))
		}
	}
	o.People = bot.PeopleIn(o.People)
	for _, l := range in.Lines {
		price, err := l.Price.in(in.Currency)
		if err != nil {
			return o, fmt.Errorf("line %s: %w", l.ID, err)
		}
		if price < -maxMinor || price > maxMinor || l.Quantity < 0 || l.Quantity > maxUnits {
			return o, fmt.Errorf("line %s has a number that no order has", l.ID)
		}
		total := price * int64(l.Quantity)
		shares := l.Shares
		off, err := l.Discount.in(in.Currency)
		if len(shares) > 0 { // those of the whole order are in here too
			off = 0
		}
		for _, share := range shares {
			part, shareErr := share.Amount.in(in.Currency)
			off += part
			if shareErr != nil {
				err = shareErr
			}
		}
		if err != nil {
			return o, fmt.Errorf("line %s: %w", l.ID, err)
		}
		line := bot.OrderLine{ID: l.ID.String(), SKU: strings.TrimSpace(l.SKU), Product: l.ProductID.String(), Quantity: l.Quantity, Minor: total - off}
		if l.Current != nil {
			line = line.Without(l.Quantity - in.returned(l.ID) - *l.Current)
		}
		o.Lines = append(o.Lines, line)
	}
	for _, r := range in.Refunds {
		if o.Refunds == nil {
			o.Refunds = map[string]bot.Refund{}
		}
		if err := r.into(o.Refunds, in.Currency, in.Taxed); err != nil {
			return o, err
		}
	}
	return o, nil
}

// returned is how many of a line were given back.
func (in shopifyOrder) returned(line json.Number) (n int) {
	for _, r := range in.Refunds {
		for _, l := range r.Lines {
			if l.LineID == line {
				n += l.Quantity
			}
		}
	}
	return n
}

// send is the message that the customer came by, where the shop has kept the address of the first page. It often has not.
func (in shopifyOrder) send() string {
	for _, n := range in.Notes {
		if text, ok := n.Value.(string); ok && (n.Name == "utm_content" || n.Name == "restock") {
			return text
		}
	}
	u, err := url.Parse(in.Landing)
	if err != nil {
		return ""
	}
	return u.Query().Get("utm_content")
}
