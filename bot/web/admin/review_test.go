package admin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"restock/bot/report"

	"restock/bot"
	"restock/bot/web/admin"
)

// JSON that is redacted after it was written is none any more: <bob@…> is written <bob@….
func TestPageJSONBroken(t *testing.T) {
	b := newBed(t).up(t)
	run := bot.NewRun("shop", "cron", b.now)
	run.Outcome, run.Error = bot.FailedRun, "550 <bob@example.com> is unknown here"
	if err := b.l.SaveRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/runs", "/runs/" + run.ID} {
		if body := b.ask("GET", path, "application/json", nil).Body.Bytes(); !json.Valid(body) {
			t.Errorf("%s is no JSON: %s", path, body)
		}
	}
}

// a number after an escape is not seen.
func TestPageJSONLeaks(t *testing.T) {
	b := newBed(t).up(t)
	run := bot.NewRun("shop", "cron", b.now)
	run.Outcome, run.Error = bot.FailedRun, "call\n0491570006 <0491570007>"
	_ = b.l.SaveRun(t.Context(), run)
	body := b.ask("GET", "/runs/"+run.ID, "application/json", nil).Body.String()
	for _, p := range []string{"0491570006", "0491570007"} {
		if strings.Contains(body, p) {
			t.Errorf("%s is shown (Redact of the text itself: %q)", p, bot.Redact(run.Error))
		}
	}
}

// run IDs between 00:00 and 00:59 UTC, and codes that begin with 00, look like phone numbers.
func TestPageJSONIDs(t *testing.T) {
	b := newBed(t).up(t)
	run := bot.NewRun("shop", "cron", b.now)
	run.ID, run.Started = b.now.UTC().Format("20060102")+"-001530-123abc", b.now
	_ = b.l.SaveRun(t.Context(), run)
	var got struct {
		Runs []struct {
			ID string `json:"run"`
		}
	}
	_ = json.Unmarshal(b.ask("GET", "/runs", "application/json", nil).Body.Bytes(), &got)
	if len(got.Runs) != 1 || got.Runs[0].ID != run.ID {
		t.Errorf("run %s is %+v", run.ID, got)
	}
	n := note("aaaaaa", "0012345678905", 1)
	_ = b.l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n})
	if body := b.ask("GET", "/ledger?job=shop", "application/json", nil).Body.String(); !strings.Contains(body, `"0012345678905"`) {
		t.Errorf("the code 0012345678905 (GTIN) is nowhere: %s", body)
	}
}

type labOfReview struct{ admin.Lab }

func (labOfReview) Sites() ([]string, error)         { return []string{"ims"}, nil }
func (labOfReview) Formers(string) ([]string, error) { return nil, nil }
func (labOfReview) File(string) (string, error)      { return "site: ims\r\n", nil }
func (labOfReview) Save(string, string, string, bool) (string, error) {
	return "", fmt.Errorf("nothing was saved: the reason")
}

// who posts for JSON does not learn why.
func TestPageJSONLogIn(t *testing.T) {
	b := newBed(t)
	hash := admin.HashPassword("a long password")
	b.Access.Accounts = []admin.Account{{Name: "kim", Role: admin.Operator, Password: func() string { return hash }}}
	b.up(t)
	w := b.ask("POST", "/login", "application/json", url.Values{"user": {"kim"}, "password": {"wrong"}})
	if !strings.Contains(w.Body.String(), "Wrong user") {
		t.Errorf("%d without a reason: %s", w.Code, w.Body)
	}
}

// whoever can name an address of 127.0.0.0/8 guesses as often as they like.
func TestPageThrottleLoopback(t *testing.T) {
	b := newBed(t)
	hash := admin.HashPassword("a long password")
	b.Access.Accounts = []admin.Account{{Name: "kim", Role: admin.Operator, Password: func() string { return hash }}}
	b.up(t)
	tried := 0
	for i := range 200 {
		r := httptest.NewRequest("POST", "http://ops.example.com/login", strings.NewReader("user=x&password=y"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("127.0.%d.%d", i/250, i%250+1)) // nginx with proxy_pass alone passes on what the client names
		r.RemoteAddr = "127.0.0.1:4711"
		w := httptest.NewRecorder()
		b.h.ServeHTTP(w, r)
		if w.Code == http.StatusUnauthorized {
			tried++
		}
	}
	if tried > 120 {
		t.Errorf("%d attempts of 200 within a minute", tried)
	}
}

// who is in already, and follows a link, is led to the overview.
func TestPageToWhenIn(t *testing.T) {
	b := newBed(t)
	s, c := b.withUser(t)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := c.Get(s.URL + "/login?to=" + url.QueryEscape("/runs?job=shop"))
	if err != nil {
		t.Fatal(err)
	}
	if to := res.Header.Get("Location"); to != "/runs?job=shop" {
		t.Errorf("led to %s", to)
	}
}

// the word of what was done: a program's stays for a browser.
func TestPageWordJSON(t *testing.T) {
	b := newBed(t).up(t)
	b.ask("POST", "/jobs/shop/start", "application/json", url.Values{"csrf": {"local"}})
	b.now = b.now.Add(3 * time.Hour)
	if body := b.ask("GET", "/ledger", "", nil).Body.String(); strings.Contains(body, "was started") {
		t.Error("hours later, another page says: job shop was started")
	}
}

// the last page of a search that goes so far leads to one that is refused.
func TestPageSkip(t *testing.T) {
	b := newBed(t).up(t)
	var list []bot.Notification
	for i := range 200 {
		n := note("aaaaaa", "A", 1)
		n.Key = fmt.Sprintf("%06dxxxxxxxxxxxxxxxxxxxx", i)
		list = append(list, n)
	}
	_ = b.l.Commit(t.Context(), bot.Comparison{}, list)
	body := b.ask("POST", "/ledger", "", url.Values{"csrf": {"local"}, "sku": {"A"}, "job": {"shop"}, "restock": {"1"}}).Body.String()
	if strings.Contains(body, "Show what follows") {
		t.Error("nothing follows, and it is offered")
	}
	body = b.ask("POST", "/ledger", "", url.Values{"csrf": {"local"}, "sku": {"A"}, "job": {"shop"}, "restock": {"1"}, "skip": {"200"}}).Body.String()
	if strings.Contains(body, "Nothing of this was found") {
		t.Error("200 were found; “Show what follows” says: Nothing of this was found")
	}
}

func (labOfReview) Try(context.Context, string, string, bool) (admin.Trial, error) {
	return admin.Trial{}, nil
}

func TestPageJSONLab(t *testing.T) {
	b := newBed(t)
	b.Lab = labOfReview{}
	b.up(t)
	w := b.ask("POST", "/lab/ims", "application/json", url.Values{"csrf": {"local"}, "do": {"save"}, "text": {"site: ims\n"}})
	if !strings.Contains(w.Body.String(), "the reason") {
		t.Errorf("%d without the reason: %s", w.Code, w.Body)
	}
}

func TestPageBlankCustomer(t *testing.T) {
	b := newBed(t).up(t)
	w := b.ask("POST", "/ledger", "", url.Values{"csrf": {"local"}, "customer": {" "}, "sku": {"A"}})
	if w.Code != http.StatusOK {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
}

// at midnight a report is “being made” by nobody.
func TestPageReportMidnight(t *testing.T) {
	b := newBed(t)
	b.now = time.Date(2026, 1, 5, 23, 59, 50, 0, time.UTC)
	made := 0
	b.Report = func(_ context.Context, from, to time.Time, per string) (report.Report, error) {
		made++
		return report.Build(context.Background(), b.l, report.Options{From: from, To: to, Zone: time.UTC, Now: b.now, Per: per})
	}
	b.up(t)
	b.ask("GET", "/reports", "application/json", nil)
	b.now = b.now.Add(20 * time.Second)
	for range 3 {
		if w := b.ask("GET", "/reports", "application/json", nil); w.Code != http.StatusOK {
			t.Errorf("00:00:10: %d %s (made %d time(s))", w.Code, w.Body, made)
		}
	}
}

// TestPageReportError: a good report that is there is shown, though it could not be made anew.
func TestPageReportError(t *testing.T) {
	b := newBed(t)
	var fail atomic.Bool
	asked := make(chan struct{}, 9)
	b.Report = func(_ context.Context, from, to time.Time, per string) (report.Report, error) {
		asked <- struct{}{}
		if fail.Load() {
			return report.Report{}, fmt.Errorf("the state did not answer")
		}
		return report.Build(context.Background(), b.l, report.Options{From: from, To: to, Zone: time.UTC, Now: b.now, Per: per})
	}
	b.up(t)
	b.ask("GET", "/reports", "application/json", nil)
	<-asked
	b.now = b.now.Add(2 * time.Minute)
	fail.Store(true)
	for range 3 {
		if w := b.ask("GET", "/reports", "application/json", nil); w.Code != http.StatusOK {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	<-asked // it was tried
}
