package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
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

// sampleMonth fills a ledger with a month of a shop.
func sampleMonth(t *testing.T, l *bot.Ledger, now time.Time) {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 7))
	names := []string{"Compact stove", "Folding dry bag", "Insulated hammock", "Ultralight cooler", "Waterproof jacket", "Merino trail shoe, very wide"}
	var c bot.Comparison
	var plan []bot.Notification
	clicks := map[string]*bot.Clicks{}
	for i, name := range names {
		sku := fmt.Sprintf("AO-%d", 1001+7*i)
		quantity := bot.Units(int64(10 + i*4))
		opened := now.AddDate(0, 0, -26+4*i)
		restock := bot.Restock{Job: "shop", SKU: sku, Number: 1, Name: name, Quantity: &quantity, Opened: opened, OpenedBy: "r"}
		c.Opened = append(c.Opened, restock)
		level := bot.Level{StockLevel: bot.StockLevel{SKU: sku, Name: name, Availability: bot.In, Quantity: &quantity}, Episode: 1, Open: true, ReadAt: now}
		if i%2 == 1 {
			none := bot.Units(0)
			level.Availability, level.Quantity, level.OutSince = bot.Out, &none, now.AddDate(0, 0, -3)
		}
		c.Levels = append(c.Levels, level)
		for j := range 20 + rng.IntN(25) {
			id, told := fmt.Sprint(j), opened.Add(time.Duration(20+rng.IntN(60*(1+j)))*time.Second)
			n := bot.Notification{
				Key: bot.Key("shop", sku, 1, id), Job: "shop", Restock: restock, Channel: bot.Email, Address: fmt.Sprintf("p%d-%d@example.com", i, j), State: bot.Accepted,
				Subscription: bot.Subscription{ID: id, SKU: sku}, Changes: []bot.Change{{At: opened, To: bot.Queued}, {At: told, To: bot.Accepted}},
			}
			if j%4 == 3 {
				n.Channel, n.Address = bot.SMS, fmt.Sprintf("+6149157%04d", i*100+j)
			}
			if j%9 == 8 {
				n.State, n.Reason, n.Changes[1].To = bot.Expired, bot.SoldOut, bot.Expired
			}
			plan = append(plan, n)
			if n.State != bot.Accepted || rng.IntN(3) == 0 {
				continue
			}
			hits := []bot.Hit{{At: told.Add(2 * time.Second), Agent: "Mimecast"}, {At: told.Add(time.Duration(5+rng.IntN(600)) * time.Minute), Agent: personAgent}}
			clicks[n.Key] = &bot.Clicks{Key: n.Key, Told: told, Hits: hits[rng.IntN(2):]}
			if rng.IntN(3) > 0 {
				continue
			}
			order(t, l, bot.Order{
				ID: fmt.Sprint(i*100 + j), At: told.Add(12 * time.Hour), People: []string{l.Person(n.Address)},
				Lines: []bot.OrderLine{{ID: "1", SKU: sku, Product: "P", Quantity: 1, Minor: int64(4990 + 1000*i)}},
			})
		}
	}
	if err := l.Commit(t.Context(), c, plan); err != nil {
		t.Fatal(err)
	}
	if err := l.SaveLevels(t.Context(), "shop", c); err != nil {
		t.Fatal(err)
	}
	if err := l.Update(t.Context(), "shop", func(s *bot.JobState) { s.Wanted = map[string]int{"AO-1008": 31, "AO-1022": 12, "AO-1036": 4} }); err != nil {
		t.Fatal(err)
	}
	if _, err := l.AddClicks(t.Context(), clicks); err != nil {
		t.Fatal(err)
	}
}

func order(t *testing.T, l *bot.Ledger, o bot.Order) {
	t.Helper()
	o.Shop, o.Updated, o.State, o.Currency = "shopify", o.At, bot.OrderPaid, "AUD"
	if _, err := l.TakeOrder(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}
