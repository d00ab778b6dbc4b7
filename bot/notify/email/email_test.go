package email_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/notify"
	"restock/bot/notify/email"
	"restock/bot/notify/notifytest"
	"restock/flows/flowtest"
	"restock/state/freeport"
)

func notification(i int) bot.Notification {
	address := fmt.Sprintf("c%d@example.com", i)
	return bot.Notification{
		Key: bot.Key("shop", "TEE-M", 1, strconv.Itoa(i)), Channel: bot.Email, Address: address,
		Restock:      bot.Restock{SKU: "TEE-M", Name: "T-shirt <Uluru> & co"},
		Subscription: bot.Subscription{Customer: "Zoë O'Brien\r\nBcc: x@evil.example", Email: address},
	}
}

func renderer(t testing.TB) bot.Renderer {
	t.Helper()
	r, err := notify.Renderer(notify.Shop{Name: "Austral Outdoors", Product: "https://shop.example/products/{sku}", Contact: "1 Example St", Unsubscribe: "mailto:leave@shop.example"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sender(t testing.TB, address string) *email.Sender {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	s, err := email.New(email.Options{Host: host, Port: n, TLS: "none", From: "shop@shop.example", Name: "Austral Outdoors", Unsubscribe: "mailto:leave@shop.example"}, renderer(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func world(t testing.TB) *flowtest.World {
	t.Helper()
	w, err := flowtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// TestOutcomes: each fault of a real SMTP dialogue, and what it means. A message leaves never before the server has agreed to
// everything else.
func TestOutcomes(t *testing.T) {
	refuse := func(stage string, code int, enhanced [3]int) func(string, string) error {
		return func(at, _ string) error {
			if at == stage {
				return flowtest.Refuse(code, enhanced, "no, c0@example.com")
			}
			return nil
		}
	}
	drop := func(stage string, how error) func(string, string) error {
		return func(at, _ string) error {
			if at == stage {
				return how
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		verdict  func(stage, address string) error
		state    bot.State
		reason   bot.Reason
		stop     bool
		left     bool // the point of no return was reached
		accepted int  // messages that the server has
	}{
		"accepted":                         {nil, bot.Accepted, "", false, true, 1},
		"MAIL 421":                         {refuse("MAIL", 421, [3]int{4, 3, 2}), bot.Retry, bot.Unreachable, true, false, 0},
		"MAIL 451":                         {refuse("MAIL", 451, [3]int{4, 3, 0}), bot.Retry, bot.Unreachable, false, false, 0},
		"MAIL 550":                         {refuse("MAIL", 550, [3]int{5, 1, 8}), bot.Retry, bot.SenderFault, true, false, 0},
		"RCPT 450 greylisting":             {refuse("RCPT", 450, [3]int{4, 2, 0}), bot.Retry, bot.Unreachable, false, false, 0},
		"RCPT 452":                         {refuse("RCPT", 452, [3]int{4, 2, 2}), bot.Retry, bot.Unreachable, false, false, 0},
		"RCPT 550 unknown":                 {refuse("RCPT", 550, [3]int{5, 1, 1}), bot.Failed, bot.DeadAddress, false, false, 0},
		"RCPT 552 is temporary":            {refuse("RCPT", 552, [3]int{5, 2, 2}), bot.Retry, bot.Unreachable, false, false, 0},
		"RCPT 553":                         {refuse("RCPT", 553, [3]int{5, 1, 3}), bot.Failed, bot.DeadAddress, false, false, 0},
		"RCPT 550 5.7 policy":              {refuse("RCPT", 550, [3]int{5, 7, 26}), bot.Retry, bot.SenderFault, true, false, 0},
		"RCPT line dropped":                {drop("RCPT", flowtest.ErrDrop), bot.Retry, bot.Unreachable, false, false, 0},
		"dot 451":                          {refuse("DOT", 451, [3]int{4, 3, 0}), bot.Retry, bot.Unreachable, false, true, 0},
		"dot 554":                          {refuse("DOT", 554, [3]int{5, 6, 0}), bot.Failed, bot.Refused, false, true, 0},
		"dot 550 5.7 policy":               {refuse("DOT", 550, [3]int{5, 7, 1}), bot.Retry, bot.SenderFault, true, true, 0},
		"dropped after the dot, not taken": {drop("DOT", flowtest.ErrDrop), bot.Ambiguous, bot.NoReply, false, true, 0},
		"dropped after the dot, taken":     {drop("DOT", flowtest.ErrDropAccepted), bot.Ambiguous, bot.NoReply, false, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := world(t)
			w.Mail.Verdict(c.verdict)
			s := sender(t, w.Mail.Addr())
			d, desk := notifytest.One(t.Context(), s, notification(0), func() error { return nil })
			left := len(desk.Left) > 0
			if d.State != c.state || d.Reason != c.reason || d.Stop != c.stop || left != c.left || len(w.Mail.Accepted()) != c.accepted {
				t.Errorf("%+v, left %v, accepted %d", d, left, len(w.Mail.Accepted()))
			}
			if strings.Contains(d.Detail, "c0@example.com") {
				t.Errorf("the detail has an address in it: %s", d.Detail)
			}
			// A fault of one message must not touch the next one.
			w.Mail.Verdict(nil)
			if d := notifytest.Send(t.Context(), t, s, notification(1), func() error { return nil }); d.State != bot.Accepted {
				t.Errorf("the next message: %+v", d)
			}
		})
	}
}

// TestNotRecorded: what cannot be recorded is not sent.
func TestNotRecorded(t *testing.T) {
	w := world(t)
	s := sender(t, w.Mail.Addr())
	d := notifytest.Send(t.Context(), t, s, notification(0), func() error { return errors.New("disk full") })
	if d.State != bot.Queued || !d.Stop {
		t.Errorf("%+v", d)
	}
	if d := notifytest.Send(t.Context(), t, s, notification(1), func() error { return nil }); d.State != bot.Accepted || len(w.Mail.Accepted()) != 1 {
		t.Errorf("%+v, accepted %d: the message without a record went out", d, len(w.Mail.Accepted()))
	}
}

// TestNobodyThere: a server that refuses, hangs or speaks something else is tried again later.
func TestNobodyThere(t *testing.T) {
	d := notifytest.Send(t.Context(), t, sender(t, freeport.Address(t)), notification(0), func() error {
		t.Error("pending without a server")
		return nil
	})
	if d.State != bot.Retry || d.Reason != bot.Unreachable || !d.Stop {
		t.Errorf("nobody: %+v", d)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	started := time.Now()
	if d := notifytest.Send(ctx, t, sender(t, silent.Addr().String()), notification(0), func() error { return nil }); d.State != bot.Queued || time.Since(started) > 5*time.Second { // the run was stopped: nothing was tried
		t.Errorf("a silent server: %+v after %s", d, time.Since(started))
	}
}

// TestMessage: the headers that mailbox providers and the law want, text and HTML, hostile texts made harmless.
func TestMessage(t *testing.T) {
	w := world(t)
	s := sender(t, w.Mail.Addr())
	n := notification(0)
	for range 2 { // each attempt has the same Message-ID
		if d := notifytest.Send(t.Context(), t, s, n, func() error { return nil }); d.State != bot.Accepted || d.Detail == "" {
			t.Fatalf("%+v", d)
		}
	}
	letters := w.Mail.Accepted()
	l := letters[0]
	if l.MessageID != letters[1].MessageID || l.MessageID != "<"+email.MessageID(n.Key, "shop@shop.example")+">" {
		t.Errorf("Message-ID %s, then %s", l.MessageID, letters[1].MessageID)
	}
	for name, want := range map[string]string{
		"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "List-Unsubscribe": "<mailto:leave@shop.example>",
		"From": `"Austral Outdoors" <shop@shop.example>`, "To": "<c0@example.com>", "Bcc": "", "Mime-Version": "1.0",
	} {
		if got := l.Header.Get(name); got != want {
			t.Errorf("%s: %q, expected %q", name, got, want)
		}
	}
	if agent := l.Header.Get("User-Agent") + l.Header.Get("X-Mailer"); agent != "" {
		t.Errorf("it names its program: %s", agent)
	}
	body := string(l.Raw)
	for _, want := range []string{"multipart/alternative", "text/plain", "text/html", "https://shop.example/products/TEE-M", "&lt;Uluru&gt; &amp; co"} {
		if !strings.Contains(strings.ReplaceAll(body, "=\r\n", ""), want) {
			t.Errorf("the message has no %s", want)
		}
	}
	if strings.Contains(body, "\r\nBcc:") {
		t.Error("a customer's name became a header")
	}
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]email.Options{
		"no encryption to elsewhere": {Host: "mail.example.com", Port: 25, TLS: "none", From: "a@example.com"},
		"unknown tls":                {Host: "mail.example.com", Port: 25, TLS: "maybe", From: "a@example.com"},
		"bad sender":                 {Host: "localhost", Port: 25, TLS: "none", From: "shop"},
	} {
		if _, err := email.New(o, renderer(t)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	// A server without STARTTLS is refused where encryption is wanted.
	w := world(t)
	host, port, _ := net.SplitHostPort(w.Mail.Addr())
	n, _ := strconv.Atoi(port)
	s, err := email.New(email.Options{Host: host, Port: n, TLS: "starttls", From: "a@example.com"}, renderer(t))
	if err != nil {
		t.Fatal(err)
	}
	if d := notifytest.Send(t.Context(), t, s, notification(0), func() error { return nil }); d.State != bot.Retry || !d.Stop || len(w.Mail.Accepted()) != 0 {
		t.Errorf("a server without STARTTLS: %+v", d)
	}
}
