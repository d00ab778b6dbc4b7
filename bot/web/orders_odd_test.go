package web

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"restock/bot"
)

// a text that she has never seen stands beside a box that is ticked for her.
func TestPreticked(t *testing.T) {
	const shown, now = "Tell me once when it is back.", "Yes, send me the newsletter, for ever."
	l, _, _ := signups(t, false)
	l.KeepConsent(t.Context(), shown)
	d := &SignUps{Ledger: l, Job: "shop", Consent: now, Channels: []bot.Channel{bot.Email}, Now: time.Now, Log: slog.New(slog.DiscardHandler), Phone: func(s string) string { return s }}
	h, err := (&Public{Ledger: l, Log: d.Log, SignUps: d}).Handler()
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"sku": {"S1"}, "email": {"kim@example"}, "consent": {"yes"}, "agreed": {bot.ConsentMark(shown)}, "name": {"http://x"}}
	r := httptest.NewRequest(http.MethodPost, "/signup", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body := w.Body.String()
	if strings.Contains(body, now) && strings.Contains(body, `value="yes" required checked`) && strings.Contains(body, bot.ConsentMark(now)) {
		t.Errorf("%d: the box beside the new text, which she has not seen, is ticked, and its mark stands in the form", w.Code)
	}
}

// given back on a gift card in the shop's currency and on a card in the customer's.
func TestTwoCurrencies(t *testing.T) {
	b := newHook(t, Shopify{})
	b.send("orders/create", ownCurrency, hookSecret)
	b.send("refunds/create", `{"id":9,"order_id":1,"created_at":"2026-11-21T10:00:00+11:00","refund_line_items":[],"order_adjustments":[],
	 "transactions":[{"id":1,"amount":"9800","currency":"JPY","kind":"refund","status":"success"},{"id":2,"amount":"1.00","currency":"AUD","kind":"refund","status":"success"}]}`, hookSecret)
	if q, m := one(b); m < 9900 {
		t.Errorf("JPY 9800 (AUD 100) and AUD 1 given back of AUD 200: kept %d, %d", q, m)
	}
}

func refundOf(taxed bool, refund string) string {
	s := strings.Replace(strings.Replace(ownCurrency, `"refunds":[]`, `"refunds":[`+refund+`]`, 1), `"updated_at":"2026-11-20`, `"updated_at":"2026-11-21`, 1)
	if !taxed {
		s = strings.Replace(s, `"taxes_included":true`, `"taxes_included":false`, 1)
	}
	return s
}

// the same refund, told of by itself and in the order.
func TestBothWays(t *testing.T) {
	const head = `{"id":9,"order_id":1,"created_at":"2026-11-21T10:00:00+11:00",`
	line := `"refund_line_items":[{"id":1,"line_item_id":11,"quantity":1,"subtotal":"100.00"}],`
	for name, refund := range map[string]string{
		"line":                head + line + `"order_adjustments":[],"transactions":[{"amount":"100.00","currency":"AUD","kind":"refund","status":"success"}]}`,
		"line, 20 kept":       head + line + `"order_adjustments":[{"kind":"refund_discrepancy","amount":"20.00","tax_amount":"0.00"}],"transactions":[{"amount":"80.00","currency":"AUD","kind":"refund","status":"success"}]}`,
		"line, 22 kept, tax":  head + line + `"order_adjustments":[{"kind":"refund_discrepancy","amount":"20.00","tax_amount":"2.00"}],"transactions":[{"amount":"78.00","currency":"AUD","kind":"refund","status":"success"}]}`,
		"line, pending":       head + line + `"order_adjustments":[{"kind":"pending_refund_discrepancy","amount":"100.00","tax_amount":"0.00"}],"transactions":[{"amount":"100.00","currency":"AUD","kind":"refund","status":"pending"}]}`,
		"amount 30":           head + `"refund_line_items":[],"order_adjustments":[{"kind":"refund_discrepancy","amount":"-30.00","tax_amount":"0.00"}],"transactions":[{"amount":"30.00","currency":"AUD","kind":"refund","status":"success"}]}`,
		"amount 30 of 3 tax":  head + `"refund_line_items":[],"order_adjustments":[{"kind":"refund_discrepancy","amount":"-27.00","tax_amount":"-3.00"}],"transactions":[{"amount":"30.00","currency":"AUD","kind":"refund","status":"success"}]}`,
		"amount pending":      head + `"refund_line_items":[],"order_adjustments":[{"kind":"refund_discrepancy","amount":"-30.00","tax_amount":"0.00"},{"kind":"pending_refund_discrepancy","amount":"30.00","tax_amount":"0.00"}],"transactions":[{"amount":"30.00","currency":"AUD","kind":"refund","status":"pending"}]}`,
		"bare 30":             head + `"refund_line_items":[],"order_adjustments":[],"transactions":[{"amount":"30.00","currency":"AUD","kind":"refund","status":"success"}]}`,
		"shipping old":        head + `"refund_line_items":[],"order_adjustments":[{"kind":"shipping_refund","amount":"-10.00","tax_amount":"-1.00"}],"transactions":[{"amount":"11.00","currency":"AUD","kind":"refund","status":"success"}]}`,
		"shipping old, line":  head + line + `"order_adjustments":[{"kind":"shipping_refund","amount":"-10.00","tax_amount":"-1.00"}],"transactions":[{"amount":"111.00","currency":"AUD","kind":"refund","status":"success"}]}`,
		"shipping new":        head + `"refund_line_items":[],"order_adjustments":[],"refund_shipping_lines":[{"subtotal_amount_set":{"shop_money":{"amount":"10.00","currency_code":"AUD"}},"tax_amount_set":{"shop_money":{"amount":"1.00","currency_code":"AUD"}}}],"transactions":[{"amount":"11.00","currency":"AUD","kind":"refund","status":"success"}]}`,
		"shipping new, gross": head + `"refund_line_items":[],"order_adjustments":[],"refund_shipping_lines":[{"subtotal_amount_set":{"shop_money":{"amount":"11.00","currency_code":"AUD"}},"tax_amount_set":{"shop_money":{"amount":"1.00","currency_code":"AUD"}}}],"transactions":[{"amount":"41.00","currency":"AUD","kind":"refund","status":"success"}]}`,
		"new, both, adj":      head + `"refund_line_items":[],"order_adjustments":[{"kind":"refund_discrepancy","amount":"-30.00","tax_amount":"0.00"}],"refund_shipping_lines":[{"subtotal_amount_set":{"shop_money":{"amount":"10.00","currency_code":"AUD"}},"tax_amount_set":{"shop_money":{"amount":"0.00","currency_code":"AUD"}}}],"transactions":[{"amount":"40.00","currency":"AUD","kind":"refund","status":"success"}]}`,
		"null fields":         head + `"refund_line_items":null,"order_adjustments":null,"refund_shipping_lines":null,"transactions":null}`,
	} {
		for _, taxed := range []bool{true, false} {
			a, b := newHook(t, Shopify{}), newHook(t, Shopify{})
			first := ownCurrency
			if !taxed {
				first = strings.Replace(first, `"taxes_included":true`, `"taxes_included":false`, 1)
			}
			a.send("orders/create", first, hookSecret)
			ca := a.send("refunds/create", refund, hookSecret)
			cb := b.send("orders/updated", refundOf(taxed, refund), hookSecret)
			qa, ma := one(a)
			qb, mb := one(b)
			told := taxed && strings.Contains(refund, `"kind":"refund_discrepancy"`) && !strings.Contains(refund, `"tax_amount":"0.00"`) // by itself it does not say so
			if ca != http.StatusOK || cb != http.StatusOK || !told && (qa != qb || ma != mb) {
				t.Errorf("%s, taxed %v: alone %d %d %d, in the order %d %d %d", name, taxed, ca, qa, ma, cb, qb, mb)
			}
		}
	}
}

func TestTwoCurrencies2(t *testing.T) {
	b := newHook(t, Shopify{})
	b.send("orders/create", ownCurrency, hookSecret)
	b.send("orders/updated", refundOf(true, `{"id":9,"order_id":1,"created_at":"2026-11-21T10:00:00+11:00","refund_line_items":[],"order_adjustments":[],
	 "transactions":[{"id":1,"amount":"65.00","currency":"USD","kind":"refund","status":"success"},{"id":2,"amount":"1.00","currency":"AUD","kind":"refund","status":"success"}]}`), hookSecret)
	o := b.order()
	if _, m := one(b); m == 13400 && !o.Foreign() {
		t.Error("USD 65 and AUD 1 are taken for AUD 66")
	}
}
