package admin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/report"
	"restock/bot/web/admin"
	"restock/state/statetest"
)

var _ = net.Listen

type ctl struct {
	jobs    []admin.Job
	fail    error
	changed chan struct{}
	checks  []admin.Check
}

func (c *ctl) Jobs(context.Context) ([]admin.Job, error)         { return c.jobs, nil }
func (c *ctl) Start(string, string) error                        { return c.fail }
func (c *ctl) Stop(string, string) error                         { return c.fail }
func (c *ctl) Pause(context.Context, string, bool, string) error { return c.fail }
func (c *ctl) Progress() (map[string]string, <-chan struct{}) {
	return map[string]string{"shop": "at " + time.Now().Format("05.000")}, c.changed
}
func (c *ctl) Checks(context.Context) []admin.Check { return c.checks }

type bed struct {
	*admin.Admin
	h   http.Handler
	ctl *ctl
	l   *bot.Ledger
	now time.Time
}

func newBed(t *testing.T) *bed {
	t.Helper()
	b := &bed{ctl: &ctl{jobs: []admin.Job{{Name: "shop"}}, changed: make(chan struct{})}, now: time.Now()}
	clock := func() time.Time { return b.now }
	b.l = bot.NewLedger(&statetest.Memory{}, clock)
	b.Admin = &admin.Admin{
		Ledger: b.l, Control: b.ctl, Access: &admin.Access{Now: clock, Audit: filepath.Join(t.TempDir(), "audit.log")}, Zone: time.UTC, Now: clock,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Evidence: t.TempDir(), Failures: func(string) ([]admin.Failure, error) { return nil, nil },
	}
	return b
}

func (b *bed) up(t *testing.T) *bed {
	t.Helper()
	var err error
	if b.h, err = b.Handler(); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bed) ask(method, path, accept string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", accept)
	r.RemoteAddr = "127.0.0.1:4711"
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	return w
}

func note(key, sku string, number int) bot.Notification {
	return bot.Notification{
		Key: key + strings.Repeat("x", 20), Job: "shop", State: bot.Ambiguous, Channel: bot.SMS, Address: "+61491570006",
		Restock: bot.Restock{Job: "shop", SKU: sku, Number: number}, Subscription: bot.Subscription{ID: "7", SKU: sku, Customer: "Bob Smith", Email: "bob@intranet", Phone: "0491 570 006"},
		Changes: []bot.Change{{At: time.Now(), To: bot.Ambiguous, Detail: "call 0491 570 006 or Bob Smith, bob@example.com"}},
	}
}

// JSON of the ledger is not masked.
func TestFaultJSONMasked(t *testing.T) {
	b := newBed(t).up(t)
	n := note("aaaaaa", "A", 1)
	if err := b.l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/ledger?job=shop", "/ledger/" + n.Key} {
		body := b.ask("GET", path, "application/json", nil).Body.String()
		for _, personal := range []string{"0491 570 006", "bob@intranet", "bob@example.com"} {
			if strings.Contains(body, personal) {
				t.Errorf("%s shows %q, unmasked and unlogged: %s", path, personal, body)
			}
		}
	}
}

// the audit log says that something was done which was not.
func TestFaultAuditLies(t *testing.T) {
	b := newBed(t).up(t)
	b.ctl.fail = errors.New("there is no such job")
	w := b.ask("POST", "/jobs/nosuch/start", "", url.Values{"csrf": {"local"}})
	w2 := b.ask("POST", "/ledger/nosuch/resolve", "", url.Values{"csrf": {"local"}, "to": {"accepted"}})
	log, _ := os.ReadFile(b.Access.Audit)
	if w.Code != http.StatusInternalServerError || w2.Code != http.StatusInternalServerError || strings.Contains(string(log), `"did":"started"`) || strings.Contains(string(log), `"did":"resolved`) {
		t.Errorf("%d, %d: nothing was started or resolved; the audit log: %s", w.Code, w2.Code, log)
	}
	for _, want := range []string{"wants to start", "could not start", "could not resolve as accepted"} {
		if !strings.Contains(string(log), want) {
			t.Errorf("the audit log has no %q: %s", want, log)
		}
	}
}

// one long line hides everything after it from the audit page.
func TestFaultAuditHidden(t *testing.T) {
	b := newBed(t).up(t)
	b.ask("POST", "/ledger/before/reveal", "", url.Values{"csrf": {"local"}})
	b.ask("POST", "/ledger/"+strings.Repeat("<", 15000)+"/reveal", "", url.Values{"csrf": {"local"}})
	b.ask("POST", "/ledger/thesecretone/reveal", "", url.Values{"csrf": {"local"}})
	log, _ := os.ReadFile(b.Access.Audit)
	if !strings.Contains(string(log), "thesecretone") {
		t.Fatal("not in the log")
	}
	w := b.ask("GET", "/audit", "application/json", nil)
	if !strings.Contains(w.Body.String(), "thesecretone") {
		t.Errorf("the audit page (%d) does not show what was done after a long line: %.300s", w.Code, w.Body)
	}
}

// a forged cursor.
func TestFaultCursor(t *testing.T) {
	b := newBed(t).up(t)
	if err := b.l.SaveRun(t.Context(), bot.NewRun("shop", "test", b.now)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	w := b.ask("GET", "/runs?before=99991231-000000-x", "", nil)
	if took := time.Since(began); took > 200*time.Millisecond {
		t.Errorf("%d after %v", w.Code, took)
	}
}

// a stale report.
func TestFaultReportStale(t *testing.T) {
	b := newBed(t)
	b.Report = func(_ context.Context, from, to time.Time, per string) (report.Report, error) {
		return report.Build(context.Background(), b.l, report.Options{From: from, To: to, Zone: time.UTC, Now: b.now, Per: per})
	}
	b.up(t)
	b.ask("GET", "/reports", "application/json", nil)
	first := b.ask("GET", "/reports/restocks.csv", "", nil)
	was := b.ask("GET", "/reports", "application/json", nil).Body.String()
	b.now = b.now.Add(40 * 24 * time.Hour)
	w := b.ask("GET", "/reports", "application/json", nil)
	c := b.ask("GET", "/reports/restocks.csv", "", nil)
	if w.Code == 200 && w.Body.String() == was {
		t.Errorf("40 days later the report (and the CSV, %d %d) is the one of 40 days ago: %.200s", first.Code, c.Code, w.Body)
	}
}

// suppressions: the last of them.
func TestFaultSuppressionsLast(t *testing.T) {
	b := newBed(t).up(t)
	for i := range 300 {
		if err := b.l.Suppress(t.Context(), bot.Suppression{Who: b.l.Person(fmt.Sprintf("c%d@example.com", i)), Reason: bot.LeftUs, Source: "link", At: b.now.Add(-time.Duration(1000-i) * time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	missing := 0
	body := b.ask("GET", "/suppressions", "", nil).Body.String()
	for i := 290; i < 300; i++ {
		if !strings.Contains(body, b.l.Person(fmt.Sprintf("c%d@example.com", i))) {
			missing++
		}
	}
	if missing > 0 {
		t.Errorf("of the 10 last suppressions %d are not on the page that says “the last of them are shown”", missing)
	}
}

// paused, missed, overdue: all is well.
func TestFaultAllIsWell(t *testing.T) {
	b := newBed(t).up(t)
	b.ctl.jobs = []admin.Job{{Name: "shop", Schedule: "*/15 * * * *", Paused: true, Missed: 40, Next: []time.Time{b.now.Add(time.Hour)}}}
	run := bot.NewRun("shop", "cron", b.now.Add(-30*24*time.Hour))
	run.Outcome = bot.Done
	if err := b.l.SaveRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	body := b.ask("GET", "/", "", nil).Body.String()
	if strings.Contains(body, "All is well.") {
		t.Error("a job that is paused for a month, with 40 missed runs: All is well")
	}
	if strings.Contains(body, "Next run") {
		t.Error("a paused job is said to have a next run")
	}
}

// text of strangers on the log-in page.
func TestFaultSpoof(t *testing.T) {
	b := newBed(t)
	hash := admin.HashPassword("a long password")
	b.Access.Accounts = []admin.Account{{Name: "kim", Role: admin.Operator, Password: func() string { return hash }}}
	b.up(t)
	w := b.ask("GET", "/login?done="+url.QueryEscape("Your password has run out. Call 1800 000 000 to get a new one."), "", nil)
	if strings.Contains(w.Body.String(), "Call 1800 000 000") {
		t.Errorf("the page says what a link wants")
	}
}

// the folder of a run is a symbolic link.
func TestFaultSymlink(t *testing.T) {
	b := newBed(t).up(t)
	run := bot.NewRun("shop", "cron", b.now)
	_ = b.l.SaveRun(t.Context(), run)
	outside := t.TempDir()
	_ = os.WriteFile(filepath.Join(outside, "secret.txt"), []byte("top secret"), 0o600)
	if err := os.Symlink(outside, filepath.Join(b.Evidence, run.ID)); err != nil {
		t.Fatal(err)
	}
	w := b.ask("GET", "/runs/"+run.ID+"/evidence/secret.txt", "", nil)
	if strings.Contains(w.Body.String(), "top secret") {
		t.Errorf("%d: a file outside the evidence was given out", w.Code)
	}
}

// headers.
func TestFaultHeaders(t *testing.T) {
	b := newBed(t)
	hash := admin.HashPassword("a long password")
	b.Access.Secure = true
	b.Access.Accounts = []admin.Account{{Name: "kim", Role: admin.Operator, Password: func() string { return hash }}}
	b.up(t)
	w := b.ask("GET", "/login", "", nil)
	for _, name := range []string{"Strict-Transport-Security", "Cross-Origin-Resource-Policy", "Permissions-Policy"} {
		if w.Header().Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
}

func (b *bed) withUser(t *testing.T) (*httptest.Server, *http.Client) {
	t.Helper()
	hash := admin.HashPassword("a long password")
	b.Access.Accounts = []admin.Account{{Name: "kim", Role: admin.Operator, Password: func() string { return hash }}, {Name: "ann", Role: admin.Administrator, Password: func() string { return hash }}}
	b.up(t)
	s := httptest.NewServer(b.h)
	t.Cleanup(s.Close)
	jar, _ := cookiejar.New(nil)
	c := &http.Client{Jar: jar}
	res, err := c.PostForm(s.URL+"/login", url.Values{"user": {"kim"}, "password": {"a long password"}})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	if !strings.Contains(string(body), "Log out") {
		t.Fatalf("not in: %s", body)
	}
	return s, c
}

// the stream goes on after logging out, and after the session has ended.
func TestFaultStream(t *testing.T) {
	b := newBed(t)
	s, c := b.withUser(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "GET", s.URL+"/progress", nil)
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	buf := make([]byte, 4096)
	n, _ := res.Body.Read(buf)
	if n == 0 {
		t.Error("the stream says nothing while the session goes on")
	}
	if _, err := c.PostForm(s.URL+"/logout", nil); err != nil {
		t.Fatal(err)
	}
	b.now = b.now.Add(24 * time.Hour)
	close(b.ctl.changed)
	if n, err := res.Body.Read(buf); err == nil {
		t.Errorf("a day after logging out: %s", buf[:n])
	}
}

// logging in again leaves the session of before.
func TestFaultOldSession(t *testing.T) {
	b := newBed(t)
	s, c := b.withUser(t)
	u, _ := url.Parse(s.URL)
	old := c.Jar.Cookies(u)[0]
	if res, err := c.PostForm(s.URL+"/login", url.Values{"user": {"kim"}, "password": {"a long password"}}); err != nil || res.StatusCode != 200 {
		t.Fatal(err)
	}
	_, _ = c.PostForm(s.URL+"/logout", nil)
	req, _ := http.NewRequest("GET", s.URL+"/runs", nil)
	req.AddCookie(old)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(res.Body); strings.Contains(string(body), "Log out") {
		t.Error("the session before the second log-in is alive after logging out")
	}
	log, _ := os.ReadFile(b.Access.Audit)
	if !strings.Contains(string(log), "logged out") {
		t.Errorf("logging out is not in the audit log")
	}
}

// anybody can lock everybody out for ever.
func TestFaultLockOut(t *testing.T) {
	b := newBed(t)
	hash := admin.HashPassword("a long password")
	b.Access.Accounts = []admin.Account{{Name: "kim", Role: admin.Operator, Password: func() string { return hash }}}
	b.up(t)
	try := func(from, password string) int {
		r := httptest.NewRequest("POST", "http://localhost/login", strings.NewReader(url.Values{"user": {"x"}, "password": {password}}.Encode()))
		if password == "a long password" {
			r = httptest.NewRequest("POST", "http://localhost/login", strings.NewReader(url.Values{"user": {"kim"}, "password": {password}}.Encode()))
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = from + ":1"
		w := httptest.NewRecorder()
		b.h.ServeHTTP(w, r)
		return w.Code
	}
	in := 0
	for minute := range 10 {
		for i := range 20 {
			try(fmt.Sprintf("[2001:db8::%d]", minute*20+i+1), "x")
		}
		b.now = b.now.Add(30 * time.Second)
		if try("10.0.0.1", "a long password") == http.StatusSeeOther {
			in++
		}
		b.now = b.now.Add(31 * time.Second)
	}
	if in == 0 {
		t.Errorf("in ten minutes kim could not log in once, at the cost of 20 requests a minute from one IPv6 network")
	}
	log, _ := os.ReadFile(b.Access.Audit)
	if !strings.Contains(string(log), "too many") {
		t.Error("the audit log does not say that somebody guesses")
	}
}

// refusals of a role are not in the audit log.
func TestFaultRefused(t *testing.T) {
	b := newBed(t)
	s, c := b.withUser(t)
	res, err := c.Get(s.URL + "/audit")
	if err != nil || res.StatusCode != 403 {
		t.Fatal(err, res.StatusCode)
	}
	log, _ := os.ReadFile(b.Access.Audit)
	if strings.Count(string(log), "\n") < 2 {
		t.Errorf("an operator who asks for the audit log leaves nothing there: %s", log)
	}
}

// metrics by a rebound name, with users.
func TestFaultMetricsRebind(t *testing.T) {
	b := newBed(t)
	hash := admin.HashPassword("a long password")
	b.Access.Accounts = []admin.Account{{Name: "kim", Role: admin.Operator, Password: func() string { return hash }}}
	b.up(t)
	r := httptest.NewRequest("GET", "http://evil.example:8470/metrics", nil)
	r.RemoteAddr = "127.0.0.1:4711"
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	if w.Code == 200 {
		t.Errorf("a page of evil.example reads the figures: %.80s", w.Body)
	}
}

// both fields of the search.
func TestFaultSearchBoth(t *testing.T) {
	b := newBed(t).up(t)
	x, y := note("aaaaaa", "A", 1), note("bbbbbb", "B", 1)
	if err := b.l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{x, y}); err != nil {
		t.Fatal(err)
	}
	form := url.Values{"csrf": {"local"}, "customer": {"+61491570006"}, "sku": {"A"}, "job": {"shop"}}
	body := b.ask("POST", "/ledger", "", form).Body.String()
	if i := strings.Index(body, `class="quiet"`); i > 0 {
	}
	if strings.Contains(body, "bbbbbb") {
		t.Errorf("customer and product A: product B is shown too")
	}
	// by GET
	got := b.ask("GET", "/ledger?job=shop&customer=nobody@example.com", "application/json", nil).Body.String()
	if strings.Contains(got, "aaaaaa") {
		t.Errorf("asked for nobody@example.com in JSON: answered with others' messages: %.100s", got)
	}
	form.Set("job", "nosuchjob")
	body = b.ask("POST", "/ledger", "", url.Values{"csrf": {"local"}, "customer": {"+61491570006"}, "job": {"other"}}).Body.String()
	if strings.Contains(body, "aaaaaa") {
		t.Errorf("asked of job other: those of job shop are shown")
	}
}

// programs.
func TestFaultPrograms(t *testing.T) {
	b := newBed(t)
	s, _ := b.withUser(t)
	req, _ := http.NewRequest("GET", s.URL+"/runs", nil)
	req.Header.Set("Accept", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode == 200 {
		t.Errorf("a program whose session has ended gets %d %s", res.StatusCode, body)
	}
}

// too large a text.
func TestFaultLarge(t *testing.T) {
	b := newBed(t).up(t)
	w := b.ask("POST", "/lab/crm", "", url.Values{"text": {strings.Repeat("#: ä\n", 900000)}, "csrf": {"local"}, "do": {"save"}})
	if w.Code != 413 {
		t.Errorf("a file of 5 MB: %d %s", w.Code, w.Body)
	}
}

// a running run.
func TestFaultRunningRun(t *testing.T) {
	b := newBed(t).up(t)
	run := bot.NewRun("shop", "cron", b.now)
	_ = b.l.SaveRun(t.Context(), run)
	body := b.ask("GET", "/runs/"+run.ID, "", nil).Body.String()
	if strings.Contains(body, "Run again") || !strings.Contains(body, "/stop") {
		t.Error("a run that goes on is offered “Run again”, and no “Stop”")
	}
}
