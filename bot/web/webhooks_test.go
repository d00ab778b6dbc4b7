package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
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
