package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"restock/bot"
)

// signUpsAtPeers lets the same customers sign up at all machines at the same time.
func signUpsAtPeers(t *testing.T, s *shop, peers []peer, sku string) {
	const customers = 8
	at(t, peers, func(p peer) error {
		for i := range customers {
			res, err := http.PostForm("http://"+p.address+"/signup", url.Values{"sku": {sku}, "email": {fmt.Sprintf("new%d@example.com", i)}, "consent": {"yes"}})
			if err != nil {
				return err
			}
			page, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				return fmt.Errorf("a sign-up was answered with %d: %.300s", res.StatusCode, page)
			}
		}
		return nil
	})
	at(t, peers, func(p peer) error { return p.confirm(t.Context()) })
	asked := map[string]int{}
	for _, letter := range s.world.Mail.Accepted() {
		asked[letter.To]++
	}
	for i := range customers {
		if n := asked[fmt.Sprintf("new%d@example.com", i)]; n != 1 {
			t.Errorf("customer %d was asked to confirm %d times", i, n)
		}
	}
}

// alertsAtPeers lets runs fail on all machines, and the summary fall due.
func alertsAtPeers(t *testing.T, s *shop, peers []peer) {
	before := len(s.world.Mail.Accepted())
	now := time.Now()
	at(t, peers, func(p peer) error { return p.digest(t.Context(), now) })
	at(t, peers, func(p peer) error {
		run := bot.NewRun("restock", "test", now)
		run.Outcome, run.Finished, run.Error = bot.FailedRun, now, "no answer"
		run.Problem = &bot.StepError{Class: bot.SiteDown, Site: "ims", Flow: "stock", Expected: "an answer", Found: "none"}
		p.report(t.Context(), run)
		return nil
	})
	subjects := map[string]int{}
	for _, letter := range s.world.Mail.Accepted()[before:] {
		subjects[letter.Header.Get("Subject")]++
	}
	if len(subjects) != 2 {
		t.Errorf("%v", subjects)
	}
	for subject, n := range subjects {
		if n != 1 {
			t.Errorf("%q was mailed %d times", subject, n)
		}
	}
	state, err := peers[0].ledger.State(t.Context(), "restock")
	s.must(err)
	if len(state.Streak.Unsent) > 0 {
		t.Errorf("%+v", state.Streak)
	}
}
