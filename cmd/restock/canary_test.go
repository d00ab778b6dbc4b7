package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"restock/bot"
	"restock/flows/flowtest"
)

func sentence(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// canaries are texts that must not show up where they do not belong.
func canaries(s *shop) map[string]string {
	list := map[string]string{
		"password": flowtest.Password, "SMS token": flowtest.Token, "state key": strings.TrimSpace(s.read("secrets/STATE_KEY")),
	}
	for _, r := range s.world.Requests() {
		if strings.Contains(r.Customer, "Canary") {
			list["name of "+fmt.Sprint(r.ID)], list["e-mail of "+fmt.Sprint(r.ID)] = r.Customer, r.Email
			list["phone of "+fmt.Sprint(r.ID)] = strings.ReplaceAll(r.Phone, " ", "")
			list["written phone of "+fmt.Sprint(r.ID)] = r.Phone
		}
	}
	return list
}

func (s *shop) read(name string) string {
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

// disguises are the forms in which a text leaks.
func disguises(text string) []string {
	reversed := []rune(text)
	slices.Reverse(reversed)
	all := []string{
		text, strings.ToLower(text), strings.ToUpper(text), url.QueryEscape(text), url.PathEscape(text), html.EscapeString(text), hex.EncodeToString([]byte(text)), string(reversed),
		strings.ReplaceAll(text, "@", "\\u0040"), fmt.Sprintf("%q", text),
	}
	for _, prefix := range []string{"", "x", "xx"} { // base64 at each of the three offsets
		encoded := base64.StdEncoding.EncodeToString([]byte(prefix + text))
		all = append(all, strings.TrimRight(encoded[len(prefix)+1:len(encoded)-4], "="))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestCanary lets runs go well and badly in many ways, with secrets and customers that nobody else has, and looks for them in
// every byte that is left: what was said, evidence, records of runs, kept sessions, and the command lines of all processes.
func TestCanary(t *testing.T) {
	t.Parallel()
	s := canaryShop(t)
	lines := s.misfortunes()
	for _, leak := range s.leaked(lines) {
		t.Error(leak)
	}
	pages, err := filepath.Glob(filepath.Join(s.dir, "data", "runs", "*", "evidence.html"))
	if err != nil || len(pages) < 4 || !strings.Contains(lines, "--type=renderer") || len(s.world.Mail.Accepted()) == 0 {
		t.Errorf("%d evidence pages, %d bytes of command lines, %d mails: the test has looked at too little", len(pages), len(lines), len(s.world.Mail.Accepted()))
	}
}

// canaryShop has customers with names of their own.
func canaryShop(t *testing.T) *shop {
	t.Helper()
	s := newShop(t, "browser: {open: 3s, step: 1s}\nalerts: {ops: [ops@austral-outdoors.example]}\n")
	sku := s.world.Products()[5].SKU
	s.world.Keep(sku, 0)
	for i := range 4 {
		s.world.AddRequest(flowtest.Request{
			SKU: sku, Customer: fmt.Sprintf("Zebulon Canary%d", i), Consent: true, Contact: []string{"E-mail", "SMS"}[i%2], Asked: "2026-11-01",
			Email: fmt.Sprintf("zebulon.canary%d@birdcage.example", i), Phone: fmt.Sprintf("+61 491 577 7%02d", i),
		})
	}
	return s
}

// misfortunes lets runs fail at the log-in, in both lists, in the form, in sending and in restock itself, and returns the
// command lines that were seen meanwhile.
func (s *shop) misfortunes() string {
	sku := s.world.Products()[5].SKU
	s.must(s.world.Restock(sku, 9))
	var seen strings.Builder
	var mu sync.Mutex
	watch := func(inner func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
		return func(rw http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			for _, line := range browsers() {
				seen.WriteString(line + "\n")
			}
			mu.Unlock()
			return inner != nil && inner(rw, r)
		}
	}
	page := func(path, text string) func(http.ResponseWriter, *http.Request) bool {
		return func(rw http.ResponseWriter, r *http.Request) bool {
			if !strings.HasPrefix(r.URL.Path, path) {
				return false
			}
			fmt.Fprint(rw, "<!doctype html><header><a class=logout>x</a></header>"+text)
			return true
		}
	}
	r := s.world.Requests()[len(s.world.Requests())-1]
	personal := fmt.Sprintf("<h1>Back-in-stock requests</h1><p>%s, %s, %s</p><input value=%q><table class=requests><thead><tr><th>No.<th>Who</thead><tbody><tr><td>1<td>%s</table><script>console.error(%q); alert(%q)</script>",
		r.Customer, r.Email, r.Phone, r.Email, r.Customer, "failed for "+r.Email, "No such customer: "+r.Email)
	for _, fault := range []func(http.ResponseWriter, *http.Request) bool{
		page("/login", `<h1>Log in</h1><form><label>E-mail<input id=user></label><label>Password<input type=password></label><button type=button onclick="this.form.querySelector('[type=password]').type='text'">Log in</button></form>`),
		page("/products", "<h1>Products</h1><p>nothing"), page("/requests", personal), nil,
	} {
		s.world.Fault(watch(fault))
		_, _ = s.run() // failing is what it is for
		s.forgetLogIn("ims")
	}
	s.edit("sites/crm.yaml", "after: {field: status, is: Notified}", "after: {field: status, is: Nowhere}")
	s.must(s.world.Restock(s.another(), 3))
	s.world.Fault(watch(nil))
	_, _ = s.run()
	s.panics()
	_, _ = s.run()
	s.wrap = nil
	_ = s.app().main(s.t.Context(), []string{"ledger", "--config", s.dir})
	_ = s.app().main(s.t.Context(), []string{"runs", "--json", "--config", s.dir})
	_ = s.app().main(s.t.Context(), []string{"doctor", "--json", "--config", s.dir})
	_ = s.app().main(s.t.Context(), []string{"sessions", "--json", "--config", s.dir})
	return seen.String()
}

// leaked looks for the canaries in everything that a run leaves, except where they belong: the secrets themselves, the messages,
// and the ledger's own records of whom to tell.
func (s *shop) leaked(lines string) []string {
	texts := map[string]string{"what was said": s.out.String(), "the command lines": lines}
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(s.dir, path)
		if strings.HasPrefix(name, "secrets") || name == filepath.Join("data", "state.db") {
			return nil
		}
		texts[name] = s.read(name)
		return nil
	})
	s.must(err)
	for table, text := range s.records() {
		texts["state: "+table] = text
	}
	for i, l := range s.world.Mail.Accepted() {
		if strings.Contains(l.To, "ops@") {
			texts[fmt.Sprintf("alert %d", i)] = string(l.Raw)
		}
	}
	var found []string
	for what, canary := range canaries(s) {
		if len(canary) < 6 {
			s.t.Fatalf("the canary %s is too short: %q", what, canary)
		}
		for _, disguise := range disguises(canary) {
			for where, text := range texts {
				if strings.Contains(text, disguise) {
					found = append(found, fmt.Sprintf("%s: the %s, as %q", where, what, disguise))
				}
			}
		}
	}
	return found
}

// records are the tables that are to be free of secrets and of customers.
func (s *shop) records() map[string]string {
	w, err := s.open()
	s.must(err)
	defer w.close()
	texts := map[string]string{}
	for _, table := range bot.Tables() {
		if table == bot.Notifications {
			continue // it holds whom to tell
		}
		for e, err := range w.store.Scan(s.t.Context(), table, "") {
			s.must(err)
			texts[string(table)] += e.Key + " " + string(e.Value) + "\n"
		}
	}
	return texts
}
