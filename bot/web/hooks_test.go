package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the vendor's signature
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

func sentLedger(t *testing.T, state bot.State, c bot.Channel, address string) (*bot.Ledger, string) {
	t.Helper()
	l := bot.NewLedger(&statetest.Memory{}, time.Now)
	var err error
	if l.Vault, err = bot.NewVault([]byte("a secret of these tests")); err != nil {
		t.Fatal(err)
	}
	n := bot.Notification{
		Key: bot.Key("shop", "A", 1, "1"), Job: "shop", State: state, Channel: c, Address: address, Restock: bot.Restock{SKU: "A", Number: 1},
		Subscription: bot.Subscription{ID: "1"}, Changes: []bot.Change{{At: time.Now(), To: state}},
	}
	if err := l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n}); err != nil {
		t.Fatal(err)
	}
	return l, n.Key
}

func stateOf(t *testing.T, l *bot.Ledger, key string) bot.State {
	t.Helper()
	n, ok, err := l.Find(t.Context(), key)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return n.State
}

// TestTwilio: reports that are signed over the address and every field move the ledger; others, and changed ones, do not.
func TestTwilio(t *testing.T) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	const hook = "https://t.shop.example/hooks/twilio"
	post := func(l *bot.Ledger, query string, form url.Values, token, address string) int {
		names := make([]string, 0, len(form))
		for name := range form {
			names = append(names, name)
		}
		sort.Strings(names)
		text := address + query
		for _, name := range names {
			text += name + form.Get(name)
		}
		mac := hmac.New(sha1.New, []byte(token))
		mac.Write([]byte(text))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/hooks/twilio"+query, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		w := httptest.NewRecorder()
		Twilio{Ledger: l, Token: func() string { return "right" }, URL: hook, Log: quiet}.ServeHTTP(w, r)
		return w.Code
	}
	report := func(status, code string) url.Values {
		return url.Values{"MessageSid": {"SM1"}, "MessageStatus": {status}, "ErrorCode": {code}, "New": {"field"}}
	}
	for name, c := range map[string]struct {
		from, to       bot.State
		form           url.Values
		token, address string
		code           int
		stopped        bool
	}{
		"delivered settles an ambiguous one": {bot.Ambiguous, bot.Accepted, report("delivered", ""), "right", hook, 204, false},
		"unknown number":                     {bot.Accepted, bot.Bounced, report("undelivered", "30005"), "right", hook, 204, true},
		"switched off":                       {bot.Accepted, bot.Bounced, report("undelivered", "30003"), "right", hook, 204, false},
		"with the port in the address":       {bot.Ambiguous, bot.Accepted, report("sent", ""), "right", "https://t.shop.example:443/hooks/twilio", 204, false},
		"wrong key":                          {bot.Ambiguous, bot.Ambiguous, report("delivered", ""), "wrong", hook, 403, false},
		"another address":                    {bot.Ambiguous, bot.Ambiguous, report("delivered", ""), "right", "https://evil.example/hooks/twilio", 403, false},
		"queued says nothing":                {bot.Ambiguous, bot.Ambiguous, report("queued", ""), "right", hook, 204, false},
	} {
		l, key := sentLedger(t, c.from, bot.SMS, "+61491570006")
		for range 2 { // reports come twice
			if code := post(l, "?n="+key, c.form, c.token, c.address); code != c.code {
				t.Errorf("%s: %d", name, code)
			}
		}
		if got := stateOf(t, l, key); got != c.to || suppressed(t, l, "+61491570006", bot.SMS) != c.stopped {
			t.Errorf("%s: %s, stopped %v", name, got, suppressed(t, l, "+61491570006", bot.SMS))
		}
	}
	l, _ := sentLedger(t, bot.Accepted, bot.SMS, "+61491570006")
	if code := post(l, "", url.Values{"From": {"+61491570006"}, "Body": {" stop "}}, "right", hook); code != 204 || !suppressed(t, l, "+61491570006", bot.SMS) || suppressed(t, l, "+61491570006", bot.Email) {
		t.Errorf("STOP: %d", code)
	}
}

// TestSendGrid: signed events; forged, changed and old ones change nothing.
func TestSendGrid(t *testing.T) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	post := func(l *bot.Ledger, body, sent string, at time.Time) int {
		stamp := fmt.Sprint(at.Unix())
		sum := sha256.Sum256([]byte(stamp + body))
		signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/hooks/sendgrid", strings.NewReader(sent))
		r.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", stamp)
		r.Header.Set("X-Twilio-Email-Event-Webhook-Signature", base64.StdEncoding.EncodeToString(signature))
		w := httptest.NewRecorder()
		SendGrid{Ledger: l, Key: base64.StdEncoding.EncodeToString(der), Now: func() time.Time { return now }, Log: quiet}.ServeHTTP(w, r)
		return w.Code
	}
	for name, c := range map[string]struct {
		event   string
		to      bot.State
		stopped bool
	}{
		`delivered`:   {`"event":"delivered"`, bot.Accepted, false},
		`dead`:        {`"event":"bounce","type":"bounce","status":"5.1.1","reason":"550 no such user"`, bot.Bounced, true},
		`full`:        {`"event":"bounce","type":"bounce","status":"5.2.2","reason":"full"`, bot.Bounced, false},
		`blocked`:     {`"event":"bounce","type":"blocked","status":"5.7.1","reason":"spam"`, bot.Bounced, false},
		`spam report`: {`"event":"spamreport"`, bot.Accepted, true},
		`unsubscribe`: {`"event":"unsubscribe"`, bot.Accepted, true},
		`open`:        {`"event":"open"`, bot.Accepted, false},
	} {
		l, n := sentLedger(t, bot.Accepted, bot.Email, "bob@example.com")
		body := `[{"smtp-id":"<other@x>","event":"bounce"},{"smtp-id":"<r1.` + n + `@shop.example>","timestamp":1700000000,` + c.event + `}]`
		if code := post(l, body, body, now); code != 204 || stateOf(t, l, n) != c.to || suppressed(t, l, "bob@example.com", bot.Email) != c.stopped {
			t.Errorf("%s: %d, %s", name, code, stateOf(t, l, n))
		}
	}
	l, n := sentLedger(t, bot.Accepted, bot.Email, "bob@example.com")
	body := `[{"smtp-id":"<r1.` + n + `@shop.example>","event":"spamreport"}]`
	for name, code := range map[string]int{
		"changed": post(l, body, body+" ", now), "old": post(l, body, body, now.Add(-time.Hour)), "of tomorrow": post(l, body, body, now.Add(24*time.Hour)),
	} {
		if code != 403 || suppressed(t, l, "bob@example.com", bot.Email) {
			t.Errorf("%s: %d", name, code)
		}
	}
}
