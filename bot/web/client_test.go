package web

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"restock/bot"
)

// TestClient: a proxy is believed where it stands on this machine or in the configuration; what visitors say of themselves never is.
func TestClient(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.3.0/24"), netip.MustParsePrefix("2001:db8:7::/48")}
	for _, c := range []struct {
		name, from string
		named      []string
		want       string
		warned     bool
	}{
		{name: "nobody between", from: "203.0.113.9:4411", want: "203.0.113.9"},
		{name: "a visitor names himself", from: "203.0.113.9:4411", named: []string{"198.51.100.1"}, want: "203.0.113.9"},
		{name: "a proxy here", from: "127.0.0.1:4411", named: []string{"198.51.100.1"}, want: "198.51.100.1"},
		{name: "a proxy here, and a visitor who names another", from: "[::1]:4411", named: []string{"192.0.2.1, 198.51.100.1"}, want: "198.51.100.1"},
		{name: "a proxy here that names nobody", from: "127.0.0.1:4411", want: "127.0.0.1"},
		{name: "no address", from: "127.0.0.1:4411", named: []string{"unknown"}, want: "127.0.0.1"},
		{name: "a proxy that is believed", from: "10.0.3.7:4411", named: []string{"192.0.2.1, 198.51.100.1"}, want: "198.51.100.1"},
		{name: "two of them, in two fields", from: "127.0.0.1:4411", named: []string{"192.0.2.1", "198.51.100.1, 10.0.3.7"}, want: "198.51.100.1"},
		{name: "IPv6", from: "[2001:db8:7::1]:4411", named: []string{"2001:db8:9::5"}, want: "2001:db8:9::5"},
		{name: "one written as IPv6", from: "[::ffff:10.0.3.7]:4411", named: []string{"::ffff:198.51.100.1"}, want: "198.51.100.1"},
		{name: "a port beside it", from: "127.0.0.1:4411", named: []string{"198.51.100.1:50123"}, want: "198.51.100.1"},
		{name: "IPv6 with a port", from: "127.0.0.1:4411", named: []string{"[2001:db8:9::5]:50123"}, want: "2001:db8:9::5"},
		{name: "IPv6 in brackets", from: "127.0.0.1:4411", named: []string{"[2001:db8:9::5]"}, want: "2001:db8:9::5"},
		{name: "a proxy that nobody has named", from: "10.9.0.1:4411", named: []string{"198.51.100.1"}, want: "10.9.0.1", warned: true},
		{name: "a customer at home", from: "10.9.0.1:4411", want: "10.9.0.1"},
	} {
		var log strings.Builder
		p := &Public{Proxies: proxies, Log: slog.New(slog.NewTextHandler(&log, nil))}
		var got netip.Addr
		h := p.behind(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = client(r) }))
		for range 2 {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = c.from
			for _, named := range c.named {
				r.Header.Add("X-Forwarded-For", named)
			}
			h.ServeHTTP(httptest.NewRecorder(), r)
			if got.String() != c.want {
				t.Errorf("%s: %s, expected %s", c.name, got, c.want)
			}
			if r.RemoteAddr != c.from {
				t.Errorf("%s: the request of the server was changed", c.name)
			}
		}
		if warned := strings.Count(log.String(), "public.proxies"); warned > 1 || (warned == 1) != c.warned {
			t.Errorf("%s: %q", c.name, log.String())
		}
	}
}

// TestSignUpsOfADay: who has used up the day is told so, and others go on.
func TestSignUpsOfADay(t *testing.T) {
	now := time.Date(2026, 11, 26, 1, 0, 0, 0, time.UTC)
	p := &Public{Log: slog.New(slog.DiscardHandler), SignUps: &SignUps{Channels: []bot.Channel{bot.Email}, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}}
	h, err := p.Handler()
	if err != nil {
		t.Fatal(err)
	}
	send := func(from string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/signup", strings.NewReader("{"))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for range signUpsDay {
		if w := send("203.0.113.9:1"); w.Code != http.StatusBadRequest {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		now = now.Add(time.Minute)
	}
	if w := send("203.0.113.77:1"); w.Code != http.StatusTooManyRequests || !strings.Contains(w.Body.String(), "tomorrow") || w.Header().Get("Retry-After") == "60" {
		t.Errorf("%d %s %s, expected to be told of tomorrow", w.Code, w.Body, w.Header())
	}
	if w := send("198.51.100.1:1"); w.Code != http.StatusBadRequest {
		t.Errorf("another network: %d %s", w.Code, w.Body)
	}
	now = now.Add(24 * time.Hour)
	if w := send("203.0.113.9:1"); w.Code != http.StatusBadRequest {
		t.Errorf("the next day: %d %s", w.Code, w.Body)
	}
}
