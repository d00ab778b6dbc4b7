package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"testing"

	"restock/bot"
	"restock/bot/notify"
	"restock/bot/notify/email"
	"restock/bot/notify/notifytest"
	"restock/flows/flowtest"
)

// TestSinks lets every hostile text come into everything that restock writes: none of it commands what reads it.
func TestSinks(t *testing.T) {
	render, err := notify.Renderer(notify.Shop{Name: "Shop", Product: "https://shop.example.com/p/{sku}", Contact: "1 Street"})
	if err != nil {
		t.Fatal(err)
	}
	world, err := flowtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = world.Close() })
	n := 0
	for _, text := range flowtest.Hostile() {
		for sink, write := range map[string]func(string) (string, error){
			"terminal": terminalText, "terminal JSON": terminalJSON, "log": logText, "record": func(s string) (string, error) { return bot.Clean(s), nil },
			"alert": func(s string) (string, error) { return bot.Alert{Title: s, Text: s, Next: s, Place: s}.Body(), nil },
			"mail":  func(s string) (string, error) { return mailText(world, render, s) }, "SMS": func(s string) (string, error) { return smsText(render, s) },
			"report": reportText, "CSV": csvText, "XLSX": xlsxText, "page": pageText,
		} {
			n++
			got, err := write(text)
			if err != nil {
				t.Errorf("%s: %q: %v", sink, text, err)
				continue
			}
			if i := strings.IndexFunc(got, bot.Unprintable); i >= 0 && got[i] != '\r' {
				t.Errorf("%s: %q wrote %q", sink, text, got[i:min(len(got), i+5)])
			}
		}
	}
	t.Logf("%d texts x sinks", n)
}

func terminalText(s string) (string, error) {
	var b bytes.Buffer
	a := &app{stdout: &terminal{out: &b}, stderr: &b}
	a.print("name: %s", s)
	a.say("name: %s", s)
	return b.String(), nil
}

// terminalJSON must be the same JSON, whatever was escaped.
func terminalJSON(s string) (string, error) {
	var b bytes.Buffer
	a := &app{stdout: &terminal{out: &b}}
	if err := a.printJSON(map[string]string{"name": s}); err != nil {
		return "", err
	}
	var back map[string]string
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		return "", err
	}
	if back["name"] != strings.ToValidUTF8(s, "�") {
		return "", fmt.Errorf("it reads as %q", back["name"])
	}
	return b.String(), nil
}

func logText(s string) (string, error) {
	var b bytes.Buffer
	a := &app{stderr: &b, verbose: true}
	a.log().Info("notification", slog.String("detail", s))
	if n := strings.Count(strings.TrimSpace(b.String()), "\n"); n > 0 {
		return "", fmt.Errorf("%d lines in place of one", n+1)
	}
	return b.String(), nil
}

// mailText makes sure that a message has the headers that it is to have and no others, and no markup but its own.
func mailText(world *flowtest.World, render bot.Renderer, s string) (string, error) {
	n := bot.Notification{Key: "k", Address: "bob@example.com", Restock: bot.Restock{SKU: "A", Name: s}, Subscription: bot.Subscription{ID: "1", Customer: s}}
	m, err := render(n)
	if err != nil {
		return "", err
	}
	for _, tag := range []string{"<script", "<img src=x"} {
		if strings.Contains(m.HTML, tag) {
			return "", fmt.Errorf("the HTML holds %s", tag)
		}
	}
	host, port, err := net.SplitHostPort(world.Mail.Addr())
	if err != nil {
		return "", err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return "", err
	}
	sender, err := email.New(email.Options{Host: host, Port: number, TLS: "none", From: "shop@example.com", Name: "Shop"}, render)
	if err != nil {
		return "", err
	}
	if d, _ := notifytest.One(context.Background(), sender, n, func() error { return nil }); d.State != bot.Accepted {
		return "", fmt.Errorf("%s %s", d.State, d.Detail)
	}
	if err := sender.Close(); err != nil {
		return "", err
	}
	all := world.Mail.Accepted()
	parsed, err := mail.ReadMessage(bytes.NewReader(all[len(all)-1].Raw))
	if err != nil {
		return "", err
	}
	for _, header := range []string{"Bcc", "X-Header"} {
		if parsed.Header.Get(header) != "" {
			return "", fmt.Errorf("the text has made a header %s", header)
		}
	}
	subject, err := (&mime.WordDecoder{}).DecodeHeader(parsed.Header.Get("Subject"))
	return subject + m.Text, err
}

func smsText(render bot.Renderer, s string) (string, error) {
	m, err := render(bot.Notification{Key: "k", Channel: bot.SMS, Restock: bot.Restock{SKU: "A", Name: s}, Subscription: bot.Subscription{ID: "1"}})
	if err == nil && len([]rune(m.SMS)) > 1600 {
		err = fmt.Errorf("%d characters", len([]rune(m.SMS)))
	}
	return m.SMS, err
}
