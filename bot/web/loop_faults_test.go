package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

const ownCurrency = `{"id":1,"name":"#1","created_at":"2026-11-20T10:00:00+11:00","updated_at":"2026-11-20T10:00:00+11:00","currency":"AUD","presentment_currency":"JPY","taxes_included":true,"financial_status":"paid","email":"a@example.com",
 "line_items":[{"id":11,"product_id":5,"sku":"A","quantity":2,"current_quantity":2,"price":"100.00","total_discount":"0.00","discount_allocations":[]}],"refunds":[]}`

func one(b *hookBench) (int, int64) { return b.order().Net(0) }

// refunds/create of a shop in AUD, paid in yen: subtotal is in AUD, and is read as yen.
func TestLoopPresentment(t *testing.T) {
	b := newHook(t, Shopify{})
	b.send("orders/create", ownCurrency, hookSecret)
	b.send("refunds/create", `{"id":9,"order_id":1,"created_at":"2026-11-21T10:00:00+11:00","refund_line_items":[{"id":1,"line_item_id":11,"quantity":1,"subtotal":"100.00","subtotal_set":{"shop_money":{"amount":"100.00","currency_code":"AUD"},"presentment_money":{"amount":"9800","currency_code":"JPY"}}}],
	 "order_adjustments":[],"transactions":[{"id":1,"amount":"9800","currency":"JPY","kind":"refund","status":"success"}]}`, hookSecret)
	if q, m := one(b); q != 1 || m != 10000 {
		t.Errorf("kept %d units, %d cents; want 1 unit, 10000", q, m)
	}
}

// the same, an amount of no line: 980 yen are taken for 980 dollars.
func TestLoopPresentmentAmount(t *testing.T) {
	for _, topic := range []string{"refunds/create", "orders/updated"} {
		b := newHook(t, Shopify{})
		b.send("orders/create", ownCurrency, hookSecret)
		refund := `{"id":9,"order_id":1,"created_at":"2026-11-21T10:00:00+11:00","refund_line_items":[],"order_adjustments":[{"id":1,"kind":"refund_discrepancy","amount":"-10.00","tax_amount":"0.00","amount_set":{"shop_money":{"amount":"-10.00","currency_code":"AUD"},"presentment_money":{"amount":"-980","currency_code":"JPY"}}}],
		 "transactions":[{"id":1,"amount":"980","currency":"JPY","kind":"refund","status":"success"}]}`
		body := refund
		if topic == "orders/updated" {
			body = strings.Replace(strings.Replace(ownCurrency, `"refunds":[]`, `"refunds":[`+refund+`]`, 1), `"updated_at":"2026-11-20`, `"updated_at":"2026-11-21`, 1)
		}
		b.send(topic, body, hookSecret)
		if q, m := one(b); q != 2 || m != 19000 {
			t.Errorf("%s: AUD 10.00 given back, kept %d units, %d cents; want 2, 19000", topic, q, m)
		}
	}
}

// refunds/create without a transaction (items taken off, store credit, paid by hand) of a shop in yen.
func TestLoopYenNoTransaction(t *testing.T) {
	b := newHook(t, Shopify{})
	order := strings.NewReplacer(`"AUD"`, `"JPY"`, `"100.00"`, `"5000"`).Replace(ownCurrency)
	b.send("orders/create", order, hookSecret)
	b.send("refunds/create", `{"id":9,"order_id":1,"created_at":"2026-11-21T10:00:00+11:00","refund_line_items":[{"id":1,"line_item_id":11,"quantity":1,"subtotal":"5000"}],"order_adjustments":[],"transactions":[]}`, hookSecret)
	if q, m := one(b); q != 1 || m != 5000 {
		t.Errorf("kept %d units, %d yen; want 1 unit, 5000", q, m)
	}
}

// an order that was edited in the admin: the line stands there with current_quantity 0.
func TestLoopEdited(t *testing.T) {
	b := newHook(t, Shopify{})
	b.send("orders/create", ownCurrency, hookSecret)
	b.send("orders/updated", strings.NewReplacer(`"current_quantity":2`, `"current_quantity":0`, `"updated_at":"2026-11-20`, `"updated_at":"2026-11-21`).Replace(ownCurrency), hookSecret)
	if q, m := one(b); q != 0 {
		t.Errorf("kept %d units, %d; the line was taken off the order", q, m)
	}
}

// more is given back than the lines: the discrepancy is not taken off.
func TestLoopDiscrepancy(t *testing.T) {
	b := newHook(t, Shopify{})
	b.send("orders/create", ownCurrency, hookSecret)
	b.send("refunds/create", `{"id":9,"order_id":1,"created_at":"2026-11-21T10:00:00+11:00","refund_line_items":[{"id":1,"line_item_id":11,"quantity":1,"subtotal":"100.00"}],
	 "order_adjustments":[{"id":1,"kind":"refund_discrepancy","amount":"-60.00","tax_amount":"0.00"}],"transactions":[{"id":1,"amount":"160.00","currency":"AUD","kind":"refund","status":"success"}]}`, hookSecret)
	if q, m := one(b); q != 1 || m != 4000 {
		t.Errorf("160 of 200 given back: kept %d units, %d cents; want 1, 4000", q, m)
	}
}

// a shop whose prices are without tax: an amount given back is told with it.
func TestLoopTaxOnTop(t *testing.T) {
	b := newHook(t, Shopify{})
	b.send("orders/create", strings.Replace(ownCurrency, `"taxes_included":true`, `"taxes_included":false,"total_tax":"20.00"`, 1), hookSecret)
	b.send("refunds/create", `{"id":9,"order_id":1,"created_at":"2026-11-21T10:00:00+11:00","refund_line_items":[],
	 "order_adjustments":[{"id":1,"kind":"refund_discrepancy","amount":"-100.00","tax_amount":"-10.00"}],"transactions":[{"id":1,"amount":"110.00","currency":"AUD","kind":"refund","status":"success"}]}`, hookSecret)
	if _, m := one(b); m != 10000 {
		t.Errorf("half (100 + 10 tax) given back: kept %d of 20000, want 10000", m)
	}
}

// WooCommerce: half a metre of cloth.
func TestLoopWooQuantity(t *testing.T) {
	b := newHook(t, WooCommerce{})
	code := b.send("order.created", strings.Replace(woo("processing", "2026-11-20T10:00:00", ""), `"quantity":1,"total":"100.00","total_tax":"10.00","sku":"A"`, `"quantity":0.5,"total":"100.00","total_tax":"10.00","sku":"A"`, 1), hookSecret)
	q, m := one(b)
	o := b.order()
	sales := bot.Attribute([]bot.Order{o}, []bot.Send{{Key: "k", Job: "s", SKU: "A", Episode: 1, People: o.People, Told: o.At.Add(-3600e9)}}, bot.DefaultWindows())
	if len(sales) != 1 {
		t.Errorf("%d: %d units, %d cents, %d sales: AUD 100 are in no report", code, q, m, len(sales))
	}
}

// WooCommerce: paid and given back within one second of its clock.
func TestLoopWooSameSecond(t *testing.T) {
	for _, order := range [][2]string{{"", `{"id":9,"total":"-110.00"}`}, {`{"id":9,"total":"-110.00"}`, ""}} {
		b := newHook(t, WooCommerce{})
		b.send("order.updated", woo("processing", "2026-11-20T10:00:00", order[0]), hookSecret)
		b.send("order.updated", woo("processing", "2026-11-20T10:00:00", order[1]), hookSecret)
		if kept(b.order()) != 10000 {
			t.Errorf("kept %d, want 10000", kept(b.order()))
		}
	}
}

// TestConsentText: what is kept as proof is what the page showed, whatever the file says meanwhile.
func TestConsentText(t *testing.T) {
	const shown, now = "Tell me once when it is back.", "Yes, send me the newsletter, for ever."
	l, _, _ := signups(t, false)
	d := &SignUps{Ledger: l, Job: "shop", Consent: shown, Channels: []bot.Channel{bot.Email}, Now: time.Now, Log: slog.New(slog.DiscardHandler), Phone: func(s string) string { return s }}
	h, err := (&Public{Ledger: l, Log: d.Log, SignUps: d}).Handler()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, kind, body string) string {
		r := httptest.NewRequest(method, "/signup?sku=S1", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Body.String()
	}
	form := url.Values{"email": {"kim@example.com"}, "consent": {"yes"}}
	for _, field := range strings.Split(ask("GET", "", ""), `<input type="hidden" name="`)[1:] { // as a browser sends it
		name, rest, _ := strings.Cut(field, `" value="`)
		value, _, _ := strings.Cut(rest, `"`)
		form.Set(name, value)
	}
	d.Consent = now // restock.yaml was changed, and serve was started anew
	const urlencoded = "application/x-www-form-urlencoded"
	if page := ask("POST", urlencoded, form.Encode()); !strings.Contains(page, now) || !strings.Contains(page, "this text has changed") || strings.Contains(page, "checked") {
		t.Errorf("a text of which nothing is known is not asked for again:\n%s", page)
	}
	if err := l.KeepConsent(t.Context(), shown); err != nil {
		t.Fatal(err)
	}
	ask("POST", urlencoded, form.Encode())
	ask("POST", "application/json", `{"sku":"S1","email":"lee@example.com","consent":true,"consent_text":"`+shown+`"}`)
	ask("POST", "application/json", `{"sku":"S1","email":"max@example.com","consent":true}`)
	if reply := ask("POST", "application/json", `{"sku":"S1","email":"ann@example.com","consent":true,"consent_text":"another"}`); !strings.Contains(reply, now) {
		t.Errorf("a program is not told which text to show: %s", reply)
	}
	list, err := l.AllSignUps(t.Context())
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	for _, s := range list {
		if s.Address == "max@example.com" && (s.Consent != now || !s.Unshown) || s.Address != "max@example.com" && (s.Consent != shown || s.Unshown) {
			t.Errorf("%s: kept as proof: %q, unshown %v", s.Address, s.Consent, s.Unshown)
		}
	}
}

// TestTarget: the shop's address in other words is the shop's, and what stands in it stays.
func TestTarget(t *testing.T) {
	d := &Redirect{Hosts: []string{"shop.example.com"}}
	n := bot.Notification{Key: bot.Key("shop", "A", 1, "7"), Channel: bot.Email, Restock: bot.Restock{SKU: "A", Number: 1}}
	const ours = "utm_medium=email&utm_campaign=back-in-stock-A-1&utm_content="
	for target, want := range map[string]string{
		"https://shop.example.com:443/a":                                    "https://shop.example.com:443/a?utm_source=restock&" + ours,
		"https://SHOP.example.com./a":                                       "https://SHOP.example.com./a?utm_source=restock&" + ours,
		"https://shop.example.com/a?utm_source=news&x=1;y=2&%zz=%s#top":     "https://shop.example.com/a?utm_source=news&x=1;y=2&%zz=%s&" + ours,
		"https://shop.example.com/a?utm_content=theirs&utm_medium=m&b=+%20": "https://shop.example.com/a?utm_medium=m&b=+%20&utm_source=restock&utm_campaign=back-in-stock-A-1&utm_content=",
		"https://shop.example.com:8443/a":                                   "",
		"https://shop.example.com.evil.example/a":                           "",
	} {
		got, err := d.allowed(target, n)
		if want == "" {
			if err == nil {
				t.Errorf("%s leads to %s", target, got)
			}
			continue
		}
		want += bot.SendID(n.Key)
		if at := strings.Index(target, "#"); at >= 0 {
			want += target[at:]
		}
		if err != nil || got != want {
			t.Errorf("%s leads to\n%s, want\n%s, %v", target, got, want, err)
		}
	}
}

// shipping given back, as Shopify tells it since API version 2024-10: refund_shipping_lines, no adjustment.
func TestLoopShippingLines(t *testing.T) {
	b := newHook(t, Shopify{})
	b.send("orders/create", ownCurrency, hookSecret)
	if code := b.send("refunds/create", `{"id":9,"order_id":1,"created_at":"2026-11-21T10:00:00+11:00","refund_line_items":[],"order_adjustments":[],
	 "refund_shipping_lines":[{"id":1,"shipping_line_id":2,"subtotal_amount_set":{"shop_money":{"amount":"15.00","currency_code":"AUD"}}}],
	 "transactions":[{"id":1,"amount":"15.00","currency":"AUD","kind":"refund","status":"success"}]}`, hookSecret); code != http.StatusOK {
		t.Errorf("what takes nothing off is answered with %d", code)
	}
	if _, m := one(b); m != 20000 {
		t.Errorf("shipping was given back: the products' revenue fell to %d", m)
	}
}

// TestLoopPendingRefund: the bank has not confirmed yet.
func TestLoopPendingRefund(t *testing.T) {
	b := newHook(t, Shopify{})
	b.send("orders/create", ownCurrency, hookSecret)
	b.send("refunds/create", `{"id":9,"order_id":1,"created_at":"2026-11-21T10:00:00+11:00","refund_line_items":[],"order_adjustments":[],
	 "transactions":[{"id":1,"amount":"50.00","currency":"AUD","kind":"refund","status":"pending"}]}`, hookSecret)
	if _, m := one(b); m != 15000 {
		t.Errorf("50 of 200 are on their way back: kept %d", m)
	}
}

// who has bought opens the link again: "your place is kept".
func TestLoopBoughtKeepsNoPlace(t *testing.T) {
	r := newRedirects(t, &statetest.Memory{}, 2)
	defer r.stop()
	key := bot.Key("shop", "A-1", 1, "7")
	if err := r.ledger.Receive(t.Context(), bot.Receipt{Key: key, Kind: bot.Purchased, Detail: "order 1"}); err != nil {
		t.Fatal(err)
	}
	res := r.get("GET", r.token(1, bot.ProductLink), person)
	body, _ := io.ReadAll(res.Body)
	if n, _, _ := r.ledger.Find(t.Context(), key); !n.Bought.IsZero() && strings.Contains(string(body), "Your place is kept") {
		t.Error("who has bought is promised another message; and is told of nothing")
	}
}
