package email_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"

	"restock/bot"
	"restock/bot/notify/email"
)

// zone is a DNS of a few names.
type zone map[string]string

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	if text, ok := z[name]; ok {
		return strings.Split(text, "|"), nil
	}
	if _, broken := z["broken"]; broken {
		return nil, &net.DNSError{Err: "timeout", Name: name, IsTimeout: true}
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}
func (z zone) LookupHost(context.Context, string) ([]string, error) { return nil, nil }
func (z zone) LookupAddr(context.Context, string) ([]string, error) { return nil, nil }

// TestPreflight: what is missing or wrong is found, each with what to do; a DNS that does not answer says nothing.
func TestPreflight(t *testing.T) {
	private, record := signingKey(t, "rsa")
	_, other := signingKey(t, "rsa")
	good := zone{
		"shop.com.au": "google-site=1|v=spf1 include:relay.net -all", "s1._domainkey.shop.com.au": record, "_dmarc.shop.com.au": "v=DMARC1; p=quarantine",
	}
	w := world(t)
	host, port, _ := net.SplitHostPort(w.Mail.Addr())
	number, _ := strconv.Atoi(port)
	for name, c := range map[string]struct {
		change func(zone, *email.Options)
		bad    string // check
		stop   bool
	}{
		"all well":        {func(zone, *email.Options) {}, "", false},
		"no SPF":          {func(z zone, _ *email.Options) { z["shop.com.au"] = "x" }, "SPF", false},
		"two SPF":         {func(z zone, _ *email.Options) { z["shop.com.au"] = "v=spf1 -all|v=spf1 a -all" }, "SPF", false},
		"SPF for all":     {func(z zone, _ *email.Options) { z["shop.com.au"] = "v=spf1 +all" }, "SPF", false},
		"another key":     {func(z zone, _ *email.Options) { z["s1._domainkey.shop.com.au"] = other }, "DKIM", true},
		"no key":          {func(z zone, _ *email.Options) { delete(z, "s1._domainkey.shop.com.au") }, "DKIM", true},
		"not signed here": {func(z zone, o *email.Options) { o.DKIM = nil }, "", false},
		"no DMARC":        {func(z zone, _ *email.Options) { delete(z, "_dmarc.shop.com.au") }, "DMARC", false},
		"DMARC above": {func(z zone, _ *email.Options) {
			delete(z, "_dmarc.shop.com.au")
			z["_dmarc.com.au"] = "v=DMARC1; p=none"
		}, "", false},
		"foreign bounces": {func(z zone, o *email.Options) {
			o.DKIM, o.Bounce = nil, "b+{key}@relay.net"
			z["relay.net"] = "v=spf1 a -all"
		}, "DMARC", false},
		"DNS does not answer":  {func(z zone, _ *email.Options) { clear(z); z["broken"] = "" }, "", false},
		"nobody at the server": {func(_ zone, o *email.Options) { o.Port = 1 }, "mail server", false},
	} {
		z := zone{}
		for k, v := range good {
			z[k] = v
		}
		o := email.Options{Host: host, Port: number, TLS: "none", From: "news@shop.com.au", DKIM: &email.DKIM{Domain: "shop.com.au", Selector: "s1", Key: func() string { return private }}}
		c.change(z, &o)
		s, err := email.New(o, func(bot.Notification) (bot.Message, error) { return bot.Message{}, nil })
		if err != nil {
			t.Fatal(err)
		}
		var bad []string
		stop := false
		for _, check := range s.Preflight(t.Context(), z) {
			if !check.OK {
				bad = append(bad, check.Name)
				if check.Hint == "" || check.Found == "" {
					t.Errorf("%s: %+v does not say what to do", name, check)
				}
			}
			stop = stop || check.Stop
		}
		if strings.Join(bad, " ") != c.bad || stop != c.stop {
			t.Errorf("%s: bad %v, stop %v", name, bad, stop)
		}
	}
}
