package web

import (
	"context"
	"fmt"
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

// redirects is a listener with messages that were sent.
type redirects struct {
	ledger *bot.Ledger
	d      *Redirect
	h      http.Handler
	stop   func()
	target string
}

const shopAddress = "https://shop.example.com/products/"

// newRedirects makes n messages about n products; odd ones are sold out again.
func newRedirects(t testing.TB, store bot.Store, n int) *redirects {
	t.Helper()
	r := &redirects{ledger: bot.NewLedger(store, time.Now), target: shopAddress}
	var err error
	if r.ledger.Vault, err = bot.NewVault([]byte("a secret of these tests")); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	r.d = &Redirect{
		Ledger: r.ledger, Clicks: &bot.Clicker{Ledger: r.ledger, Log: log}, Hosts: []string{"shop.example.com"}, Shop: "Shop", Now: time.Now, Log: log,
		Target: func(n bot.Notification) (string, error) {
			return r.target + url.PathEscape(n.Restock.SKU) + "?color=red", nil
		},
	}
	p := &Public{Ledger: r.ledger, Log: log, Redirect: r.d}
	if r.h, err = p.Handler(); err != nil {
		t.Fatal(err)
	}
	var plan []bot.Notification
	var c bot.Comparison
	told := time.Now().Add(-time.Hour)
	for i := range n {
		sku := fmt.Sprintf("A-%d", i)
		level := bot.Level{StockLevel: bot.StockLevel{SKU: sku, Availability: bot.In}, Episode: 1, Open: true}
		if i%2 == 1 {
			level.Availability, level.Open = bot.Out, false
		}
		c.Levels = append(c.Levels, level)
		plan = append(plan, bot.Notification{
			Key: bot.Key("shop", sku, 1, "7"), Job: "shop", Channel: bot.Email, Address: fmt.Sprintf("p%d@example.com", i), State: bot.Accepted,
			Restock: bot.Restock{Job: "shop", SKU: sku, Number: 1, Name: "Tent " + sku}, Subscription: bot.Subscription{ID: "7", SKU: sku, Email: fmt.Sprintf("p%d@example.com", i)},
			Changes: []bot.Change{{At: told, To: bot.Accepted}},
		})
	}
	ctx := context.Background()
	if err := r.ledger.Commit(ctx, bot.Comparison{}, plan); err != nil {
		t.Fatal(err)
	}
	if err := r.ledger.SaveLevels(ctx, "shop", c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); r.d.Clicks.Run(ctx) }()
	r.stop = func() { cancel(); <-done }
	return r
}

func (r *redirects) token(i int, use bot.LinkUse) string {
	return r.ledger.Vault.Link(bot.Key("shop", fmt.Sprintf("A-%d", i), 1, "7"), use)
}

const person = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"

// get follows a link.
func (r *redirects) get(method, token, agent string, headers ...string) *http.Response {
	req := httptest.NewRequest(method, "/r/"+token, nil)
	req.RemoteAddr = "203.0.113.9:4711"
	req.Header.Set("User-Agent", agent)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	r.h.ServeHTTP(w, req)
	return w.Result()
}

// clicks are those of a message after everything was written down.
func (r *redirects) clicks(t testing.TB, i int) bot.Clicks {
	t.Helper()
	if err := r.d.Clicks.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := r.ledger.ClicksOf(t.Context(), bot.Key("shop", fmt.Sprintf("A-%d", i), 1, "7"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRedirect: the link leads to the product in the shop, with what the shop's statistics are to know, and is not cached.
func TestRedirect(t *testing.T) {
	r := newRedirects(t, &statetest.Memory{}, 4)
	defer r.stop()
	res := r.get(http.MethodGet, r.token(0, bot.ProductLink), person)
	to, err := url.Parse(res.Header.Get("Location"))
	if res.StatusCode != http.StatusFound || err != nil || to.Host != "shop.example.com" || to.Path != "/products/A-0" {
		t.Fatalf("%d %s %v", res.StatusCode, to, err)
	}
	q := to.Query()
	if q.Get("utm_source") != "restock" || q.Get("utm_medium") != "email" || q.Get("utm_campaign") != "back-in-stock-A-0-1" || q.Get("color") != "red" ||
		q.Get("utm_content") != bot.SendID(bot.Key("shop", "A-0", 1, "7")) {
		t.Errorf("%v", q)
	}
	if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Referrer-Policy") != "no-referrer" || res.Header.Get("Set-Cookie") != "" {
		t.Errorf("%v", res.Header)
	}
	if c := r.clicks(t, 0); len(c.Human()) != 1 || c.Hits[0].Net != "203.0.113.0/24" {
		t.Errorf("%+v", c)
	}
	for _, bad := range []string{"https://evil.example/", "http://shop.example.com/", "https://shop.example.com@evil.example/", "//evil.example/", "javascript:alert(1)//", "https://shop.example.com.evil.example/"} {
		r.target = bad
		if res := r.get(http.MethodGet, r.token(2, bot.ProductLink), person); res.StatusCode != http.StatusNotFound || res.Header.Get("Location") != "" {
			t.Errorf("%s: %d to %s", bad, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

// TestRedirectMachines: programs are told apart, by rules whose names are kept; a scanner of every kind makes no human click.
func TestRedirectMachines(t *testing.T) {
	r := newRedirects(t, &statetest.Memory{}, 20)
	defer r.stop()
	for i, c := range []struct {
		rule bot.Rule
		do   func(token string)
	}{
		{bot.RuleHead, func(token string) { r.get(http.MethodHead, token, person) }},
		{bot.RulePrefetch, func(token string) { r.get(http.MethodGet, token, person, "Sec-Purpose", "prefetch;prerender") }},
		{bot.RulePrefetch, func(token string) { r.get(http.MethodGet, token, person, "X-Purpose", "preview") }},
		{bot.RuleNoAgent, func(token string) { r.get(http.MethodGet, token, "") }},
		{bot.RuleAgent, func(token string) { r.get(http.MethodGet, token, "Mozilla/5.0 (compatible; Barracuda Sentinel)") }},
		{bot.RuleScan, func(token string) {
			for range 3 {
				r.get(http.MethodGet, token, person)
			}
		}},
		{"", func(token string) { r.get(http.MethodGet, token, person) }},
	} {
		c.do(r.token(2*i, bot.ProductLink))
		got := r.clicks(t, 2*i)
		if len(got.Hits) == 0 || got.Hits[0].Rule != c.rule || (len(got.Human()) > 0) != (c.rule == "") {
			t.Errorf("%s: %+v", c.rule, got)
		}
	}
	r.get(http.MethodGet, r.token(16, bot.ProductLink), person)
	if res := r.get(http.MethodGet, r.token(16, bot.TrapLink), person); res.StatusCode != http.StatusNoContent {
		t.Errorf("%d", res.StatusCode)
	}
	if c := r.clicks(t, 16); len(c.Human()) != 0 || len(c.Hits) != 2 || c.Hits[0].Rule != bot.RuleTrap {
		t.Errorf("%+v", c)
	}
}

// TestRedirectGone: where the product is sold out again, a page says so and that the place is kept, which it is.
func TestRedirectGone(t *testing.T) {
	r := newRedirects(t, &statetest.Memory{}, 4)
	defer r.stop()
	res := r.get(http.MethodGet, r.token(1, bot.ProductLink), person)
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK || !strings.Contains(string(body), "Tent A-1 is sold out again") || !strings.Contains(string(body), "Your place is kept") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if n := entries(t, r.ledger, bot.Places); n != 1 {
		t.Errorf("%d places", n)
	}
	if err := r.ledger.Suppress(t.Context(), bot.Suppression{Who: r.ledger.Person("p3@example.com"), Channel: bot.Email, Reason: bot.LeftUs}); err != nil {
		t.Fatal(err)
	}
	body, _ = io.ReadAll(r.get(http.MethodGet, r.token(3, bot.ProductLink), person).Body)
	if strings.Contains(string(body), "place is kept") {
		t.Error("who has left is promised another message")
	}
	r.get(http.MethodHead, r.token(1, bot.ProductLink), person)
}
