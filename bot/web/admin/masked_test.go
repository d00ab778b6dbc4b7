package admin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"restock/bot"
)

func TestFaultBeyond200(t *testing.T) {
	b := vaulted(t)
	var plan []bot.Notification
	for i := range 300 {
		n := note(fmt.Sprintf("k%05d", i), "A", 1)
		n.Subscription.ID, n.State = fmt.Sprint(i), bot.Queued
		if i == 290 {
			n.State = bot.Ambiguous
		}
		plan = append(plan, n)
	}
	if err := b.l.Commit(t.Context(), bot.Comparison{}, plan); err != nil {
		t.Fatal(err)
	}
	w := b.ask("GET", "/ledger?job=shop&sku=A&restock=1&state=ambiguous", "application/json", nil).Body.String()
	if !strings.Contains(w, `"key":"k00290`) {
		t.Errorf("the ambiguous message of product A, restock 1: %s", w)
	}
	h := b.ask("GET", "/ledger?job=shop&sku=A&restock=1", "", nil).Body.String()
	if !strings.Contains(h, "Show what follows") {
		t.Error("the messages after the first 200 cannot be reached")
	}
	next := b.ask("POST", "/ledger", "application/json", url.Values{"csrf": {"local"}, "job": {"shop"}, "sku": {"A"}, "restock": {"1"}, "skip": {"200"}}).Body.String()
	if n := strings.Count(next, `"key":"k`); n != 100 {
		t.Errorf("%d messages follow the first 200 of 300", n)
	}
}

func TestFaultClickPersonal(t *testing.T) {
	b := vaulted(t)
	n := note("aaaaaa", "A", 1)
	n.Notes = []bot.Note{{Event: "bounced", At: b.now, Detail: "550 bob@example.com unknown"}}
	n.FollowUp.Detail = "found “Bob Smith, 0491 570 006”"
	_ = b.l.Commit(t.Context(), bot.Comparison{}, []bot.Notification{n})
	h := b.ask("GET", "/ledger/"+n.Key, "", nil).Body.String()
	for _, p := range []string{"bob@example.com", "0491 570 006"} {
		if strings.Contains(h, p) {
			t.Errorf("who only looks is shown %s", p)
		}
	}
	if w := b.ask("GET", "/ledger/"+n.Key+"/reveal", "", nil); w.Code != http.StatusNotFound {
		t.Errorf("personal data by a link: %d", w.Code)
	}
	w := b.ask("POST", "/ledger/"+n.Key+"/reveal", "application/json", url.Values{"csrf": {"local"}})
	if log, _ := os.ReadFile(b.Access.Audit); !strings.Contains(w.Body.String(), "0491 570 006") || !strings.Contains(string(log), "looked at personal data") {
		t.Errorf("asked for: %s; the audit log: %s", w.Body, log)
	}
}

// a run whose records have national numbers
func TestFaultRunJSON(t *testing.T) {
	b := newBed(t).up(t)
	run := bot.NewRun("shop", "cron", b.now)
	run.Outcome = bot.FailedRun
	run.Problem = &bot.StepError{Class: bot.DataContract, Site: "crm", Flow: "subscribers", Expected: "an address", Found: "“bob@example.com, 0491 570 006”"}
	_ = b.l.SaveRun(t.Context(), run)
	for _, path := range []string{"/runs", "/runs/" + run.ID, "/"} {
		j := b.ask("GET", path, "application/json", nil).Body.String()
		h := b.ask("GET", path, "", nil).Body.String()
		for _, p := range []string{"bob@example.com", "0491 570 006"} {
			if strings.Contains(j+h, p) {
				t.Errorf("%s shows %s", path, p)
			}
		}
	}
}
