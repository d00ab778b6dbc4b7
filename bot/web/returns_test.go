package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"restock/bot"
	"restock/state/bolt"
	"restock/state/statetest"
)

var _ = bolt.Open

func TestHooksAtOnce(t *testing.T) {
	b := newHook(t, Shopify{})
	codes := map[int]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			code := b.send("orders/create", strings.Replace(shopifySample, `"id":820982911946154508`, fmt.Sprintf(`"id":%d`, 1000+i), 1), hookSecret)
			mu.Lock()
			codes[code]++
			mu.Unlock()
		})
	}
	wg.Wait()
	t.Log(codes, len(b.orders()), "orders on disk")
	if codes[503] > 0 {
		t.Error("503 although each order is on disk")
	}
}

func woo(status, modified, refunds string) string {
	return `{"id":1,"number":"1","status":"` + status + `","currency":"AUD","date_created_gmt":"2026-11-20T10:00:00","date_modified_gmt":"` + modified + `","total":"230.00","total_tax":"20.00","shipping_total":"9.09","billing":{"email":"a@example.com"},
	"line_items":[{"id":1,"product_id":1,"quantity":1,"total":"100.00","total_tax":"10.00","sku":"A"},{"id":2,"product_id":2,"quantity":1,"total":"100.00","total_tax":"10.00","sku":"B"}],"refunds":[` + refunds + `]}`
}

func TestWooRefunds(t *testing.T) {
	b := newHook(t, WooCommerce{})
	b.send("order.created", woo("processing", "2026-11-20T10:00:00", ""), hookSecret)
	b.send("order.updated", woo("processing", "2026-11-21T10:00:00", `{"id":9,"total":"-110.00"}`), hookSecret) // one of the two, with its 10 % tax
	t.Log("one of two equal products given back: kept", kept(b.order()), "of 20000")
	if kept(b.order()) != 10000 {
		t.Error("want 10000")
	}
	// shipping only
	b = newHook(t, WooCommerce{})
	b.send("order.created", woo("processing", "2026-11-20T10:00:00", `{"id":9,"total":"-10.00"}`), hookSecret)
	t.Log("shipping refunded: kept", kept(b.order()))
	// the refund is deleted in the admin
	b = newHook(t, WooCommerce{})
	b.send("order.created", woo("processing", "2026-11-20T10:00:00", `{"id":9,"total":"-110.00"}`), hookSecret)
	b.send("order.updated", woo("processing", "2026-11-21T10:00:00", ``), hookSecret)
	if kept(b.order()) != 20000 {
		t.Error("deleted refund still counts: kept", kept(b.order()))
	}
	b = newHook(t, WooCommerce{})
	b.send("order.created", woo("refunded", "2026-11-20T10:00:00", `{"id":9,"total":"-230.00"}`), hookSecret)
	b.send("order.updated", woo("processing", "2026-11-21T10:00:00", ``), hookSecret)
	if kept(b.order()) != 20000 {
		t.Error("refunded by mistake and put back: kept", kept(b.order()))
	}
}

func TestShippingIsNoProduct(t *testing.T) {
	b := newHook(t, Shopify{})
	b.send("orders/create", shopifySample, hookSecret)
	before := kept(b.order())
	b.send("refunds/create", `{"id":890,"order_id":820982911946154508,"refund_line_items":[],
		"order_adjustments":[{"id":1,"kind":"shipping_refund","amount":"-10.00","tax_amount":"0.00","reason":"Shipping refund"}],
		"transactions":[{"id":1,"amount":"10.00","currency":"AUD","kind":"refund","status":"success"}]}`, hookSecret)
	if kept(b.order()) != before {
		t.Error("shipping was given back, and the products' revenue fell from", before, "to", kept(b.order()))
	}
}

func TestDeletedAndRestored(t *testing.T) {
	b := newHook(t, WooCommerce{})
	b.send("order.deleted", `{"id":1}`, hookSecret)
	b.send("order.created", woo("processing", "2026-11-20T10:00:00", ""), hookSecret)
	if b.order().Counts() {
		t.Error("deleted first, created late: counts for ever")
	}
	b = newHook(t, WooCommerce{})
	b.hook.Now = func() time.Time { return time.Date(2026, 11, 20, 10, 5, 0, 0, time.UTC) }
	b.send("order.created", woo("processing", "2026-11-20T10:00:00", ""), hookSecret)
	b.send("order.deleted", `{"id":1}`, hookSecret)                                    // in the trash at 10:02, delivered at 10:05
	b.send("order.restored", woo("processing", "2026-11-20T10:03:00", ""), hookSecret) // out of it at 10:03
	if !b.order().Counts() {
		t.Error("restored, and cancelled for ever")
	}
}

func signups(t *testing.T, confirm bool) (*bot.Ledger, http.Handler, *bytes.Buffer) {
	l := bot.NewLedger(&statetest.Memory{}, time.Now)
	l.Vault, _ = bot.NewVault([]byte("a secret of these tests"))
	var c bot.Comparison
	for i := range 200 {
		c.Levels = append(c.Levels, bot.Level{StockLevel: bot.StockLevel{SKU: fmt.Sprint("S", i), Availability: bot.Out}})
	}
	l.SaveLevels(t.Context(), "shop", c)
	var log bytes.Buffer
	p := &Public{Ledger: l, Log: slog.New(slog.NewTextHandler(&log, nil)), SignUps: &SignUps{Ledger: l, Job: "shop", Confirm: confirm, Channels: []bot.Channel{bot.Email}, Origins: []string{"https://shop.example.com"}, Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)), Phone: func(s string) string { return s }}}
	h, err := p.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return l, h, &log
}

func TestConsentIsYes(t *testing.T) {
	l, h, _ := signups(t, true)
	codes := map[int]int{}
	for i := range 100 {
		r := httptest.NewRequest("POST", "/signup", strings.NewReader(url.Values{"sku": {fmt.Sprint("S", i)}, "email": {"victim@example.com"}, "consent": {"no"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = fmt.Sprintf("198.51.%d.7:1234", i/10)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		codes[w.Code]++
	}
	list, _ := l.Unconfirmed(t.Context())
	t.Log(codes, len(list), "mails to one victim in one minute, each with consent=no")
	if len(list) > 0 {
		t.Error("consent=no was taken as consent; no limit for one address")
	}
}

type slow struct {
	bot.Store
	in chan struct{}
}

func (s *slow) Get(ctx context.Context, t bot.Table, k string) (bot.Entry, error) {
	if t == bot.Levels {
		s.in <- struct{}{}
		time.Sleep(300 * time.Millisecond)
	}
	return s.Store.Get(ctx, t, k)
}

// the listener ends while a request is in flight
func TestLastClick(t *testing.T) {
	mem := &statetest.Memory{}
	st := &slow{mem, make(chan struct{}, 10)}
	r := newRedirects(t, mem, 1)
	r.stop()
	r.d.Ledger = bot.NewLedger(st, time.Now)
	r.d.Ledger.Vault = r.ledger.Vault
	clicks := &bot.Clicker{Ledger: r.ledger, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	r.d.Clicks = clicks
	p := &Public{Ledger: r.d.Ledger, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Redirect: r.d}
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	ctx, cancel := context.WithCancel(t.Context())
	// as cmd/restock/public.go:46-58
	var side sync.WaitGroup
	beside, end := context.WithCancel(context.WithoutCancel(ctx))
	side.Go(func() { clicks.Run(beside) })
	served := make(chan struct{})
	go func() { p.Serve(ctx, l); end(); side.Wait(); close(served) }()
	code := make(chan int)
	key := bot.Key("shop", "A-0", 1, "7")
	go func() {
		c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		q, _ := http.NewRequest("GET", "http://"+l.Addr().String()+"/r/"+r.ledger.Vault.Link(key, bot.ProductLink), nil)
		q.Header.Set("User-Agent", "Mozilla/5.0 Firefox")
		res, err := c.Do(q)
		if err != nil {
			code <- 0
			return
		}
		code <- res.StatusCode
	}()
	<-st.in
	cancel()
	<-served
	t.Log("all has ended; the request is answered with", <-code)
	c, _ := r.ledger.ClicksOf(t.Context(), key)
	if c.All() == 0 {
		t.Error("the click that was answered last is on no disk")
	}
}
