package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"restock/bot/web/admin"
)

// TestRefusedLogIn: a mail server that refuses user and password is asked once with them, and again when they have changed or after hours.
func TestRefusedLogIn(t *testing.T) {
	s := emptyShop(t, "")
	var asked atomic.Int32
	host, port := rawMail(t, func(command string) string {
		switch verb, _, _ := strings.Cut(strings.ToUpper(command), " "); verb {
		case "EHLO":
			return "250-mail.example\n250 AUTH LOGIN PLAIN"
		case "AUTH":
			asked.Add(1)
			return "535 5.7.8 authentication failed"
		}
		return polite(command)
	})
	secret := filepath.Join(s.dir, "secrets", "SMTP_PASSWORD")
	s.must(os.WriteFile(secret, []byte("yesterday's"), 0o600))
	_, old, _ := strings.Cut(s.world.Mail.Addr(), ":")
	s.edit("restock.yaml", "port: "+old, "port: "+port+`, auth: plain, user: shop, password: "${secret:SMTP_PASSWORD}"`)
	w, err := s.open()
	s.must(err)
	t.Cleanup(func() { _ = w.close() })
	now := time.Date(2026, 11, 26, 1, 0, 0, 0, time.UTC)
	w.a.now = func() time.Time { return now }
	var last refusal
	look := func(times int32) {
		t.Helper()
		var mail admin.Check
		for _, c := range w.needs(t.Context(), map[string]bool{roleSend: true}, &last) {
			if c.Name == "mail" {
				mail = c
			}
		}
		if mail.OK || !strings.Contains(mail.Text, "535") || !strings.Contains(mail.Next, "not tried again before") {
			t.Errorf("%+v", mail)
		}
		if got := asked.Load(); got != times {
			t.Errorf("asked %d times on %s, expected %d", got, host, times)
		}
	}
	look(1)
	now = now.Add(needsEvery)
	look(1)
	s.must(os.WriteFile(secret, []byte("today's"), 0o600))
	look(2)
	look(2)
	now = now.Add(refusedFor)
	look(3)
}
