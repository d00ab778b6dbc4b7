package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/report"
	"restock/bot/web"
	"restock/flows/browser"
	"restock/state/statetest"
)

// TestLooks looks at every page that customers and the sales team get, in a real browser: wide and narrow, light and dark, with axe-core.
// With RESTOCK_PICTURES, pictures are left there.
func TestLooks(t *testing.T) {
	t.Parallel()
	for name, page := range looks(t) {
		t.Run(name, func(t *testing.T) { accessible(t, name, page) })
	}
}

// TestLooksFail: the examination finds what is wrong with a page, or it would be worth nothing.
func TestLooksFail(t *testing.T) {
	t.Parallel()
	const page = `<!doctype html><html><head><title></title></head><body><p style="color:#ccc;background:#fff">faint</p><input><div style="width:3000px">wide</div></body></html>`
	ctx := t.Context()
	found, err := (browser.Installer{Say: io.Discard}).Ensure(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	b, err := browser.Launch(ctx, browser.Options{Path: found.Path})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	list := strings.Join(look(t, b, "broken", examined(t, page).URL, false), "\n")
	want := []string{"no language", "no title", "no label", "wider than"}
	if _, err := axeSource(); err == nil {
		want = append(want, "color-contrast", "html-has-lang")
	}
	for _, text := range want {
		if !strings.Contains(list, text) {
			t.Errorf("%q was not found: %s", text, list)
		}
	}
}

func looks(t *testing.T) map[string]string {
	t.Helper()
	now := time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)
	l := bot.NewLedger(&statetest.Memory{}, func() time.Time { return now })
	var err error
	if l.Vault, err = bot.NewVault([]byte("a secret of these tests")); err != nil {
		t.Fatal(err)
	}
	sampleMonth(t, l, now)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	clicks := &bot.Clicker{Ledger: l, Log: log}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go clicks.Run(ctx)
	p := web.Public{
		Ledger: l, Shop: "Austral Outdoors", Log: log,
		Redirect: &web.Redirect{
			Ledger: l, Clicks: clicks, Hosts: []string{"shop.example.com"}, Shop: "Austral Outdoors", Now: func() time.Time { return now }, Log: log,
			Target: func(n bot.Notification) (string, error) {
				return "https://shop.example.com/products/" + n.Restock.SKU, nil
			},
		},
		SignUps: &web.SignUps{
			Ledger: l, Job: "shop", Shop: "Austral Outdoors", Consent: "Yes, Austral Outdoors may tell me once when this product is back. I can leave at any time.",
			Channels: []bot.Channel{bot.Email, bot.SMS}, Phone: func(string) string { return "" }, Now: func() time.Time { return now }, Log: log,
			Product: func(sku string) string { return "https://shop.example.com/products/" + sku },
		},
	}
	h, err := p.Handler()
	if err != nil {
		t.Fatal(err)
	}
	get := func(method, path string, form url.Values) string {
		r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		r.Header.Set("User-Agent", personAgent)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Body.String()
	}
	leave := "/u/" + l.Vault.Token(l.Person("p1@example.com"), bot.Email)
	s, _, err := l.AddSignUp(t.Context(), bot.SignUp{Job: "shop", SKU: "AO-1008", Channel: bot.Email, Address: "ava@example.com", Consent: "yes", Confirm: true})
	if err != nil {
		t.Fatal(err)
	}
	confirm := "/s/" + l.Vault.ConfirmToken(s.ID)
	wish := url.Values{"sku": {"AO-1008"}, "email": {"kim@example.com"}, "consent": {"yes"}}
	r, err := report.Build(t.Context(), l, report.Options{
		From: now.AddDate(0, 0, -27).Truncate(24 * time.Hour), To: now.AddDate(0, 0, 1).Truncate(24 * time.Hour), Zone: time.UTC, Per: "day", Windows: bot.DefaultWindows(), Now: now, Shop: "Austral Outdoors",
	})
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"report": page.String(), "signup": get(http.MethodGet, "/signup?sku=AO-1008", nil), "signup-wrong": get(http.MethodPost, "/signup", url.Values{"sku": {"AO-1008"}, "email": {"nobody"}}),
		"signup-instock": get(http.MethodGet, "/signup?sku=AO-1001", nil), "signed": get(http.MethodPost, "/signup", wish),
		"confirm": get(http.MethodGet, confirm, nil), "confirmed": get(http.MethodPost, confirm, nil), "leave": get(http.MethodGet, leave, nil), "left": get(http.MethodPost, leave, nil),
		"gone": get(http.MethodGet, "/r/"+l.Vault.Link(bot.Key("shop", "AO-1008", 1, "0"), bot.ProductLink), nil),
	}
}
