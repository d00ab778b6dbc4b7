package selectors_test

import (
	"strings"
	"testing"

	"restock/selectors"
)

func fieldOf(t *testing.T, yaml string) selectors.Field {
	t.Helper()
	site, err := selectors.Load("x.yaml", []byte("version: 1\nsite: x\nbase: http://x\nstock:\n  open: /\n  rows: {css: tr}\n  next: none\n  columns:\n    sku: {css: a}\n    quantity: {css: b, "+yaml+"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return site.Stock.Columns["quantity"][0]
}

// TestTypes: a value of each type is read as its language writes it, or refused with its text.
func TestTypes(t *testing.T) {
	for _, c := range []struct{ field, locale, text, want, unit string }{
		{"type: integer", "en-AU", "1,250", "1250", ""},
		{"type: integer, unit: pcs", "de-DE", "1.250 pcs", "1250", "pcs"},
		{"type: number, unit: u", "en-AU", "(4)u", "-4", "u"},
		{"type: number, unit: kg", "en-AU", "3- kg", "-3", "kg"},
		{"type: date", "en-AU", "3/4/2026", "2026-04-03", ""},
		{"type: date", "en-US", "3/4/2026", "2026-03-04", ""},
		{"type: date", "de-DE", "03.04.2026", "2026-04-03", ""},
		{"type: date", "de-DE", "3. März 2026", "2026-03-03", ""},
		{"type: date", "fr-FR", "23 novembre 2026", "2026-11-23", ""},
		{"type: date", "en-AU", "23 Nov 2026", "2026-11-23", ""},
		{"type: date", "sv-SE", "2026-11-23", "2026-11-23", ""},
		{`type: date, format: "YYYY.MM.DD"`, "en-AU", "2026.11.23", "2026-11-23", ""},
		{"type: time", "en-US", "5:05 PM", "17:05", ""},
		{"type: datetime", "en-AU", "23/11/2026, 17:05", "2026-11-23T17:05", ""},
		{`type: datetime, format: "DD MMM YY H:mm"`, "en-AU", "23 Nov 26 9:05", "2026-11-23T09:05", ""},
		{"type: money", "en-AU", "$1,250.50", "1250.5", "AUD"},
		{"type: money", "en-US", "-$5.00", "-5", "USD"},
		{"type: money", "de-DE", "12,50 €", "12.5", "EUR"},
		{"type: money", "fr-FR", "1\u202f250,00\u00a0€", "1250", "EUR"},
		{"type: money, currency: AUD", "en-AU", "5.00", "5", "AUD"},
		{"type: money", "en-AU", "AUD 5", "5", "AUD"},
		{"type: phone", "en-AU", "0491 570 006", "+61491570006", ""},
		{"type: phone, country: 61", "de-DE", "(02) 5550 1234", "+61255501234", ""},
		{"type: phone, country: NL", "en-AU", "06 12345678", "+31612345678", ""},
		{"type: phone", "en-AU", "+31 6 12345678", "+31612345678", ""},
		{"type: email", "", "mailto:jo@example.com?subject=x", "jo@example.com", ""},
		{"type: email", "", "Jo Bakker <jo@example.com>", "jo@example.com", ""},
		{"type: email, bad: keep", "", "not-an-address", "not-an-address", ""},
		{`match: '^\[(\w+)\]'`, "", "[A-1] Tee", "A", ""},
	} {
		if strings.Contains(c.field, `(\w+)\]`) {
			c.text, c.want = "[A1] Tee", "A1"
		}
		p, ok, err := fieldOf(t, c.field).Read(c.text, c.locale)
		if err != nil || !ok || p.Value != c.want || p.Unit != c.unit {
			t.Errorf("%s %s %q: %q %q, %v; expected %q %q", c.field, c.locale, c.text, p.Value, p.Unit, err, c.want, c.unit)
		}
	}
}

func TestBadValues(t *testing.T) {
	for _, c := range []struct{ field, locale, text, want string }{
		{"type: integer", "en-AU", "1.5", "not a whole number"},
		{"type: date", "en-AU", "13/13/2026", "13/13/2026"},
		{"type: date", "en-AU", "11 minutes ago", "title or datetime attribute"},
		{"type: date", "", "31/12/2026", "not a date"},
		{"type: time", "en-AU", "25:00", "25:00"},
		{"type: money", "en-AU", "5.00", "no currency"},
		{"type: money", "de-DE", "$5", "no currency that restock knows"},
		{"type: money, currency: AUD", "en-AU", "€5.00", "expected AUD"},
		{"type: phone", "en-AU", "12", "not a phone number"},
		{"type: phone", "", "0491 570 006", "not a phone number"},
		{"type: email", "", "jo@example", "not an e-mail address"},
		{"type: number", "en-AU", "n/a", "n/a"},
	} {
		p, ok, err := fieldOf(t, c.field).Read(c.text, c.locale)
		if err == nil || !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %q, %v; expected %q", c.field, c.text, p.Value, err, c.want)
		}
	}
}

// TestGroups: named groups give values to further columns.
func TestGroups(t *testing.T) {
	f := fieldOf(t, `match: '^(?P<quantity>\d+) / (?P<_allocated>\d+)$'`)
	p, ok, err := f.Read("145 / 7", "en-AU")
	if err != nil || !ok || p.Value != "145" || p.Groups["_allocated"] != "7" {
		t.Errorf("%+v, %v, %v", p, ok, err)
	}
	if got := f.Groups(); len(got) != 2 || got[0] != "quantity" {
		t.Errorf("%v", got)
	}
}

func TestPath(t *testing.T) {
	doc := map[string]any{"data": map[string]any{"items": []any{map[string]any{"on hand": "5"}}}}
	for text, want := range map[string]string{`data.items[0]["on hand"]`: "5", `$.data.items[0]["on hand"]`: "5"} {
		p, err := selectors.ParsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		if v, missing := p.Follow(doc); v != want || missing != "" {
			t.Errorf("%s: %v, %q", text, v, missing)
		}
	}
	for _, bad := range []string{"a..b", "[", "[x]", `["x`, "a[-1]"} {
		if _, err := selectors.ParsePath(bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
	p, err := selectors.ParsePath("data.rows")
	if _, missing := p.Follow(doc); err != nil || missing != "rows" {
		t.Errorf("missing %q, %v", missing, err)
	}
}

// FuzzRead: whatever a cell holds, reading it ends in a value or an error.
func FuzzRead(f *testing.F) {
	f.Add("1.250,50 kg", "number", "de-DE")
	f.Add("$ -5", "money", "en-AU")
	f.Add("3. März 2026", "date", "de-DE")
	f.Add("+61 491 570 006", "phone", "en-AU")
	f.Fuzz(func(t *testing.T, text, kind, locale string) {
		for _, known := range selectors.Types() {
			if kind == known {
				field := selectors.Field{CSS: "a", Type: kind, Unit: "*"}
				if p, ok, err := field.Read(text, locale); !ok && err == nil {
					t.Errorf("%q: %+v", text, p)
				}
			}
		}
	})
}

func FuzzPath(f *testing.F) {
	f.Add(`a.b[0]["c d"]`)
	f.Fuzz(func(_ *testing.T, text string) {
		if p, err := selectors.ParsePath(text); err == nil {
			p.Follow(map[string]any{"a": []any{nil}})
		}
	})
}
