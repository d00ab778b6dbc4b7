package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"restock/bot"
	"restock/state/freeport"
)

// webFaults are what comes from outside: each while customers wait, and none of it changes anything.
func webFaults() []fault {
	web := func(id, name string, arm func(d *desk), after func(d *desk)) fault {
		address, release, err := freeport.Hold()
		f := fault{id: id, name: name, survives: true}
		f.config = quick + `public: {listen: "` + address + `", url: "http://` + address + `", shopify: {secret: "${secret:SHOP_KEY}"}, signup: {}}` + "\n"
		open := func(s *shop) *desk { return &desk{shop: s, address: "http://" + address} }
		f.arm = func(s *shop) {
			s.must(err)
			d := open(s)
			d.listen()
			arm(d)
			d.stop()
		}
		f.after = func(s *shop, _ bot.Run) {
			d := open(s)
			defer release()
			d.listen()
			after(d)
			d.stop()
		}
		return f
	}
	nothing := func(d *desk) {
		for o, err := range d.w.ledger.AllOrders(d.t.Context()) {
			d.must(err)
			if o.Counts() {
				d.t.Errorf("an order counts: %+v", o)
			}
		}
		list, err := d.w.ledger.AllSignUps(d.t.Context())
		d.must(err)
		if len(list) > 0 {
			d.t.Errorf("%d sign-ups", len(list))
		}
	}
	return []fault{
		web("W1-forged", "webhooks that are not the shop's", forged, nothing),
		web("W1-replayed", "the same webhook again and again", replays, func(d *desk) {
			n := 0
			for _, err := range d.w.ledger.AllOrders(d.t.Context()) {
				d.must(err)
				n++
			}
			want(d.shop, "orders", n, 1)
		}),
		web("W2", "webhooks about what nobody knows, before anything was sent", func(d *desk) {
			d.status(d.hook("refunds/create", `{"id":5,"order_id":77,"created_at":"2026-11-25T10:00:00Z","refund_line_items":[{"line_item_id":1,"quantity":1,"subtotal":"5.00"}]}`, shopKey), http.StatusOK)
			d.status(d.hook("orders/cancelled", sampleOrder("88", "cancelled_at", `"2026-11-25T10:00:00Z"`), shopKey), http.StatusOK)
		}, nothing),
		web("W3", "floods, large bodies and slow clients", flood, func(d *desk) {}),
		web("W4", "forged links", forgedLinks, nothing),
		web("W5", "scanners open every link of every mail", func(*desk) {}, scanners),
	}
}

func sampleOrder(id, key, value string) string {
	return fmt.Sprintf(`{"id":%s,"name":"#%s","created_at":"2026-11-25T09:00:00Z","updated_at":"2026-11-25T09:00:00Z",%q:%s,"currency":"AUD","financial_status":"paid","email":"x@example.com",
"line_items":[{"id":1,"sku":"AO-1036","quantity":1,"price":"5.00"}]}`, id, id, key, value)
}

// hook sends a webhook, signed with a key.
func (d *desk) hook(topic, body, key string) int {
	d.t.Helper()
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.address+"/hooks/shopify", strings.NewReader(body))
	d.must(err)
	req.Header.Set("X-Shopify-Topic", topic)
	req.Header.Set("X-Shopify-Hmac-Sha256", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	res, err := http.DefaultClient.Do(req)
	if err != nil { // a body that is too large may be cut off before it was sent whole
		return http.StatusRequestEntityTooLarge
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func (d *desk) status(got, expected int) {
	d.t.Helper()
	if got != expected {
		d.t.Errorf("%d, expected %d", got, expected)
	}
}

func forged(d *desk) {
	body := sampleOrder("1", "test", "false")
	for _, key := range []string{"", "another", shopKey + " "} {
		d.status(d.hook("orders/create", body, key), http.StatusUnauthorized)
	}
	if res, err := http.Post(d.address+"/hooks/shopify", "application/json", strings.NewReader(body)); err == nil {
		d.status(res.StatusCode, http.StatusUnauthorized)
		_ = res.Body.Close()
	}
}

func replays(d *desk) {
	for range 20 {
		d.status(d.hook("orders/create", sampleOrder("1", "test", "false"), shopKey), http.StatusOK)
	}
}

// flood sends more than is taken. The listener goes on answering.
func flood(d *desk) {
	d.status(d.hook("orders/create", strings.Repeat(" ", 10<<20)+sampleOrder("1", "test", "false"), shopKey), http.StatusRequestEntityTooLarge)
	refused := 0
	for i := range 40 {
		if code, _ := d.post("/signup", wishFor("NO-1", fmt.Sprintf("x%d@example.com", i))); code == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused < 30 {
		d.t.Errorf("%d of 40 sign-ups a second were refused", refused)
	}
	res, err := http.Post(d.address+"/signup", "application/x-www-form-urlencoded", bytes.NewReader(bytes.Repeat([]byte("a"), 1<<20)))
	if err == nil {
		if res.StatusCode < 400 {
			d.t.Errorf("a form of a megabyte: %d", res.StatusCode)
		}
		_ = res.Body.Close()
	}
	slow, err := net.Dial("tcp", strings.TrimPrefix(d.address, "http://"))
	d.must(err)
	defer slow.Close()
	_, err = io.WriteString(slow, "POST /signup HTTP/1.1\r\nHost: x\r\nContent-")
	d.must(err)
	d.must(slow.SetReadDeadline(time.Now().Add(20 * time.Second)))
	if _, err := io.ReadAll(slow); err != nil {
		d.t.Errorf("a client that never ends its headers is not cut off: %v", err)
	}
}

func forgedLinks(d *desk) {
	key := bot.Key("restock", "AO-1036", 1, "502")
	for _, token := range []string{
		"p", "", d.w.ledger.Vault.Link(key, bot.ProductLink)[:20], "q" + d.w.ledger.Vault.Link(key, bot.ProductLink)[1:], d.w.ledger.Vault.Link(key, bot.ProductLink), // nothing was sent yet
		"../u/x", strings.Repeat("A", 4000),
	} {
		d.status(d.follow(d.address+"/r/"+url.PathEscape(token)).StatusCode, http.StatusNotFound)
	}
	d.status(d.follow(d.address+"/s/x.y").StatusCode, http.StatusNotFound)
	d.status(d.follow(d.address+"/u/x").StatusCode, http.StatusNotFound)
}

// scanners open all links of all mails at once, as mail gateways do: no person has clicked, nobody has left.
func scanners(d *desk) {
	link := regexp.MustCompile(regexp.QuoteMeta(d.address) + `/[ru]/[\w-]+`)
	n := 0
	for _, letter := range d.world.Mail.Accepted() {
		for _, found := range link.FindAllString(strings.ReplaceAll(string(letter.Raw), "=\r\n", ""), -1) {
			res := d.follow(found) // with the name of a real browser
			_ = res.Body.Close()
			n++
		}
	}
	if n < 6 {
		d.t.Errorf("%d links", n)
	}
	time.Sleep(3 * bot.FlushEvery)
	for c, err := range d.w.ledger.Clicked(d.t.Context()) {
		d.must(err)
		if len(c.Human()) > 0 || c.All() == 0 {
			d.t.Errorf("%+v", c)
		}
	}
	list, err := d.w.ledger.Suppressions(d.t.Context())
	d.must(err)
	if len(list) > 0 {
		d.t.Errorf("%d have left", len(list))
	}
}
