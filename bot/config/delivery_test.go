package config_test

import (
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/config"
)

const server = "smtp: {host: localhost, port: 25, from: a@shop.com.au%s}\n"

// TestDelivery: how customers are told, for all jobs and for one.
func TestDelivery(t *testing.T) {
	c, err := config.Parse("restock.yaml", []byte(`version: 1
`+strings.ReplaceAll(server, "%s", `, ambiguous: resend_once, rate: 2.5, dkim: {selector: s1, key: "${secret:K}"}`)+`waves: {multiplier: 1.5, order: newest}
enough: {units: 2}
quiet: {from: "20:00", to: "08:00", channels: [sms]}
jobs:
  - {name: a, ims: x, crm: y}
  - {name: b, ims: x, crm: y, waves: {multiplier: 0}, enough: {sku: {A-1: 2.5}}, reminders: [48h, 120h], wishes: 2000h, quiet: {from: "12:30", to: "13:00"}}
`))
	if err != nil {
		t.Fatal(err)
	}
	a, b := c.Jobs[0].Bot(nil).Policy, c.Jobs[1].Bot(nil).Policy
	if a.Waves != (bot.Waves{Percent: 150, Interval: time.Hour, Unknown: 50, Newest: true}) || b.Waves.Percent != 0 || !b.Waves.Newest {
		t.Errorf("waves %+v, %+v", a.Waves, b.Waves)
	}
	if a.Enough.Units != bot.Units(2) || len(a.Enough.SKU) != 0 || b.Enough.SKU["A-1"] != bot.Units(5)/2 || b.Enough.Units != bot.Units(2) {
		t.Errorf("enough %+v, %+v", a.Enough, b.Enough)
	}
	if a.Quiet.From != 20*time.Hour || a.Quiet.To != 8*time.Hour || len(a.Quiet.Channels) != 1 || b.Quiet.From != 12*time.Hour+30*time.Minute || a.Quiet.Zone.String() != "Australia/Sydney" {
		t.Errorf("quiet %+v, %+v", a.Quiet, b.Quiet)
	}
	if a.Resend[bot.Email] != 6*time.Hour || len(b.Reminders) != 2 || b.Wishes != 2000*time.Hour || c.SMTP.DKIM.Domain != "shop.com.au" || *c.SMTP.Rate != 250 {
		t.Errorf("%+v %+v", a, c.SMTP)
	}
}

// TestDeliveryFindings: each mistake is named, with its place.
func TestDeliveryFindings(t *testing.T) {
	for text, want := range map[string]string{
		"waves: {multiplier: many}\n":                                                                      "a number such as 2 or 1.5",
		"waves: {order: random}\n":                                                                         "newest or oldest",
		"quiet: {from: \"8pm\", to: \"08:00\"}\n":                                                          "two times of day",
		"quiet: {from: \"08:00\", to: \"08:00\"}\n":                                                        "two times of day",
		"public: {listen: \"127.0.0.1:1\", url: \"http://shop.com.au\"}\n":                                 "an https address",
		"public: {listen: \"127.0.0.1:1\", url: \"https://n.shop.com.au\", proxies: [10.0.3.7]}\n":         "a network such as 10.0.3.0/24",
		"public: {listen: \"127.0.0.1:1\", url: \"https://n.shop.com.au\", proxies: [0.0.0.0/0]}\n":        "at least /8",
		"bounces: {maildir: a, mbox: b}\n":                                                                 "either maildir: or mbox:",
		strings.ReplaceAll(server, "%s", ", ambiguous: always"):                                            "hold or resend_once",
		strings.ReplaceAll(server, "%s", ", auth: magic"):                                                  "login, plain, scram or xoauth2",
		strings.ReplaceAll(server, "%s", ", connections: 500"):                                             "at most 50 connections",
		strings.ReplaceAll(server, "%s", ", dkim: {selector: s, key: x}"):                                  "key: ${secret:NAME}",
		strings.ReplaceAll(server, "%s", ", dkim: {domain: other.com, selector: s, key: \"${secret:K}\"}"): "DMARC",
		"sms: {account: x, token: \"${secret:T}\", from: \"+61400000000\", price: cheap}\n":                "0.0515 AUD",
	} {
		_, err := config.Parse("restock.yaml", []byte("version: 1\n"+text+"jobs:\n  - {name: a, ims: x, crm: y}\n"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "restock.yaml:2") {
			t.Errorf("%s: %v, expected %q", strings.TrimSpace(text), err, want)
		}
	}
	for _, reminders := range []string{"[1m]", "[48h, 24h]", "[1h, 2h, 3h]"} {
		_, err := config.Parse("restock.yaml", []byte("version: 1\njobs:\n  - {name: a, ims: x, crm: y, reminders: "+reminders+"}\n"))
		if err == nil || !strings.Contains(err.Error(), "one or two times") {
			t.Errorf("reminders %s: %v", reminders, err)
		}
	}
}
