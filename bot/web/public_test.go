package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log/slog"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

func public(t *testing.T) (*httptest.Server, *bot.Ledger) {
	t.Helper()
	ledger := bot.NewLedger(&statetest.Memory{}, time.Now)
	var err error
	if ledger.Vault, err = bot.NewVault([]byte("a secret of these tests")); err != nil {
		t.Fatal(err)
	}
	p := &Public{Ledger: ledger, Shop: "Austral <Outdoors>", Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	h, err := p.Handler()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s, ledger
}

func suppressed(t *testing.T, l *bot.Ledger, address string, c bot.Channel) bool {
	t.Helper()
	_, ok, err := l.Suppressed(t.Context(), l.Person(address), c)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// TestUnsubscribe: by POST in both encodings, for one channel or all, at once and never by GET or HEAD; no redirect, no cookie.
func TestUnsubscribe(t *testing.T) {
	s, l := public(t)
	link := func(address string, c bot.Channel) string {
		return s.URL + "/u/" + l.Vault.Token(l.Person(address), c)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for range 3 { // a scanner opens every link, by every harmless method
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			req, err := http.NewRequestWithContext(t.Context(), method, link("bob@example.com", bot.Email), nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := client.Do(req)
			if err != nil || res.StatusCode != 200 {
				t.Fatalf("%s: %v, %v", method, res, err)
			}
			_ = res.Body.Close()
		}
	}
	if suppressed(t, l, "bob@example.com", bot.Email) {
		t.Fatal("opening the link has unsubscribed")
	}
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	_ = m.WriteField("List-Unsubscribe", "One-Click")
	_ = m.Close()
	for address, body := range map[string]struct{ kind, text string }{
		"a@example.com": {"application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"},
		"b@example.com": {m.FormDataContentType(), form.String()},
		"c@example.com": {"", ""},
		"d@example.com": {"application/x-www-form-urlencoded", "from=all"},
	} {
		res, err := client.Post(link(address, bot.Email), body.kind, strings.NewReader(body.text))
		if err != nil || res.StatusCode != 200 || res.Header.Get("Location") != "" || len(res.Cookies()) > 0 {
			t.Fatalf("%s: %v, %v", address, res, err)
		}
		text, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if !suppressed(t, l, strings.ToUpper(address), bot.Email) || !strings.Contains(string(text), "Austral &lt;Outdoors&gt;") {
			t.Errorf("%s is not unsubscribed: %s", address, text)
		}
		if suppressed(t, l, address, bot.SMS) != (address[0] == 'd') {
			t.Errorf("%s: SMS %v", address, suppressed(t, l, address, bot.SMS))
		}
	}
}

// TestForgedTokens: none of a great many is taken, and none of the changed real ones.
func TestForgedTokens(t *testing.T) {
	s, l := public(t)
	real := l.Vault.Token(l.Person("bob@example.com"), bot.Email)
	random := rand.New(rand.NewPCG(1, 2))
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for range 1_000_000 {
		b := []byte(real)
		for range 1 + random.IntN(3) {
			b[random.IntN(len(b))] = alphabet[random.IntN(len(alphabet))]
		}
		if _, _, ok := l.Vault.ReadToken(string(b)); ok && string(b) != real {
			t.Fatalf("%s was taken for %s", b, real)
		}
	}
	for _, token := range []string{"", "x", real[:len(real)-1], real + "A", "s" + real[1:], strings.Repeat("A", 25), "../../etc"} {
		res, err := http.Post(s.URL+"/u/"+token, "application/x-www-form-urlencoded", nil)
		if err != nil || res.StatusCode != http.StatusNotFound {
			t.Errorf("%q: %v, %v", token, res, err)
		}
		_ = res.Body.Close()
	}
}

// TestPublicOnly: nothing else answers; every answer has the headers.
func TestPublicOnly(t *testing.T) {
	s, _ := public(t)
	for _, path := range []string{"/", "/u", "/u/", "/runs", "/ledger", "/metrics", "/healthz", "/debug/pprof/", "/hooks/none"} {
		res, err := http.Get(s.URL + path)
		if err != nil || res.StatusCode != http.StatusNotFound || !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %v, %v", path, res, err)
		}
		_ = res.Body.Close()
	}
	body := strings.NewReader("a=" + strings.Repeat("x", 10<<20))
	l := bot.NewLedger(&statetest.Memory{}, time.Now)
	l.Vault, _ = bot.NewVault([]byte("a secret of these tests"))
	res, err := http.Post(s.URL+"/u/"+l.Vault.Token(l.Person("x@example.com"), bot.Email), "application/x-www-form-urlencoded", body)
	if err == nil && res.StatusCode != http.StatusBadRequest {
		t.Errorf("10 MB: %d", res.StatusCode)
	}
	sum := sha256.Sum256([]byte(style))
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != styleHash {
		t.Errorf("styleHash must be %s", got)
	}
}
