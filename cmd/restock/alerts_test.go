package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"restock/bot"
	"restock/flows/flowtest"
)

// listener is a webhook and a dead-man switch that remember what they got.
type listener struct {
	mu    sync.Mutex
	posts map[string][]string
	down  bool
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	body, _ := io.ReadAll(r.Body)
	l.posts[r.URL.Path] = append(l.posts[r.URL.Path], string(body))
}

func (l *listener) got(path string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.posts[path]...)
}

// TestAlerts: the first failure, one of another kind, every third further one, and the recovery are told to whom they concern,
// by mail and webhook; what cannot be delivered is delivered later; good runs beat the heart.
func TestAlerts(t *testing.T) {
	t.Parallel()
	l := &listener{posts: map[string][]string{}}
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	s := newShop(t, "browser: {open: 3s, step: 1s}\nalerts:\n  ops: [ops@austral-outdoors.example]\n  analyst: [analyst@austral-outdoors.example]\n  repeat: 3\n  heartbeat: "+server.URL+"/beat\n"+
		"  webhooks:\n    - {url: \"${secret:HOOK}/json\"}\n    - {url: \"${secret:HOOK}/slack\", format: slack, for: [ops]}\n    - {url: \"${secret:HOOK}/teams\", format: teams, for: [analyst]}\n")
	s.env["RESTOCK_SECRET_HOOK"] = server.URL
	s.must(s.world.Break("N4", flowtest.When{}))
	for range 5 { // failures 1 and 4 are told
		if _, err := s.run(); bot.ClassOf(err) != bot.SiteDown {
			t.Fatal(err)
		}
	}
	l.mu.Lock()
	l.down = true
	l.mu.Unlock()
	s.must(s.world.Break("H2", flowtest.When{}))
	if _, err := s.run(); bot.ClassOf(err) != bot.PageChanged { // told to the analyst, by mail only
		t.Fatal(err)
	}
	l.mu.Lock()
	l.down = false
	l.mu.Unlock()
	s.world.Mend()
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, post := range l.got("/json") {
		var a bot.Alert
		if err := json.Unmarshal([]byte(post), &a); err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, string(a.Kind)+" "+string(a.Class))
	}
	if got := strings.Join(kinds, ", "); got != "failure SITE_DOWN, again SITE_DOWN, failure PAGE_CHANGED, recovery " {
		t.Errorf("the webhook got %s", got)
	}
	if n, m := len(l.got("/slack")), len(l.got("/teams")); n != 3 || m != 2 {
		t.Errorf("slack %d, teams %d", n, m)
	}
	if beats := len(l.got("/beat")); beats != 1 {
		t.Errorf("%d heartbeats of one good run", beats)
	}
	mails := map[string][]string{}
	for _, m := range s.world.Mail.Accepted() {
		if strings.HasSuffix(m.To, "austral-outdoors.example") {
			mails[m.To] = append(mails[m.To], m.Subject+"\n"+string(m.Raw))
		}
	}
	ops, analyst := mails["ops@austral-outdoors.example"], mails["analyst@austral-outdoors.example"]
	if len(ops) != 3 || len(analyst) != 2 { // what one webhook did not get is not mailed again
		t.Fatalf("%d mails to ops, %d to the analyst", len(ops), len(analyst))
	}
	for _, want := range []string{"[restock]", "status 5", "What to do:", "evidence.html", "Auto-Submitted: auto-generated"} {
		if !strings.Contains(ops[0], want) {
			t.Errorf("the first mail has no %q:\n%s", want, ops[0])
		}
	}
	if !strings.Contains(ops[2], "works again") || !strings.Contains(analyst[0], "ims.yaml:") {
		t.Errorf("%s\n%s", ops[2], analyst[0])
	}
}

// TestNotBegun: a run that cannot begin is recorded and told like one that failed.
func TestNotBegun(t *testing.T) {
	t.Parallel()
	s := newShop(t, quick+"alerts: {ops: [ops@austral-outdoors.example]}\n")
	s.edit("sites/crm.yaml", "followup:", "folowup:")
	if _, err := s.run(); err == nil {
		t.Fatal("no error")
	}
	w, err := s.open()
	s.must(err)
	defer w.close()
	runs, err := w.ledger.History(t.Context(), "", 5)
	if err != nil || runs[0].Outcome != bot.FailedRun || runs[0].Problem.Class != bot.Config || !strings.Contains(runs[0].Error, "did you mean followup?") {
		t.Errorf("%+v, %v", runs, err)
	}
	if mails := s.world.Mail.Accepted(); len(mails) != 1 || !strings.Contains(string(mails[0].Raw), "crm.yaml:") {
		t.Errorf("%d mails", len(mails))
	}
}

// TestDigest: once a day, at its time, with the fallbacks of the week on Mondays; and a run that was missed.
func TestDigest(t *testing.T) {
	t.Parallel()
	s := newShop(t, quick+"alerts: {ops: [ops@austral-outdoors.example], digest: \"07:30\", health: weekly}\n")
	s.edit("sites/ims.yaml", `submit:   [{role: button, name: Log in}]`, `submit:   [{css: "#gone"}, {role: button, name: Log in}]`)
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	w, err := s.open()
	s.must(err)
	defer w.close()
	monday := time.Now().In(w.config.Location)
	for monday.Weekday() != time.Monday {
		monday = monday.AddDate(0, 0, 1)
	}
	at := func(hour, minute int) time.Time {
		return time.Date(monday.Year(), monday.Month(), monday.Day(), hour, minute, 0, 0, w.config.Location)
	}
	for _, now := range []time.Time{at(7, 29), at(7, 30), at(7, 31), at(23, 0)} {
		s.must(w.digest(t.Context(), now))
	}
	w.missed(t.Context(), "restock", at(6, 0))
	mails := s.world.Mail.Accepted()
	if len(mails) != 2 {
		t.Fatalf("%d mails", len(mails))
	}
	for i, wants := range [][]string{{"the day of restock", "selector health:", "alternative 2"}, {"did not run", "catch_up"}} {
		for _, want := range wants {
			if text := strings.ReplaceAll(string(mails[i].Raw), "=\r\n", ""); !strings.Contains(text, want) {
				t.Errorf("no %q in:\n%s", want, text)
			}
		}
	}
}
