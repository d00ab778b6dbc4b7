package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

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
