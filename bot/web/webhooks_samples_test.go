package web

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

// shopifySample is the sample of Shopify's documentation, cut to what matters and what misleads: nulls, unknown fields, large numbers.
const shopifySample = `{"id":820982911946154508,"admin_graphql_api_id":"gid:\/\/shopify\/Order\/820982911946154508","app_id":null,"cancelled_at":null,
"confirmed":false,"contact_email":"jon@example.com","created_at":"2026-11-20T11:16:02-05:00","currency":"AUD","current_total_price":"398.00",
"customer_locale":"en","email":"jon@example.com","financial_status":"pending","landing_site":null,"name":"#9999","note_attributes":[],"number":234,
"order_number":1234,"phone":null,"test":false,"total_price":"404.95","updated_at":"2026-11-20T11:16:02-05:00","user_id":null,
"billing_address":{"first_name":"Steve","phone":"555-555-SHIP"},"customer":{"id":115310627314723954,"email":"john@example.com","phone":null},
"discount_codes":[],"line_items":[
{"id":866550311766439020,"variant_id":808950810,"quantity":1,"sku":"IPOD2008PINK","product_id":632910392,"price":"199.00","total_discount":"0.00","discount_allocations":[]},
{"id":141249953214522974,"variant_id":808950811,"quantity":2,"sku":null,"product_id":632910392,"price":"199.00","total_discount":"5.00","discount_allocations":[{"amount":"5.00"},{"amount":"3.00"}]}],
"refunds":[],"shipping_lines":[{"id":271878346596884015,"price":"10.00"}]}`

// wooSample is the sample of WooCommerce's documentation, cut likewise: times without a zone, numbers in texts, values of any kind.
const wooSample = `{"id":727,"parent_id":0,"number":"727","order_key":"wc_order_58d2d042d1d","created_via":"rest-api","version":"9.0.0","status":"processing",
"currency":"USD","date_created":"2026-11-20T16:28:02","date_created_gmt":"2026-11-20T19:28:02","date_modified":"2026-11-20T16:28:08","date_modified_gmt":"2026-11-20T19:28:08",
"discount_total":"0.00","total":"29.35","billing":{"first_name":"John","email":"john.doe@example.com","phone":"(555) 555-5555"},"customer_id":0,
"meta_data":[{"id":13106,"key":"_download_permissions_granted","value":"yes"},{"id":13107,"key":"odd","value":{"a":[1]}},
{"id":13108,"key":"_wc_order_attribution_utm_source","value":"restock"},{"id":13109,"key":"_wc_order_attribution_utm_content","value":"abcdefgh23456722"}],
"line_items":[{"id":315,"name":"Woo Single #1","product_id":93,"variation_id":0,"quantity":2,"subtotal":"6.00","total":"6.00","total_tax":"0.45","sku":"","price":3},
{"id":316,"name":"Ship Your Idea","product_id":22,"variation_id":23,"quantity":1,"subtotal":"12.00","total":"11.9951","sku":"Bar3","price":12}],"refunds":[]}`

const hookSecret = "hush & be <quiet>"

// hookBench is a hook with its ledger.
type hookBench struct {
	t      *testing.T
	ledger *bot.Ledger
	hook   OrderHook
	log    *bytes.Buffer
}

func newHook(t *testing.T, orders Orders) *hookBench {
	t.Helper()
	b := &hookBench{t: t, log: &bytes.Buffer{}}
	b.ledger = bot.NewLedger(&statetest.Memory{}, time.Now)
	b.hook = OrderHook{
		Orders: orders, Ledger: b.ledger, Secret: func() string { return hookSecret }, Now: time.Now,
		Phone: func(string) string { return "" }, Log: slog.New(slog.NewTextHandler(b.log, nil)),
	}
	return b
}

// send sends a message; topic and signature go into the headers of the product.
func (b *hookBench) send(topic, body, secret string) int {
	b.t.Helper()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return b.raw(topic, body, signature)
}

func (b *hookBench) raw(topic, body, signature string) int {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/hooks/"+b.hook.Orders.Name(), strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for _, name := range []string{"X-Shopify-Topic", "X-WC-Webhook-Topic"} {
		r.Header.Set(name, topic)
	}
	for _, name := range []string{"X-Shopify-Hmac-SHA256", "X-WC-Webhook-Signature"} {
		r.Header.Set(name, signature)
	}
	w := httptest.NewRecorder()
	b.hook.ServeHTTP(w, r)
	return w.Code
}

func (b *hookBench) orders() (list []bot.Order) {
	b.t.Helper()
	for o, err := range b.ledger.AllOrders(context.Background()) {
		if err != nil {
			b.t.Fatal(err)
		}
		list = append(list, o)
	}
	return list
}

func (b *hookBench) order() bot.Order {
	b.t.Helper()
	list := b.orders()
	if len(list) != 1 {
		b.t.Fatalf("%d orders", len(list))
	}
	return list[0]
}

// product is what the cases of TestWebhooks need to know of each product.
type product struct {
	orders                  Orders
	created, cancelled      string // topics
	sample                  string
	cancel, refund, deleted func(b *hookBench) int
	check                   func(t *testing.T, b *hookBench, o bot.Order)
}

func products() map[string]product {
	return map[string]product{
		"shopify": {
			orders: Shopify{}, created: "orders/create", cancelled: "orders/cancelled", sample: shopifySample,
			cancel: func(b *hookBench) int {
				later := strings.Replace(shopifySample, `"cancelled_at":null`, `"cancelled_at":"2026-11-21T10:00:00-05:00"`, 1)
				return b.send("orders/cancelled", strings.Replace(later, `"updated_at":"2026-11-20T11:16:02-05:00"`, `"updated_at":"2026-11-21T10:00:00-05:00"`, 1), hookSecret)
			},
			refund: func(b *hookBench) int {
				return b.send("refunds/create", `{"id":890088186047892319,"order_id":820982911946154508,"created_at":"2026-11-22T10:00:00-05:00","note":"Things were damaged",
					"refund_line_items":[{"id":487817672276298554,"quantity":1,"line_item_id":866550311766439020,"subtotal":199.0,"total_tax":0.0}],
					"transactions":[{"id":245135271310201194,"amount":"199.00","currency":"AUD","kind":"refund","status":"success"}]}`, hookSecret)
			},
			deleted: func(b *hookBench) int { return b.send("orders/delete", `{"id":820982911946154508}`, hookSecret) },
			check: func(t *testing.T, b *hookBench, o bot.Order) {
				if o.ID != "820982911946154508" || o.Number != "#9999" || o.Currency != "AUD" || len(o.Lines) != 2 || o.Lines[0].SKU != "IPOD2008PINK" || o.Lines[0].Minor != 19900 {
					t.Errorf("%+v", o)
				}
				if o.Lines[1].SKU != "" || o.Lines[1].Minor != 39800-800 || o.Lines[1].Product != "632910392" { // all discounts once
					t.Errorf("%+v", o.Lines[1])
				}
				if len(o.People) != 2 || !strings.Contains(strings.Join(o.People, " "), b.ledger.Person("john@example.com")) {
					t.Errorf("people %v", o.People)
				}
			},
		},
		"woocommerce": {
			orders: WooCommerce{}, created: "order.created", cancelled: "order.updated", sample: wooSample,
			cancel: func(b *hookBench) int {
				later := strings.Replace(wooSample, `"processing"`, `"cancelled"`, 1)
				return b.send("order.updated", strings.Replace(later, `"date_modified_gmt":"2026-11-20T19:28:08"`, `"date_modified_gmt":"2026-11-21T10:00:00"`, 1), hookSecret)
			},
			refund: func(b *hookBench) int {
				later := strings.Replace(wooSample, `"refunds":[]`, `"refunds":[{"id":726,"reason":"","total":"-3.00"}]`, 1)
				return b.send("order.updated", strings.Replace(later, `"date_modified_gmt":"2026-11-20T19:28:08"`, `"date_modified_gmt":"2026-11-21T10:00:00"`, 1), hookSecret)
			},
			deleted: func(b *hookBench) int { return b.send("order.deleted", `{"id":727}`, hookSecret) },
			check: func(t *testing.T, b *hookBench, o bot.Order) {
				if o.ID != "727" || o.Currency != "USD" || o.State != bot.OrderPaid || !o.At.Equal(time.Date(2026, 11, 20, 19, 28, 2, 0, time.UTC)) || o.Send != "abcdefgh23456722" {
					t.Errorf("%+v", o)
				}
				if len(o.Lines) != 2 || o.Lines[1].SKU != "Bar3" || o.Lines[1].Minor != 1200 || o.Lines[0].Quantity != 2 { // 11.9951 is 12.00
					t.Errorf("%+v", o.Lines)
				}
				if len(o.People) != 1 || o.People[0] != b.ledger.Person("john.doe@example.com") {
					t.Errorf("people %v", o.People)
				}
			},
		},
	}
}
