package sms_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/notify"
	"restock/bot/notify/notifytest"
	"restock/bot/notify/sms"
	"restock/flows/flowtest"
	"restock/state/freeport"
)

func notification() bot.Notification {
	return bot.Notification{
		Key: "k", Channel: bot.SMS, Address: "+61491570006", Restock: bot.Restock{SKU: "TEE-M", Name: "T-shirt \u202eUluru\x00"},
	}
}

func options(base, token string) sms.Options {
	return sms.Options{Base: base, Account: flowtest.Account, Token: func() string { return token }, From: "+61491570007"}
}

func sender(t testing.TB, o sms.Options) *sms.Sender {
	t.Helper()
	render, err := notify.Renderer(notify.Shop{Name: "Austral", Product: "https://shop.example/p/{sku}"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := sms.New(o, render)
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

// TestOutcomes: each answer of the API, and what it means. There is no key against repeats, so what is not clear is
// ambiguous.
func TestOutcomes(t *testing.T) {
	answer := func(status int, body string) func(http.ResponseWriter, string) bool {
		return func(w http.ResponseWriter, _ string) bool {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
	}
	failure := func(status, code int) func(http.ResponseWriter, string) bool {
		return answer(status, fmt.Sprintf(`{"code":%d,"message":"no to +61491570006","status":%d}`, code, status))
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, string) bool
		state  bot.State
		reason bot.Reason
		stop   bool
	}{
		"accepted":                 {nil, bot.Accepted, "", false},
		"400 21211 invalid number": {failure(400, 21211), bot.Failed, bot.DeadAddress, false},
		"400 21610 replied STOP":   {failure(400, 21610), bot.Failed, bot.LeftUs, false},
		"400 21614 not a mobile":   {failure(400, 21614), bot.Failed, bot.DeadAddress, false},
		"400 of an unknown code":   {failure(400, 99999), bot.Failed, bot.Refused, false},
		"400 21606 our number":     {failure(400, 21606), bot.Retry, bot.SenderFault, true},
		"401 20003":                {failure(401, 20003), bot.Retry, bot.SenderFault, true},
		"404 account":              {failure(404, 20404), bot.Retry, bot.SenderFault, true},
		"400 of a proxy":           {answer(400, "<html>bad request"), bot.Retry, bot.SenderFault, true},
		"408":                      {answer(408, ""), bot.Retry, bot.SenderFault, true},
		"429 never processed":      {failure(429, 20429), bot.Retry, bot.Unreachable, true},
		"500 may have been sent":   {failure(500, 20500), bot.Ambiguous, bot.NoReply, false},
		"503":                      {answer(503, "<html>"), bot.Ambiguous, bot.NoReply, false},
		"201 without a sid":        {answer(201, `{"status":"queued"}`), bot.Ambiguous, bot.NoReply, false},
		"201 that is no JSON":      {answer(201, `<html>`), bot.Ambiguous, bot.NoReply, false},
		"201 failed at once":       {answer(201, `{"sid":"SM1","status":"failed","error_code":30005}`), bot.Failed, bot.DeadAddress, false},
		"redirect":                 {answer(302, ""), bot.Ambiguous, bot.NoReply, false},
		"dropped": {func(w http.ResponseWriter, _ string) bool {
			panic(http.ErrAbortHandler)
		}, bot.Ambiguous, bot.NoReply, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := world(t)
			var calls atomic.Int32
			if c.answer != nil {
				w.SMS.Answer(func(rw http.ResponseWriter, to string) bool {
					calls.Add(1)
					return c.answer(rw, to)
				})
			}
			pending := false
			d := notifytest.Send(t.Context(), t, sender(t, options(w.SMS.Server.URL, flowtest.Token)), notification(), func() error {
				pending = true
				return nil
			})
			if d.State != c.state || d.Reason != c.reason || d.Stop != c.stop || !pending || calls.Load() > 1 {
				t.Errorf("%+v, pending %v, %d requests", d, pending, calls.Load())
			}
			if strings.Contains(d.Detail, "491570006") {
				t.Errorf("the detail has the number in it: %s", d.Detail)
			}
		})
	}
}

// TestNobodyThere: where no connection came about, nothing was sent for certain.
func TestNobodyThere(t *testing.T) {
	d := notifytest.Send(t.Context(), t, sender(t, options("http://"+freeport.Address(t), "x")), notification(), func() error { return nil })
	if d.State != bot.Retry || d.Reason != bot.Unreachable || !d.Stop {
		t.Errorf("%+v", d)
	}
}

func TestNotRecorded(t *testing.T) {
	w := world(t)
	d := notifytest.Send(t.Context(), t, sender(t, options(w.SMS.Server.URL, flowtest.Token)), notification(), func() error { return errors.New("disk full") })
	if d.State != bot.Queued || !d.Stop || len(w.SMS.Sent()) != 0 {
		t.Errorf("%+v, sent %d", d, len(w.SMS.Sent()))
	}
}

// TestRequest: the form as the vendor documents it, the text without what a phone could be fooled by.
func TestRequest(t *testing.T) {
	w := world(t)
	if d := notifytest.Send(t.Context(), t, sender(t, options(w.SMS.Server.URL, flowtest.Token)), notification(), func() error { return nil }); d.State != bot.Accepted || d.Detail != "SM"+strings.Repeat("0", 31)+"1" {
		t.Fatalf("%+v", d)
	}
	got := w.SMS.Sent()[0]
	if got.To != "+61491570006" || got.From != "+61491570007" || got.Body != "Austral: T-shirt Uluru is back in stock: https://shop.example/p/TEE-M" {
		t.Errorf("%+v", got)
	}
	if d := notifytest.Send(t.Context(), t, sender(t, options(w.SMS.Server.URL, "wrong")), notification(), func() error { return nil }); d.Reason != bot.SenderFault {
		t.Errorf("a wrong token: %+v", d)
	}
}

func TestOptions(t *testing.T) {
	token := func() string { return "x" }
	for name, o := range map[string]sms.Options{
		"plain http elsewhere": {Base: "http://gateway.example", Account: "a", Token: token, From: "x"},
		"no sender":            {Account: "a", Token: token},
		"two senders":          {Account: "a", Token: token, From: "x", Service: "y"},
		"no account":           {Token: token, From: "x"},
		"no address":           {Base: "gateway", Account: "a", Token: token, From: "x"},
	} {
		if _, err := sms.New(o, nil); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// TestSegments: the examples of the standards, and what an emoji or a curly quote costs.
func TestSegments(t *testing.T) {
	for _, c := range []struct {
		text    string
		n       int
		unicode bool
	}{
		{"", 0, false},
		{strings.Repeat("a", 160), 1, false},
		{strings.Repeat("a", 161), 2, false},
		{strings.Repeat("a", 306), 2, false},
		{strings.Repeat("a", 307), 3, false},
		{strings.Repeat("€", 80), 1, false},
		{strings.Repeat("€", 81), 2, false},
		{strings.Repeat("a", 69) + "’", 1, true},
		{strings.Repeat("a", 70) + "’", 2, true},
		{strings.Repeat("😀", 35), 1, true},
		{strings.Repeat("😀", 36), 2, true},
		{"Ünïted", 1, true},
	} {
		if n, unicode := sms.Segments(c.text); n != c.n || unicode != c.unicode {
			t.Errorf("%.20q: %d segments, unicode %v", c.text, n, unicode)
		}
	}
	if n, unicode := sms.Segments(sms.Plain("It’s “back” – hurry…")); n != 1 || unicode {
		t.Errorf("plain: %d, %v", n, unicode)
	}
}

// TestReconcile: a message that the gateway lists was sent; one that it does not list was not, once that is certain.
func TestReconcile(t *testing.T) {
	w := world(t)
	s := sender(t, options(w.SMS.Server.URL, flowtest.Token))
	n := notification()
	if _, ok, err := s.Reconcile(t.Context(), n, time.Now(), time.Now()); ok || err != nil {
		t.Errorf("at once: %v, %v", ok, err)
	}
	if d, ok, err := s.Reconcile(t.Context(), n, time.Now(), time.Now().Add(time.Hour)); !ok || d.State != bot.Queued || err != nil {
		t.Errorf("later: %+v, %v, %v", d, ok, err)
	}
	if d := notifytest.Send(t.Context(), t, s, n, func() error { return nil }); d.State != bot.Accepted {
		t.Fatalf("%+v", d)
	}
	if d, ok, err := s.Reconcile(t.Context(), n, time.Now(), time.Now()); !ok || d.State != bot.Accepted || !strings.Contains(d.Detail, "SM") || err != nil {
		t.Errorf("listed: %+v, %v, %v", d, ok, err)
	}
	other := n
	other.Restock.Name = "Something else"
	if _, ok, err := s.Reconcile(t.Context(), other, time.Now(), time.Now()); ok || err != nil {
		t.Errorf("another text: %v, %v", ok, err)
	}
}
