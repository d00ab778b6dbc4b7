package admin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"restock/bot"
	"restock/bot/web/admin"
)

func vaulted(t *testing.T) *bed {
	b := newBed(t)
	v, err := bot.NewVault([]byte("a secret of this test, long enough"))
	if err != nil {
		t.Fatal(err)
	}
	b.l.Vault = v
	return b.up(t)
}

func TestFaultSearch(t *testing.T) {
	b := vaulted(t)
	x, y := note("aaaaaa", "A", 1), note("bbbbbb", "B", 1)
	if err := b.l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{x, y}); err != nil {
		t.Fatal(err)
	}
	body := b.ask("POST", "/ledger", "", url.Values{"csrf": {"local"}, "customer": {"+61491570006"}, "sku": {"A"}, "job": {"shop"}}).Body.String()
	if strings.Contains(body, "bbbbbb") {
		t.Errorf("customer and product A: product B is shown too")
	}
	body = b.ask("POST", "/ledger", "", url.Values{"csrf": {"local"}, "customer": {"+61491570006"}, "job": {"other"}}).Body.String()
	if strings.Contains(body, "aaaaaa") {
		t.Errorf("asked of job other: those of job shop are shown")
	}
	b.Phone = func(text string) string { return "+61" + strings.ReplaceAll(strings.TrimPrefix(text, "0"), " ", "") }
	for _, how := range []string{"0491 570 006", "0491570006"} {
		body = b.ask("POST", "/ledger", "", url.Values{"csrf": {"local"}, "customer": {how}}).Body.String()
		if !strings.Contains(body, "aaaaaa") {
			t.Errorf("%s, as the CRM writes it, finds nobody", how)
		}
	}
}

func TestFaultEpisodes(t *testing.T) {
	b := vaulted(t)
	var plan []bot.Notification
	for i := 1; i <= 60; i++ {
		n := note(fmt.Sprintf("k%05d", i), "A", i)
		n.Subscription.ID = fmt.Sprint(i)
		plan = append(plan, n)
	}
	level := bot.Level{StockLevel: bot.StockLevel{SKU: "A", Availability: bot.In}, ReadAt: b.now, Episode: 60, Open: true}
	if err := b.l.Commit(t.Context(), bot.Comparison{Levels: []bot.Level{level}, Opened: []bot.Restock{{Job: "shop", SKU: "A", Number: 60, Opened: b.now}}}, plan); err != nil {
		t.Fatal(err)
	}
	if err := b.l.SaveLevels(t.Context(), "shop", bot.Comparison{Levels: []bot.Level{level}}); err != nil {
		t.Fatal(err)
	}
	w := b.ask("GET", "/ledger?job=shop&sku=A", "application/json", nil).Body.String()
	found, partly := strings.Count(w, `"key":"k`), strings.Contains(w, `"partly":true`)
	if found < 60 && !partly {
		t.Errorf("60 messages were about A; %d are shown, and nothing says that there are more", found)
	}
}

// TestFaultReleased: what was released waits for nobody any more.
func TestFaultReleased(t *testing.T) {
	b := vaulted(t)
	run := bot.NewRun("shop", "cron", b.now)
	run.Outcome, run.Counts.Held = bot.HeldRun, 1
	if err := b.l.SaveRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	overview, page := b.ask("GET", "/", "", nil).Body.String(), b.ask("GET", "/runs/"+run.ID, "", nil).Body.String()
	if strings.Contains(overview, "holds something for a person") || strings.Contains(page, "Release what it held") {
		t.Error("nothing is held, and it is offered to be released")
	}
}

func TestFaultForeignGet(t *testing.T) {
	b := newBed(t)
	tried := 0
	b.Lab = countLab{&tried}
	b.up(t)
	r := httptest.NewRequest("GET", "http://localhost:8470/lab/crm", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Set("Sec-Fetch-Dest", "image")
	r.Header.Set("Referer", "https://evil.example/")
	b.h.ServeHTTP(httptest.NewRecorder(), r)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Press Try") {
		t.Errorf("a link from a mail does not lead to the lab: %d", w.Code)
	}
	if tried > 0 {
		t.Error("an image of a foreign page starts a browser here")
	}
}

type countLab struct{ n *int }

func (countLab) Sites() ([]string, error)              { return []string{"crm"}, nil }
func (countLab) File(string) (string, error)           { return "site: crm\n", nil }
func (countLab) Formers(string) ([]string, error)      { return nil, nil }
func (countLab) Former(string, string) (string, error) { return "", nil }
func (countLab) Fetch(context.Context, string) error   { return nil }
func (c countLab) Try(context.Context, string, string, bool) (admin.Trial, error) {
	*c.n++
	return admin.Trial{}, nil
}

func (countLab) TryLive(context.Context, string, string, bool) (admin.Trial, error) {
	return admin.Trial{}, nil
}

func (countLab) Pick(context.Context, string, string, admin.Place, bool) (admin.Picked, error) {
	return admin.Picked{}, nil
}
func (countLab) Save(string, string, string, bool) (string, error) { return "", nil }

// TestFaultBehindProxy: a page that nobody logs in to is not for those who come through a proxy, whatever name that asks under.
func TestFaultBehindProxy(t *testing.T) {
	b := newBed(t).up(t)
	for name, value := range map[string]string{"X-Forwarded-For": "203.0.113.9", "X-Real-Ip": "203.0.113.9", "Forwarded": "for=203.0.113.9", "Via": "1.1 proxy"} {
		r := httptest.NewRequest("GET", "http://127.0.0.1:8470/audit", nil)
		r.RemoteAddr = "127.0.0.1:4711"
		r.Header.Set(name, value)
		w := httptest.NewRecorder()
		b.h.ServeHTTP(w, r)
		if w.Code != http.StatusMisdirectedRequest {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}
