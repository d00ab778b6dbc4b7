package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot/web/admin"
	"restock/state/freeport"
)

// TestListenersApart: what customers reach knows nothing of the operators' page, and the other way round.
func TestListenersApart(t *testing.T) {
	t.Parallel()
	public := freeport.Address(t)
	o := newOffice(t, "}\npublic: {listen: \""+public+"\", url: \"http://"+public+"\", shopify: {secret: \"${secret:SHOP_KEY}\"}, signup: {}")
	serve, err := o.w.listen(t.Context())
	o.must(err)
	go serve()
	customers, operators := client(t, "http://"+public), client(t, o.address)
	for _, path := range []string{
		"/", "/runs", "/runs/" + o.failed, "/runs/" + o.failed + "/evidence/evidence.html", "/ledger", "/schedule", "/reports", "/suppressions", "/audit", "/login", "/logout",
		"/progress", "/metrics", "/healthz", "/readyz", "/assets/admin.css", "/jobs/restock/start", "/lab",
	} {
		if code, page := customers.get(path); code != http.StatusNotFound {
			t.Errorf("the customers' listener answers %s with %d: %.100s", path, code, page)
		}
		if code, page := customers.post(path, "csrf", "local"); code != http.StatusNotFound && code != http.StatusMethodNotAllowed {
			t.Errorf("the customers' listener answers a POST to %s with %d: %.100s", path, code, page)
		}
	}
	for _, path := range []string{"/r/abc", "/r/1/abc", "/u/abc", "/signup", "/signup/AO-1036", "/confirm/abc", "/hooks/shopify", "/hooks/woocommerce", "/t/abc", "/hooks/twilio"} {
		for _, ask := range []func(string) (int, string){operators.get, func(path string) (int, string) { return operators.post(path, "a", "b") }} {
			if code, page := ask(path); code != http.StatusNotFound && code != http.StatusMethodNotAllowed {
				t.Errorf("the operators' listener answers %s with %d: %.100s", path, code, page)
			}
		}
	}
}

// TestAccess: who may do what on a page with users, and for how long; what a foreign site can make a browser do there.
func TestAccess(t *testing.T) {
	t.Parallel()
	now := time.Now()
	x := &admin.Access{Now: func() time.Time { return now }, Audit: filepath.Join(t.TempDir(), "audit.log")}
	for i, name := range admin.RoleNames() {
		hash := admin.HashPassword("the password of " + name)
		x.Accounts = append(x.Accounts, admin.Account{Name: name, Role: admin.Role(i), Password: func() string { return hash }})
	}
	o := newOffice(t, "")
	page := &admin.Admin{Ledger: o.w.ledger, Control: o.board, Access: x, Evidence: o.w.evidence(), Failures: o.w.failures, Zone: time.UTC, Now: x.Now, Log: o.w.a.log()}
	handler, err := page.Handler()
	o.must(err)
	server := httptest.NewServer(handler)
	defer server.Close()

	stranger := client(t, server.URL)
	for _, path := range []string{"/", "/runs", "/ledger", "/audit", "/runs/" + o.failed + "/evidence/evidence.html"} {
		if _, body := stranger.get(path); !strings.Contains(body, `action="/login"`) {
			t.Errorf("a stranger gets %s: %.200s", path, body)
		}
	}
	if code, _ := stranger.post("/jobs/restock/pause", "csrf", "local", "paused", "true"); code != http.StatusUnauthorized {
		t.Errorf("a stranger may pause a job: %d", code)
	}
	callers := map[string]*caller{}
	for _, name := range admin.RoleNames() {
		c := client(t, server.URL)
		if code, body := c.post("/login", "user", name, "password", "the password of "+name); code != http.StatusOK {
			t.Fatalf("%s: %d %.200s", name, code, body)
		}
		callers[name] = c
	}
	for name, want := range map[string]int{"viewer": http.StatusForbidden, "operator": http.StatusForbidden, "analyst": http.StatusForbidden, "admin": http.StatusOK} {
		if code, _ := callers[name].get("/audit"); code != want {
			t.Errorf("%s gets the audit log with %d", name, code)
		}
	}
	for name, want := range map[string]int{"viewer": http.StatusForbidden, "operator": http.StatusForbidden, "admin": http.StatusOK} {
		if _, body := callers[name].get("/"); strings.Contains(body, `href="/audit"`) != (want == http.StatusOK) || strings.Contains(body, `href="/lab"`) != (want == http.StatusOK) {
			t.Errorf("%s is shown pages that are not for them, or not shown those that are", name)
		}
	}
	for _, name := range []string{"viewer", "operator"} { // what sites show is shown there, customers too
		if code, _ := callers[name].get("/lab/crm"); code != http.StatusForbidden {
			t.Errorf("%s gets the lab with %d", name, code)
		}
	}
	if code, body := callers["viewer"].post("/runs/"+o.failed+"/release", "csrf", "x"); code != http.StatusForbidden || !strings.Contains(body, "operator") {
		t.Errorf("a viewer may release: %d %s", code, body)
	}
	if code, _ := callers["operator"].post("/runs/"+o.failed+"/release", "csrf", "x"); code != http.StatusForbidden {
		t.Errorf("a form without its token is taken: %d", code)
	}
	foreign, _ := http.NewRequest(http.MethodPost, server.URL+"/logout", strings.NewReader(""))
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	if res, err := callers["admin"].c.Do(foreign); err != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("a foreign site may post: %v, %v", res, err)
	}
	now = now.Add(31 * time.Minute)
	if _, body := callers["admin"].get("/audit"); !strings.Contains(body, `action="/login"`) {
		t.Error("a session does not end when nobody uses it")
	}
	for i := range 7 {
		code, _ := stranger.post("/login", "user", "admin", "password", "guess")
		if want := map[bool]int{true: http.StatusUnauthorized, false: http.StatusTooManyRequests}[i < 5]; code != want {
			t.Errorf("attempt %d is answered with %d", i+1, code)
		}
	}
	log, err := os.ReadFile(x.Audit)
	if err != nil || strings.Count(string(log), `"did":"was refused","what":"log-in"}`) != 5 || strings.Count(string(log), "too many attempts") != 1 || strings.Count(string(log), "logged in") != 4 || strings.Contains(string(log), "guess") {
		t.Errorf("%v: %s", err, log)
	}
}

// TestForeignName: a site whose name leads to this machine cannot read the page through a browser that visits it.
func TestForeignName(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.address+"/ledger", nil)
	o.must(err)
	req.Host = "evil.example:8470"
	res, err := http.DefaultClient.Do(req)
	o.must(err)
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusMisdirectedRequest || strings.Contains(string(body), "AO-") {
		t.Errorf("%d: %s", res.StatusCode, body)
	}
	policy := res.Header.Get("Content-Security-Policy")
	if policy == "" || strings.Contains(policy, "unsafe") || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", res.Header)
	}
}
