package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/config"
)

// TestStarter: what init writes loads as it is.
func TestStarter(t *testing.T) {
	data, err := config.Starter{IMS: "ims", CRM: "crm", SMTP: "mail.example.com:587", From: "shop@example.com"}.Render()
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("restock.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	job, err := c.Job("")
	if err != nil || job.CatchUp != 6*time.Hour || job.Life != 24*time.Hour || c.SMTP.Port != 587 || c.Location.String() != "Australia/Sydney" {
		t.Errorf("%+v, %v", c, err)
	}
	got := job.Bot([]bot.Channel{bot.Email})
	if got.IMS != "ims" || got.CRM != "crm" || len(got.Policy.Channels) != 1 {
		t.Errorf("%+v", got)
	}
	for _, smtp := range []string{"", "mail", "mail:x", "mail:0", "mail:70000"} {
		if _, err := (config.Starter{SMTP: smtp}).Render(); err == nil {
			t.Errorf("--smtp %q was accepted", smtp)
		}
	}
}

// TestFindings: each mistake with its place and the next step.
func TestFindings(t *testing.T) {
	good := "version: 1\njobs: [{name: a, ims: x, crm: y}]\n"
	if _, err := config.Parse("restock.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		good + "zone: Mars/Base\n": "a time zone such as Australia/Sydney",
		good + "smpt: {}\n":        "did you mean smtp?",
		good + "smtp: {host: a, port: 25, from: b@example.com, password: hunter2}\n": "password: ${secret:NAME}",
		good + "smtp: {host: a, port: 99999, from: b@example.com}\n":                 "a port from 1 to 65535",
		good + "smtp: {host: a, port: 25, from: nobody}\n":                           "a mail address",
		good + "smtp: {host: a, port: 25, from: b@example.com, tls: starttsl}\n":     "did you mean starttls?",
		good + "smtp: {host: a}\n":                                                   "the key port",
		good + "sms: {account: a, token: abc, from: x}\n":                            "a token in the file",
		good + "guards: {rows: many}\n":                                              "20%",
		good + "guards: {confirm: never}\n":                                          "always or unusual",
		good + "limits: {run: -1}\n":                                                 "0 for no limit",
		good + "alerts: {ops: [nobody]}\n":                                           "a mail address",
		good + "alerts: {ops: [a@example.com]}\n":                                    "smtp:",
		good + "alerts: {}\n":                                                        "alerts for nobody",
		good + "alerts: {webhooks: [{url: https://x.example, format: irc}]}\n":       "json, slack or teams",
		good + "alerts: {heartbeat: https://x.example, digest: noon}\n":              "a time of day",
		good + "evidence: {size: big}\n":                                             "500MB or 2GB",
		good + "admin: {listen: '127.0.0.1:1', oidc: {issuer: 'http://login.example', client: a, secret: '${secret:S}', url: 'https://b.example', roles: {viewer: [x]}}}\n": "begins with https://",
		good + "admin: {listen: '127.0.0.1:1', oidc: {issuer: 'https://login.example', client: a, secret: hunter2, url: 'https://b.example', roles: {viewer: [x]}}}\n":      "secret: ${secret:NAME}",
		good + "admin: {listen: '127.0.0.1:1', oidc: {issuer: 'https://login.example', client: a, secret: '${secret:S}', url: 'https://b.example', roles: {boss: [x]}}}\n":  "admin, analyst, operator or viewer",
		good + "cluster: {servers: ['http://n1:4222']}\n":                            "nats://n1.example:4222",
		good + "cluster: {servers: ['nats://n1:4222'], password: hunter2}\n":         "password: ${secret:NAME}",
		good + "cluster: {servers: ['nats://n1:4222'], name: 'A b'}\n":               "small letters",
		"version: 1\njobs: []\n":                                                     "at least one under jobs:",
		"version: 1\n":                                                               "the key jobs",
		"version: 7\njobs: [{name: a, ims: x, crm: y}]\n":                            "version: 1",
		"version: 1\njobs: [{name: A b, ims: x, crm: y}]\n":                          "small letters",
		"version: 1\njobs: [{name: a, ims: x, crm: y}, {name: a, ims: x, crm: y}]\n": "each name once",
		"version: 1\njobs: [{name: a, ims: x, crm: y, schedule: hourly}]\n":          "five",
		"version: 1\njobs: [{name: a, ims: x, crm: y, channels: [fax]}]\n":           "email or sms",
		"version: 1\njobs: [{name: a, ims: x, crm: y, life: soon}]\n":                "a time such as",
		"version: 1\njobs: [{name: a, ims: x, crm: y, consent: maybe}]\n":            "asked or required",
	} {
		_, err := config.Parse("restock.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "restock.yaml:") {
			t.Errorf("%s: %v: expected %q", text, err, want)
		}
	}
}

// TestSecrets: looked up in order, refused when others can read them, printed never.
func TestSecrets(t *testing.T) {
	dir, credentials := t.TempDir(), t.TempDir()
	write := func(path, value string, mode os.FileMode) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(value), mode); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"RESTOCK_SECRET_A": "environment", "RESTOCK_SECRET_B": "environment", "RESTOCK_SECRET_C": "environment", "CREDENTIALS_DIRECTORY": credentials}
	write(filepath.Join(credentials, "A"), "credential\n", 0o400)
	write(filepath.Join(dir, "secrets", "A"), "file\n", 0o600)
	write(filepath.Join(dir, "secrets", "B"), "file\r\n", 0o600)
	write(filepath.Join(dir, "secrets", "OPEN"), "file", 0o644)
	s := config.Secrets{Folder: dir, Getenv: func(n string) (string, bool) { v, ok := env[n]; return v, ok }}
	for name, want := range map[string]string{"A": "credential", "B": "file", "C": "environment"} {
		got, ok, err := s.Lookup(name)
		if err != nil || !ok || got.Reveal() != want {
			t.Errorf("%s: %q, %v, %v", name, got.Reveal(), ok, err)
		}
		var shown string
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q", "%x"} {
			shown += fmt.Sprintf(verb, got) + fmt.Sprintf(verb, struct{ inner config.Secret }{got})
		}
		if strings.Contains(shown, want) {
			t.Errorf("printed: %s", shown)
		}
	}
	if _, ok, err := s.Lookup("NONE"); ok || err != nil {
		t.Errorf("a secret that is nowhere: %v, %v", ok, err)
	}
	if _, _, err := s.Lookup("OPEN"); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others can read: %v", err)
	}
}

// TestSafety: the guards and limits of all jobs, and those of one.
func TestSafety(t *testing.T) {
	c, err := config.Parse("restock.yaml", []byte(`version: 1
guards: {rows: 30%, confirm: always}
limits: {run: 50}
evidence: {size: 1.5GB}
jobs:
  - {name: a, ims: x, crm: y}
  - {name: b, ims: x, crm: y, cool_down: 3h, guards: {rows: 40%, confirm: unusual, bad_rows: 0%}, limits: {run: 0, person: 1}}
`))
	if err != nil {
		t.Fatal(err)
	}
	a, b := c.Jobs[0].Bot(nil).Policy, c.Jobs[1].Bot(nil).Policy
	if a.Guards != (bot.Guards{Rows: 30, Restocks: 25, SoldOut: 30, BadRows: 1, Confirm: true}) || a.Limits != (bot.Limits{Run: 50, Hour: 2000, Day: 5000, Person: 5}) || a.CoolDown != time.Hour {
		t.Errorf("%+v", a)
	}
	if b.Guards != (bot.Guards{Rows: 40, Restocks: 25, SoldOut: 30}) || b.Limits != (bot.Limits{Hour: 2000, Day: 5000, Person: 1}) || b.CoolDown != 3*time.Hour {
		t.Errorf("%+v", b)
	}
	if c.Evidence.Size != 3<<29 || c.Evidence.Days != 14 || c.Evidence.Runs != 200 {
		t.Errorf("%+v", c.Evidence)
	}
}
