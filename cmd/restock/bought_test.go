package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/flows/flowtest"
)

// TestBought: a purchase is put down to the message, in the report and in the CRM; a cancellation takes it back; reminders stop.
func TestBought(t *testing.T) {
	t.Parallel()
	for name, byList := range map[string]bool{"webhook": false, "list": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "", "")
			if byList {
				d.world.Tell("", "", "")
				d.edit("restock.yaml", "crm: crm, ", "crm: crm, orders: ims, ")
			}
			sku := d.restock()
			if _, err := d.run(); err != nil {
				t.Fatal(err)
			}
			who := d.world.Mail.Accepted()[0].To
			d.listen()
			d.clock = time.Minute // a person takes a moment
			d.w.a.now = func() time.Time { return time.Now().Add(d.clock) }
			res := d.follow(d.linkTo(who))
			o, err := d.world.Order(t.Context(), flowtest.ShopOrder{SKU: sku, Email: who, Quantity: 2, At: time.Now().Add(2 * time.Minute), Landing: res.Header.Get("Location")})
			d.must(err)
			_, err = d.world.Order(t.Context(), flowtest.ShopOrder{SKU: sku, Email: "stranger@example.com", Quantity: 1, At: time.Now().Add(2 * time.Minute)})
			d.must(err)
			d.stop()
			d.clock = time.Hour
			run, err := d.run()
			if err != nil || run.Noted != 2 || byList && run.Orders != 1 {
				t.Fatalf("%d noted, %d orders, %v", run.Noted, run.Orders, err)
			}
			note := d.of(who)[0].Note
			if !strings.Contains(note, "Followed the link") || !strings.Contains(note, "Bought on") || !strings.Contains(note, o.Number()) || !strings.Contains(note, "direct") {
				t.Errorf("%s", note)
			}
			if run, err := d.run(); err != nil || run.Noted+run.Written != 0 {
				t.Errorf("%d noted again, %v", run.Noted, err)
			}
			d.listen()
			d.must(d.world.Cancel(t.Context(), o.ID))
			d.stop()
			if run, err := d.run(); err != nil || run.Noted != 1 || !strings.Contains(d.of(who)[0].Note, "Gave back") {
				t.Errorf("%d noted, %v: %s", run.Noted, err, d.of(who)[0].Note)
			}
			for _, n := range d.shop.ledger() {
				if !n.Bought.IsZero() {
					t.Error("it still counts as bought")
				}
			}
		})
	}
}

// TestLeftInCRM: who leaves is written into the CRM, on each of their requests, and is not reported to ops any more.
func TestLeftInCRM(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "")
	d.restock()
	if _, err := d.run(); err != nil {
		t.Fatal(err)
	}
	who := d.world.Mail.Accepted()[0].To
	d.listen()
	code, _ := d.post("/u/"+d.w.ledger.Vault.Token(d.w.ledger.Person(who), bot.Email), url.Values{"List-Unsubscribe": {"One-Click"}})
	if code != http.StatusOK {
		t.Fatal(code)
	}
	d.stop()
	run, err := d.run()
	if err != nil || run.Noted != 1 || !strings.Contains(d.of(who)[0].Note, "Wants no more messages") {
		t.Fatalf("%d noted, %v, %+v", run.Noted, err, d.of(who))
	}
	w, err := d.open()
	d.must(err)
	defer w.close()
	list, err := w.ledger.Suppressions(t.Context())
	if err != nil || len(list) != 1 || list[0].Written.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
}
