package selectors_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/flows/flowtest"
	"restock/selectors"
	"restock/selectors/sites"
	"restock/selectors/strict"
)

func update() bool { return flag.Lookup("update").Value.String() == "true" }

func TestMain(m *testing.M) {
	flag.Bool("update", false, "rewrite the golden files")
	flag.Parse()
	os.Exit(m.Run())
}

// TestFindings: every mistake of a file is reported at once, each with its place, what was found, what is allowed there and
// the nearest word. The golden file is what analysts read.
func TestFindings(t *testing.T) {
	_, err := selectors.LoadFile("testdata/broken.yaml")
	findings, ok := errors.AsType[strict.Findings](err)
	if !ok {
		t.Fatalf("%v", err)
	}
	got := filepath.ToSlash(findings.Error()) + "\n"
	golden := "testdata/broken.golden"
	if update() {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("findings have changed (-update rewrites them):\n%s", got)
	}
	if strings.Contains(got, "struct") || strings.Contains(got, "*selectors") {
		t.Error("a finding speaks of Go types")
	}
}

// TestGoodFiles: the sample and the starter files load.
func TestGoodFiles(t *testing.T) {
	if _, err := flowtest.Sites(); err != nil {
		t.Error(err)
	}
	for _, name := range sites.Names() {
		data, err := sites.File(name)
		if err != nil {
			t.Fatal(err)
		}
		site, err := selectors.Load(name+".yaml", data)
		if err != nil {
			t.Fatal(err)
		}
		if site.Site != name || len(site.Secrets()) == 0 || len(site.Environment()) != 1 {
			t.Errorf("%s: site %s, secrets %v, environment %v", name, site.Site, site.Secrets(), site.Environment())
		}
	}
}

// TestBadInput: whatever bytes a file holds, the answer is a finding, and it comes at once.
func TestBadInput(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for i := range 9 {
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", 'b'+i, 'b'+i, 'a'+i, 'a'+i, 'a'+i, 'a'+i, 'a'+i, 'a'+i, 'a'+i, 'a'+i, 'a'+i)
	}
	many := "version: 1\nsite: x\nbase: http://x\nelements:\n"
	for i := range 200 {
		many += fmt.Sprintf("  e%d: {csss: a}\n", i)
	}
	circle := "version: 1\nsite: x\nbase: http://x\nelements:\n"
	for i := range 60 {
		circle += fmt.Sprintf("  e%d: [{css: a, in: e%d}, {css: b, in: e%d}]\n", i, (i+1)%60, (i+2)%60)
	}
	for name, c := range map[string]struct{ text, want string }{
		"empty":          {"", "empty file"},
		"a list":         {"- a\n- b\n", "keys and values"},
		"a word":         {"hello", "keys and values"},
		"tabs":           {"version: 1\n\tsite: x\n", "spaces, not with tabs"},
		"UTF-16":         {"\xff\xfev\x00", "UTF-16"},
		"not UTF-8":      {"version: 1\nsite: caf\xe9\n", "x.yaml:2:1: found bytes that are not UTF-8"},
		"NUL":            {"version: 1\x00", "YAML"},
		"too large":      {strings.Repeat("#", strict.MaxBytes+1), "at most"},
		"bomb":           {bomb, "found"},
		"deep":           {"elements: " + strings.Repeat("{a: ", 9000) + strings.Repeat("}", 9000), "found"},
		"duplicate keys": {"version: 1\nversion: 1\n", "x.yaml:2:1: found key \"version\" again"},
		"at sign":        {"site: @x\n", "double quotes"},
		"two hundred":    {many, "x.yaml:204:10: found key \"csss\""},
		"circle":         {circle, "contain each other"},
		"two colons":     {"site: a: b\n", "double quotes"},
	} {
		t.Run(name, func(t *testing.T) {
			started := time.Now()
			_, err := selectors.Load("x.yaml", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				text := fmt.Sprint(err)
				t.Errorf("%.300s: expected %q in it", text, c.want)
			}
			if took := time.Since(started); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
			if findings, ok := errors.AsType[strict.Findings](err); name == "two hundred" && (!ok || len(findings) < 200) {
				t.Errorf("%d findings", len(findings))
			}
		})
	}
	if _, err := selectors.Load("x.yaml", []byte("\xef\xbb\xbfversion: 1\nsite: x\nbase: http://x\n")); err != nil {
		t.Errorf("a byte order mark: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	for _, name := range sites.Names() {
		data, err := sites.File(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	broken, err := os.ReadFile("testdata/broken.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(broken)
	f.Fuzz(func(t *testing.T, data []byte) {
		started := time.Now()
		site, err := selectors.Load("x.yaml", data)
		if took := time.Since(started); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
		if (site == nil) == (err == nil) {
			t.Fatalf("site %v, error %v", site, err)
		}
		if findings, ok := errors.AsType[strict.Findings](err); err != nil && (!ok || len(findings) == 0) {
			t.Fatalf("an error that is no finding: %v", err)
		}
	})
}

// TestNumbers: a number is read in its language, or refused.
func TestNumbers(t *testing.T) {
	field := func(yaml string) selectors.Field {
		t.Helper()
		site, err := selectors.Load("x.yaml", []byte("version: 1\nsite: x\nbase: http://x\nstock:\n  open: /\n  rows: {css: tr}\n  next: none\n  columns:\n    sku: {css: a}\n    quantity: {css: b, type: number"+yaml+"}\n"))
		if err != nil {
			t.Fatal(err)
		}
		return site.Stock.Columns["quantity"][0]
	}
	for _, c := range []struct{ options, text, want string }{
		{"", "1,250", "1250"},
		{"", "12.50", "12.5"},
		{"", "-3", "-3"},
		{"", "−3", "-3"},
		{"", "(3)", "-3"},
		{"", "3-", "-3"},
		{"", " 7 ", "7"},
		{"", "+4", "4"},
		{"", "0", "0"},
		{"", "-0", "0"},
		{"", "007", "7"},
		{"", "1,250,000.5", "1250000.5"},
		{", locale: de-DE", "1.234,00", "1234"},
		{", locale: de-CH", "1’234.5", "1234.5"},
		{", locale: fr-FR", "1\u202f250", "1250"},
		{", locale: fr-FR", "12,50", "12.5"},
		{", locale: fr-FR", "1 760", "1760"},
		{", unit: kg", "12.5 kg", "12.5"},
		{`, unit: "*"`, "12 pcs", "12"},
		{`, decimal: ",", thousands: "."`, "1.250,5", "1250.5"},
	} {
		p, ok, err := field(c.options).Read(c.text, "en-AU")
		if err != nil || !ok || p.Value != c.want {
			t.Errorf("%q%s: %q, %v", c.text, c.options, p.Value, err)
		}
	}
	for _, c := range []struct{ options, text string }{
		{"", ""},
		{"", "-"},
		{"", "n/a"},
		{"", "1.250,00"},
		{"", "12,50"},
		{"", "1,25"},
		{"", "1,2500"},
		{"", ",250"},
		{"", "1 250"},
		{"", "12.5 kg"},
		{"", "１２"},
		{"", "1e5"},
		{"", "--3"},
		{"", "(-3)"},
		{"", "3.4.5"},
		{"", "5 / 0"},
		{", locale: de-DE", "12.50"},
		{", locale: fr-FR", "12.50"},
		{", unit: kg", "12 lb"},
		{"", "0x10"},
		{"", "1,2,3"},
		{"", "∞"},
		{"", "10%"},
		{"", "1,250,"},
	} {
		if p, _, err := field(c.options).Read(c.text, "en-AU"); err == nil {
			t.Errorf("%q%s was read as %q", c.text, c.options, p.Value)
		}
	}
}

func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"1,250.50", "(3)", "−12", "1 250", "12 kg", "", "-"} {
		f.Add(seed, ".", ",")
		f.Add(seed, ",", " .")
	}
	f.Fuzz(func(t *testing.T, text, decimal, thousands string) {
		number, _, err := selectors.NumberFormat{Decimal: decimal, Thousands: thousands}.Parse(text, "*")
		if err != nil {
			return
		}
		if strings.Trim(number, "-.0123456789") != "" || strings.Count(number, ".") > 1 || strings.LastIndex(number, "-") > 0 {
			t.Fatalf("%q was read as %q", text, number)
		}
	})
}

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"Log in", "  LOG\n IN ", true},
		{"Log in", "Log in now", false},
		{"Log*", "Log in now", true},
		{"*", "", true},
		{"/^log/", "Log", false},
		{"/^log/i", "Log in", true},
		{"a.b", "axb", false},
		{"*[x]*", "a [x] b", true},
		{"/", "/", true},
	} {
		re, err := selectors.Pattern(c.pattern)
		if err != nil || re.MatchString(c.text) != c.want {
			t.Errorf("%q and %q: not %v, %v", c.pattern, c.text, c.want, err)
		}
	}
}

func TestTemplate(t *testing.T) {
	values := selectors.Values{
		Env:    func(n string) (string, bool) { return "v", n == "SET" },
		Secret: func(n string) (string, bool) { return "${SET}", n == "PW" },
		Work:   map[string]string{"sku": `A/B "1" & 2`},
	}
	for text, want := range map[string]string{
		"plain": "plain", "${SET}": "v", "${UNSET:-d}": "d", "${UNSET:-}": "", "{\"a\":[1]}": "{\"a\":[1]}", "{}": "{}", "x{sku}": `xA/B "1" & 2`,
		"${secret:PW}": "${SET}", // a value is never expanded again
	} {
		template, err := selectors.ParseTemplate(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := template.Expand(values); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	template, err := selectors.ParseTemplate("/p?q={sku}&x=${SET}")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := template.ExpandURL(values); err != nil || got != "/p?q=A%2FB%20%221%22%20%26%202&x=v" {
		t.Errorf("%q, %v", got, err)
	}
	for _, text := range []string{"${UNSET}", "${secret:NO}", "{nothing}"} {
		template, err := selectors.ParseTemplate(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := template.Expand(values); err == nil {
			t.Errorf("%s became %q", text, got)
		}
	}
}

// TestValuesAreLiteral: what comes from a page cannot change what a selector means.
func TestValuesAreLiteral(t *testing.T) {
	values := selectors.Values{Work: map[string]string{"sku": "*"}}
	e := selectors.Element{Alternatives: []selectors.Target{{Text: "[{sku}]*", CSS: "tr[data-sku=\"{sku}\"]"}}}
	filled, err := e.With(values)
	if err != nil {
		t.Fatal(err)
	}
	re, err := selectors.Pattern(filled.Alternatives[0].Text)
	if err != nil || re.MatchString("[other]") || !re.MatchString("[*] x") {
		t.Errorf("%q, %v", filled.Alternatives[0].Text, err)
	}
	values.Work["sku"] = `"] , a[href="`
	if filled, err = e.With(values); err != nil || filled.Alternatives[0].CSS != `tr[data-sku="\"] , a[href=\""]` {
		t.Errorf("%q, %v", filled.Alternatives[0].CSS, err)
	}
}

func TestAddress(t *testing.T) {
	for _, c := range []struct{ base, path, want string }{
		{"https://a.example", "/x?y=1", "https://a.example/x?y=1"},
		{"https://a.example/", "/x", "https://a.example/x"},
		{"https://a.example/shop", "/x", "https://a.example/shop/x"},
		{"http://127.0.0.1:8010/#tryton", "/#tryton/model/a;b=%5B5%5D", "http://127.0.0.1:8010/#tryton/model/a;b=%5B5%5D"},
		{"https://a.example", "https://b.example/z", "https://b.example/z"},
		{"https://a.example", "x", "https://a.example/x"},
	} {
		base, err := selectors.ParseTemplate(c.base)
		if err != nil {
			t.Fatal(err)
		}
		path, err := selectors.ParseTemplate(c.path)
		if err != nil {
			t.Fatal(err)
		}
		site := selectors.Site{Base: base}
		if got, err := site.Address(path, selectors.Values{}); err != nil || got != c.want {
			t.Errorf("%s + %s: %s, %v", c.base, c.path, got, err)
		}
	}
}

// TestMapOrder: where several texts of a map fit, the first in the file counts, every time.
func TestMapOrder(t *testing.T) {
	site, err := selectors.Load("x.yaml", []byte("version: 1\nsite: x\nbase: http://x\nstock:\n  open: /\n  rows: {css: tr}\n  next: none\n  columns:\n    sku: {css: a}\n    availability: {css: b, map: {Out of stock: out, \"*stock*\": in, \"*\": unknown}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	field := site.Stock.Columns["availability"][0]
	for range 50 {
		for text, want := range map[string]string{"out of  stock": "out", "In stock": "in", "soon": "unknown"} {
			if p, ok, err := field.Read(text, ""); err != nil || !ok || p.Value != want {
				t.Fatalf("%q: %+v, %v", text, p, err)
			}
		}
	}
}
