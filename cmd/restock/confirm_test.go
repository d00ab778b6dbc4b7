package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"restock/bot"
)

// TestConfirm: with confirm, a wish counts once the link in a message was followed and its button pressed; who has left must confirm
// in any case.
func TestConfirm(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "confirm: true", "")
	sku := d.world.Products()[5].SKU
	d.listen()
	d.post("/signup", wishFor(sku, "kim@example.com"))
	d.must(d.w.ledger.Suppress(t.Context(), bot.Suppression{Who: d.w.ledger.Person("kim@example.com"), Channel: bot.Email, Reason: bot.LeftUs, Source: "link"}))
	link := ""
	for range 100 {
		if letters := d.world.Mail.Accepted(); len(letters) > 0 {
			link = regexp.MustCompile(regexp.QuoteMeta(d.address) + `/s/[\w.-]+`).FindString(strings.ReplaceAll(string(letters[0].Raw), "=\r\n", ""))
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if link == "" {
		t.Fatal("no confirmation has come")
	}
	d.stop()
	if run, err := d.run(); err != nil || run.SignUps != 0 || len(d.of("kim@example.com")) != 0 {
		t.Errorf("%d entered unconfirmed, %v", run.SignUps, err)
	}
	d.listen()
	if res := d.follow(link); res.StatusCode != http.StatusOK {
		t.Errorf("%d", res.StatusCode)
	}
	if s, _, err := d.w.ledger.FindSignUp(t.Context(), idOf(link)); err != nil || !s.Confirmed.IsZero() {
		t.Errorf("opening the link has confirmed it: %v", err)
	}
	if code, page := d.post(strings.TrimPrefix(link, d.address), nil); code != http.StatusOK || !strings.Contains(page, "Confirmed.") {
		t.Errorf("%d %s", code, page)
	}
	if code, _ := d.post(strings.TrimPrefix(link, d.address)+"A", nil); code != http.StatusNotFound {
		t.Errorf("a forged one: %d", code)
	}
	d.stop()
	if run, err := d.run(); err != nil || run.SignUps != 1 || len(d.of("kim@example.com")) != 1 {
		t.Errorf("%d entered, %v", run.SignUps, err)
	}
	if n := len(d.world.Mail.Accepted()); n != 1 {
		t.Errorf("%d confirmations", n)
	}
	d.must(d.world.Restock(sku, 60))
	if _, err := d.run(); err != nil {
		t.Error(err)
	}
	d.linkTo("kim@example.com")
}

func idOf(link string) string {
	token := link[strings.LastIndexByte(link, '/')+1:]
	id, _, _ := strings.Cut(token, ".")
	return id
}
