package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"restock/bot"
	"restock/flows/flowtest"
)

// TestSignUp: a wish is entered into the CRM once, whatever happens: the CRM is down, it is there already, somebody asks twice.
func TestSignUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "")
	sku := d.world.Products()[5].SKU
	d.listen()
	for range 2 {
		if code, page := d.post("/signup", wishFor(sku, "kim@example.com")); code != http.StatusOK || !strings.Contains(page, "Thank you") {
			t.Fatalf("%d %s", code, page)
		}
	}
	for what, form := range map[string]url.Values{
		"no consent": {"sku": {sku}, "email": {"x@example.com"}}, "no address": {"sku": {sku}, "consent": {"yes"}}, "bad address": wishFor(sku, "x@@example"),
		"no such product": wishFor("NO-1", "x@example.com"), "in stock": wishFor(d.world.Products()[0].SKU, "x@example.com"),
	} {
		if code, _ := d.post("/signup", form); code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", what, code)
		}
	}
	robot := wishFor(sku, "robot@example.com")
	robot.Set("website", "https://spam.example")
	d.post("/signup", robot)
	d.world.AddRequest(flowtest.Request{SKU: sku, Customer: "Pat", Email: "pat@example.com", Contact: "E-mail", Consent: true})
	d.post("/signup", wishFor(sku, "pat@example.com"))
	d.stop()

	d.world.Fault(func(w http.ResponseWriter, r *http.Request) bool { // the CRM is down
		if !strings.HasPrefix("http://"+r.Host, d.world.CRM.URL) {
			return false
		}
		http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
		return true
	})
	if _, err := d.run(); err == nil {
		t.Error("the run is done, while the CRM is down")
	}
	d.world.Fault(nil)
	run, err := d.run()
	if err != nil || run.SignUps != 2 {
		t.Fatalf("%d entered, %v", run.SignUps, err)
	}
	if run, err := d.run(); err != nil || run.SignUps != 0 {
		t.Errorf("%d entered again, %v", run.SignUps, err)
	}
	kim := d.of("kim@example.com")
	if len(kim) != 1 || kim[0].SKU != sku || kim[0].Contact != "E-mail" || !strings.Contains(kim[0].Note, "may tell me once") || kim[0].Customer != "Kim O'Neil <b>" {
		t.Errorf("%+v", kim)
	}
	if len(d.of("pat@example.com")) != 1 || len(d.of("robot@example.com")) != 0 || len(d.of("x@example.com")) != 0 {
		t.Errorf("pat %d, robot %d", len(d.of("pat@example.com")), len(d.of("robot@example.com")))
	}
	d.must(d.world.Restock(sku, 40))
	if run, err := d.run(); err != nil || run.Accepted[bot.Email] == 0 {
		t.Fatalf("%+v, %v", run.Accepted, err)
	}
	d.linkTo("kim@example.com")
	for _, wrong := range d.model() {
		t.Error(wrong)
	}
}

// TestSignUpCutOff: a run that dies right after it has entered a wish does not enter it again.
func TestSignUpCutOff(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "")
	sku := d.world.Products()[5].SKU
	d.listen()
	d.post("/signup", wishFor(sku, "kim@example.com"))
	d.stop()
	entered := false
	d.wrap = func(s bot.Store) bot.Store { // what is written after the request was made is lost
		return &failing{Store: s, fail: func(_ int, writes []bot.Write) error {
			if entered = entered || len(d.of("kim@example.com")) > 0; entered && writes[0].Table == bot.SignUps {
				return io.ErrUnexpectedEOF
			}
			return nil
		}}
	}
	if _, err := d.run(); err == nil {
		t.Error("the run is done, while nothing could be written down")
	}
	d.wrap = nil
	if run, err := d.run(); err != nil || run.SignUps != 1 || len(d.of("kim@example.com")) != 1 {
		t.Errorf("%d entered, %d requests, %v", run.SignUps, len(d.of("kim@example.com")), err)
	}
}
