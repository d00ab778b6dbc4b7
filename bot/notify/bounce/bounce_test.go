package bounce

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot"
)

const key = "abcdefghijklmnopqrstuvwxyz"

// report is a bounce as Postfix writes it; further fields go before the recipient's.
func report(action, status, diagnostic, perMessage, returned string) string {
	return strings.ReplaceAll(fmt.Sprintf(`Return-Path: <>
Date: Wed, 25 Nov 2026 10:00:00 +1100
From: MAILER-DAEMON@mail.shop.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: shop@shop.example
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="B1"

This is a MIME-encapsulated message.

--B1
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B1
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.shop.example
%s
Final-Recipient: rfc822; nobody@example.com
Original-Recipient: rfc822;nobody@example.com
Action: %s
Status: %s
Remote-MTA: dns; mx.example.com
Diagnostic-Code: %s

--B1
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

%s
--B1--
`, perMessage, action, status, diagnostic, returned), "\n", "\r\n")
}

func TestParse(t *testing.T) {
	header := "Message-ID: <r1." + key + "@shop.example>\nSubject: x\n"
	for name, c := range map[string]struct {
		raw  string
		want bot.ReceiptKind // "": no report about ours
	}{
		"no such user, by envelope ID":  {report("failed", "5.1.1", "smtp; 550 5.1.1 <nobody@example.com>: no such user", "Original-Envelope-Id: "+key+"\n", ""), bot.HardBounce},
		"by the Message-ID":             {report("failed", "5.1.1", "smtp; 550", "", header), bot.HardBounce},
		"by our header":                 {report("failed", "5.1.10", "smtp; 550", "", "X-Restock-Notification: "+key+"\n"), bot.HardBounce},
		"mailbox full":                  {report("failed", "5.2.2", "smtp; 552", "", header), bot.SoftBounce},
		"policy is not the recipient's": {report("failed", "5.7.1", "smtp; 550", "", header), bot.SoftBounce},
		"given up after days":           {report("failed", "4.4.1", "smtp; connect", "", header), bot.SoftBounce},
		"delayed":                       {report("delayed", "4.4.1", "smtp; connect", "", header), bot.Delayed},
		"delivered":                     {report("delivered", "2.0.0", "smtp; 250", "", header), bot.Delivered},
		"about somebody else's message": {report("failed", "5.1.1", "smtp; 550", "", "Message-ID: <a@b>\n"), ""},
		"an answer of a person":         {"From: bob@example.com\r\nSubject: Re: x\r\nContent-Type: text/plain\r\n\r\nThanks", ""},
		"an absence note":               {"From: bob@example.com\r\nAuto-Submitted: auto-replied\r\n\r\nAway", ""},
		"cut off":                       {report("failed", "5.1.1", "smtp; 550", "", header)[:420], ""},
		"nothing":                       {"", ""},
	} {
		r, err := Parse([]byte(c.raw), "")
		if c.want == "" {
			if !errors.Is(err, ErrOther) {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
			continue
		}
		if err != nil || r.Key != key || r.Kind != c.want || r.At.IsZero() {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	raw := strings.Replace(report("failed", "5.1.1", "smtp; 550", "", ""), "To: shop@shop.example", "To: <bounces+"+key+"@shop.example>", 1)
	if r, err := Parse([]byte(raw), "bounces+{key}@shop.example"); err != nil || r.Key != key {
		t.Errorf("by VERP: %+v, %v", r, err)
	}
}

// TestMailboxes: each report once; what is none is left alone; what cannot be taken is read again.
func TestMailboxes(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"new", "cur", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	bad := report("failed", "5.1.1", "smtp; 550", "Original-Envelope-Id: "+key+"\n", "")
	for name, text := range map[string]string{"1": bad, "2": "From: a@b.example\r\n\r\nhello"} {
		if err := os.WriteFile(filepath.Join(dir, "new", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	failing := errors.New("disk full")
	if _, _, err := Maildir(dir, "", time.Now(), func(bot.Receipt) error { return failing }); !errors.Is(err, failing) {
		t.Errorf("%v", err)
	}
	for range 2 {
		if _, _, err := Maildir(dir, "", time.Now(), func(r bot.Receipt) error { n++; return nil }); err != nil {
			t.Error(err)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "new")); n != 1 || len(left) != 0 {
		t.Errorf("taken %d times, %d left", n, len(left))
	}

	path := filepath.Join(dir, "mbox")
	mbox := "From MAILER-DAEMON Wed Nov 25 10:00:00 2026\n" + strings.ReplaceAll(bad, "\r\n", "\n") + "\nFrom bob Wed Nov 25 10:00:01 2026\nSubject: x\n\nhello\n>From here\n"
	if err := os.WriteFile(path, []byte(mbox), 0o600); err != nil {
		t.Fatal(err)
	}
	n = 0
	var at int64
	for range 2 {
		var err error
		if at, _, _, err = Mbox(path, "", at, time.Now(), func(r bot.Receipt) error { n++; return nil }); err != nil {
			t.Error(err)
		}
	}
	if n != 1 || at != int64(len(mbox)) {
		t.Errorf("mbox: taken %d times, at %d", n, at)
	}
}

// FuzzParse: no message is more than no report.
func FuzzParse(f *testing.F) {
	f.Add([]byte(report("failed", "5.1.1", "smtp; 550", "Original-Envelope-Id: "+key+"\n", "")))
	f.Add([]byte("From: a\r\n\r\nb"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := Parse(b, "b+{key}@x.example"); err == nil && len(r.Key) != 26 {
			t.Errorf("%+v", r)
		}
	})
}
