package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"restock/bot"
)

// TestWebhooks: the documented samples of both products, and everything that goes wrong with webhooks.
func TestWebhooks(t *testing.T) {
	for name, p := range products() {
		t.Run(name, func(t *testing.T) {
			for what, f := range map[string]func(t *testing.T, b *hookBench, p product){
				"sample": sampleOrder, "wrong key": wrongKey, "altered": altered, "unsigned": unsigned, "replayed": replayed, "out of order": outOfOrder, "refund": refunded,
				"refund first": refundFirst, "deleted": deletedOrder, "other topic": otherTopic, "garbage": garbage, "large": large, "another shop": anotherShop, "ping": ping,
			} {
				t.Run(what, func(t *testing.T) { f(t, newHook(t, p.orders), p) })
			}
		})
	}
}

func sampleOrder(t *testing.T, b *hookBench, p product) {
	if code := b.send(p.created, p.sample, hookSecret); code != http.StatusOK {
		t.Fatalf("%d: %s", code, b.log)
	}
	p.check(t, b, b.order())
	for _, secret := range []string{"jon@example.com", "john", "555"} {
		if strings.Contains(b.log.String(), secret) {
			t.Errorf("the log has %s", secret)
		}
	}
}

func wrongKey(t *testing.T, b *hookBench, p product) {
	if code := b.send(p.created, p.sample, "another"); code != http.StatusUnauthorized || len(b.orders()) != 0 {
		t.Errorf("%d, %d orders", code, len(b.orders()))
	}
	b.hook.Secret = func() string { return "" } // no key at all opens nothing
	if code := b.send(p.created, p.sample, ""); code != http.StatusUnauthorized || len(b.orders()) != 0 {
		t.Errorf("%d, %d orders", code, len(b.orders()))
	}
}

func altered(t *testing.T, b *hookBench, p product) {
	mac := hmac.New(sha256.New, []byte(hookSecret))
	mac.Write([]byte(p.sample))
	signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, body := range []string{p.sample + " ", strings.Replace(p.sample, "00", "01", 1), ""} {
		if code := b.raw(p.created, body, signature); code != http.StatusUnauthorized {
			t.Errorf("%d", code)
		}
	}
	for _, s := range []string{signature + "AA", signature[:len(signature)-4], strings.ToLower(signature)} {
		if code := b.raw(p.created, p.sample, s); code != http.StatusUnauthorized {
			t.Errorf("%d for %s", code, s)
		}
	}
	if n := len(b.orders()); n != 0 {
		t.Errorf("%d orders", n)
	}
}

func unsigned(t *testing.T, b *hookBench, p product) {
	for _, signature := range []string{"", "%%%", "AAAA"} {
		if code := b.raw(p.created, p.sample, signature); code != http.StatusUnauthorized || len(b.orders()) != 0 {
			t.Errorf("%q: %d", signature, code)
		}
	}
}

func replayed(t *testing.T, b *hookBench, p product) {
	for range 3 {
		if code := b.send(p.created, p.sample, hookSecret); code != http.StatusOK {
			t.Errorf("%d", code)
		}
	}
	before := b.order()
	if code := p.cancel(b); code != http.StatusOK {
		t.Errorf("%d", code)
	}
	if code := b.send(p.created, p.sample, hookSecret); code != http.StatusOK { // an old one again: the cancellation stands
		t.Errorf("%d", code)
	}
	if o := b.order(); o.State != bot.OrderCancelled || !o.At.Equal(before.At) {
		t.Errorf("%+v", o)
	}
}

func outOfOrder(t *testing.T, b *hookBench, p product) {
	for _, f := range []func() int{func() int { return p.cancel(b) }, func() int { return b.send(p.created, p.sample, hookSecret) }} {
		if code := f(); code != http.StatusOK {
			t.Errorf("%d", code)
		}
	}
	if o := b.order(); o.State != bot.OrderCancelled || o.Counts() {
		t.Errorf("%+v", o)
	}
}

func refunded(t *testing.T, b *hookBench, p product) {
	if code := b.send(p.created, p.sample, hookSecret); code != http.StatusOK {
		t.Fatal(code)
	}
	before := kept(b.order())
	for range 2 {
		if code := p.refund(b); code != http.StatusOK {
			t.Fatalf("%d: %s", code, b.log)
		}
	}
	if after := kept(b.order()); after >= before || after <= 0 && p.orders.Name() == "woocommerce" {
		t.Errorf("%d before, %d after", before, after)
	}
}

// refundFirst: what comes before its order is kept, and joined later.
func refundFirst(t *testing.T, b *hookBench, p product) {
	if code := p.refund(b); code != http.StatusOK {
		t.Fatalf("%d: %s", code, b.log)
	}
	if o := b.order(); p.orders.Name() == "shopify" && (o.Counts() || len(o.Parts) != 1) {
		t.Errorf("%+v", o)
	}
	if code := b.send(p.created, p.sample, hookSecret); code != http.StatusOK {
		t.Fatal(code)
	}
	o := b.order()
	whole := o
	whole.Refunds, whole.Parts = nil, nil
	if !o.Counts() || kept(o) >= kept(whole) {
		t.Errorf("%+v", o)
	}
}

func kept(o bot.Order) (sum int64) {
	for i := range o.Lines {
		_, minor := o.Net(i)
		sum += minor
	}
	return sum
}

func deletedOrder(t *testing.T, b *hookBench, p product) {
	if code := p.deleted(b); code != http.StatusOK || b.order().Counts() { // of one that we never heard of
		t.Errorf("%d", code)
	}
	b.send(p.created, p.sample, hookSecret)
	if code := p.deleted(b); code != http.StatusOK || b.order().Counts() {
		t.Errorf("%d, %+v", code, b.order())
	}
}

func otherTopic(t *testing.T, b *hookBench, p product) {
	if code := b.send("products/update", p.sample, hookSecret); code != http.StatusOK || len(b.orders()) != 0 {
		t.Errorf("%d", code)
	}
}

func garbage(t *testing.T, b *hookBench, p product) {
	for _, body := range []string{"", "null", "[]", "{", `{"id":{}}`, `{"id":"../x","line_items":[{"price":"a lot"}]}`, `{"line_items":{}}`, "\xff\xfe"} {
		if code := b.send(p.created, body, hookSecret); code != http.StatusUnprocessableEntity || len(b.orders()) != 0 {
			t.Errorf("%q: %d, %d orders", body, code, len(b.orders()))
		}
	}
}

func large(t *testing.T, b *hookBench, p product) {
	body := p.sample + strings.Repeat(" ", 10<<20)
	if code := b.send(p.created, body, hookSecret); code != http.StatusRequestEntityTooLarge || len(b.orders()) != 0 {
		t.Errorf("%d", code)
	}
}

func anotherShop(t *testing.T, b *hookBench, p product) {
	b.hook.Domain = "ours.example.com"
	mac := hmac.New(sha256.New, []byte(hookSecret))
	mac.Write([]byte(p.sample))
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(p.sample))
	for name, value := range map[string]string{
		"X-Shopify-Topic": p.created, "X-WC-Webhook-Topic": p.created, "X-Shopify-Shop-Domain": "theirs.example.com", "X-WC-Webhook-Source": "https://theirs.example.com/",
		"X-Shopify-Hmac-SHA256": base64.StdEncoding.EncodeToString(mac.Sum(nil)), "X-WC-Webhook-Signature": base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	} {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	b.hook.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized || len(b.orders()) != 0 {
		t.Errorf("%d", w.Code)
	}
}

// ping: WooCommerce greets with a form that is not signed, and counts anything but 200 as a failure. It changes nothing, and nothing
// else goes through unsigned.
func ping(t *testing.T, b *hookBench, p product) {
	for body, want := range map[string]int{"webhook_id=11": http.StatusOK, "webhook_id=11&x=1": http.StatusUnauthorized, "webhook_id=": http.StatusUnauthorized} {
		if p.orders.Name() == "shopify" {
			want = http.StatusUnauthorized
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		w := httptest.NewRecorder()
		b.hook.ServeHTTP(w, r)
		if w.Code != want || len(b.orders()) != 0 {
			t.Errorf("%s: %d", body, w.Code)
		}
	}
}

// TestWebhookSecret: WooCommerce decodes entities in its secret before it signs.
func TestWebhookSecret(t *testing.T) {
	b := newHook(t, WooCommerce{})
	b.hook.Secret = func() string { return "hush &amp; be &lt;quiet&gt;" }
	if code := b.send("order.created", wooSample, hookSecret); code != http.StatusOK {
		t.Errorf("%d", code)
	}
}

// FuzzWebhooks: nothing that is signed, however odd, makes the hook fail in another way than by an answer.
func FuzzWebhooks(f *testing.F) {
	f.Add(shopifySample)
	f.Add(wooSample)
	f.Add(`{"id":1,"line_items":[{"id":1,"quantity":-3,"price":"9e99"}],"refunds":[{"id":2,"refund_line_items":[{"line_item_id":1,"quantity":9}]}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, p := range products() {
			b := newHook(t, p.orders)
			b.send(p.created, body, hookSecret)
			for _, o := range b.orders() {
				for i := range o.Lines {
					if quantity, minor := o.Net(i); quantity < 0 || minor < 0 {
						t.Errorf("%+v", o)
					}
				}
			}
		}
	})
}
