package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestBodies: what is held of messages of which nothing is known is bounded, for each network and for all, and is given back.
func TestBodies(t *testing.T) {
	var b bodies
	full := make(chan struct{})
	h := b.guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			unread(w, err)
			return
		}
		if r.Header.Get("Wait") != "" {
			close(full)
			<-r.Context().Done()
		}
	}))
	send := func(from string, size int, wait bool) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/hooks/shopify", strings.NewReader(strings.Repeat("x", size))).WithContext(t.Context())
		r.RemoteAddr = from + ":1"
		w := httptest.NewRecorder()
		if wait {
			r.Header.Set("Wait", "1")
		}
		h.ServeHTTP(w, r)
		return w
	}
	go send("203.0.113.9", mostOfOne-10, true)
	<-full
	if w := send("203.0.113.8", 100, false); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("a network that holds %d bytes may send more: %d", mostOfOne-10, w.Code)
	}
	if w := send("198.51.100.1", 100, false); w.Code != http.StatusOK {
		t.Errorf("another network is kept out: %d", w.Code)
	}
	if b.sum != mostOfOne-10 || len(b.of) != 1 {
		t.Errorf("what was answered is held: %d bytes of %d networks", b.sum, len(b.of))
	}
}

// TestUnsigned: what cannot be signed is refused without being read.
func TestUnsigned(t *testing.T) {
	for _, signature := range []string{"", "short", "not base64!", strings.Repeat("A", 44)} {
		for _, orders := range []Orders{Shopify{}, WooCommerce{}} {
			k := newHook(t, orders).hook
			body := strings.NewReader(strings.Repeat("x", 1<<20))
			r := httptest.NewRequest(http.MethodPost, "/hooks/x", body)
			r.Header.Set("X-Shopify-Hmac-Sha256", signature)
			r.Header.Set("X-WC-Webhook-Signature", signature)
			w := httptest.NewRecorder()
			k.ServeHTTP(w, r)
			if read := 1<<20 - body.Len(); w.Code != http.StatusUnauthorized || signature != strings.Repeat("A", 44) && read > 8<<10 {
				t.Errorf("%q: %d after %d bytes", signature, w.Code, read)
			}
		}
	}
}
