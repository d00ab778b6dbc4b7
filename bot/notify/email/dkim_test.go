package email_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"restock/bot"
	"restock/bot/notify"
	"restock/bot/notify/email"
	"restock/bot/notify/notifytest"
)

// signingKey makes a private key in PEM and the record that belongs to it.
func signingKey(t testing.TB, kind string) (private, record string) {
	t.Helper()
	var key, public any
	if kind == "ed25519" {
		p, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key, record = k, "v=DKIM1; k=ed25519; p="+base64.StdEncoding.EncodeToString(p)
	} else {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		key, public = k, &k.PublicKey
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		record = "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), record
}

// verified checks the signature of a message and returns the headers that it covers.
func verified(t testing.TB, raw []byte, record string) []string {
	t.Helper()
	list, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		if name == "s1._domainkey.shop.example" {
			return []string{record}, nil
		}
		return nil, errors.New("no such record: " + name)
	}})
	if err != nil || len(list) != 1 || list[0].Err != nil {
		t.Fatalf("%v, %+v\n%s", err, list[0], raw)
	}
	return list[0].HeaderKeys
}

// signer is a sender that signs, with one-click unsubscribing.
func signer(t testing.TB, address, private string) *email.Sender {
	t.Helper()
	render, err := notify.Renderer(notify.Shop{
		Name: "Austral Outdoors", Product: "https://shop.example/products/{sku}", Unsubscribe: "mailto:leave@shop.example",
		Leave: func(n bot.Notification) string { return "https://t.shop.example/u/" + n.Key },
	})
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	s, err := email.New(email.Options{
		Host: host, Port: number, TLS: "none", From: "shop@shop.example", Name: "Austral Outdoors", Bounce: "bounces+{key}@shop.example",
		DKIM: &email.DKIM{Domain: "shop.example", Selector: "s1", Key: func() string { return private }},
	}, render)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestDKIM: the signature of a message as the server got it is right, with RSA and with Ed25519, and covers both headers about
// unsubscribing (RFC 8058 section 4).
func TestDKIM(t *testing.T) {
	for _, kind := range []string{"rsa", "ed25519"} {
		private, record := signingKey(t, kind)
		w := world(t)
		s := signer(t, w.Mail.Addr(), private)
		n := notification(0)
		if d := notifytest.Send(t.Context(), t, s, n, func() error { return nil }); d.State != bot.Accepted {
			t.Fatalf("%s: %+v", kind, d)
		}
		letter := w.Mail.Accepted()[0]
		covered := strings.ToLower(strings.Join(verified(t, letter.Raw, record), ","))
		for _, header := range []string{"from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post"} {
			if !strings.Contains(","+covered+",", ","+header+",") {
				t.Errorf("%s: the signature does not cover %s: %s", kind, header, covered)
			}
		}
		if got := letter.Header.Get("List-Unsubscribe"); got != "<https://t.shop.example/u/"+n.Key+">, <mailto:leave@shop.example>" || letter.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
			t.Errorf("%s, %s", got, letter.Header.Get("List-Unsubscribe-Post"))
		}
		if letter.From != "bounces+"+n.Key+"@shop.example" {
			t.Errorf("the envelope's sender is %s", letter.From)
		}
	}
	if _, err := email.New(email.Options{Host: "localhost", Port: 25, TLS: "none", From: "a@shop.example", DKIM: &email.DKIM{Domain: "shop.example", Selector: "s1", Key: func() string { return "no key" }}}, nil); err == nil {
		t.Error("a key that is none was accepted")
	}
}
