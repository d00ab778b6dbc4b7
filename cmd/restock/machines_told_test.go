package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/schedule"
	"restock/bot/web/admin"
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
	at(t, peers, func(p peer) error { // no machine is there that runs jobs
		if since := p.nobodyRuns(t.Context(), time.Time{}); since.IsZero() {
			t.Error("it is not seen that nobody runs jobs")
		}
		p.nobodyRuns(t.Context(), now.Add(-10*time.Minute))
		return nil
	})
	subjects := map[string]int{}
	for _, letter := range s.world.Mail.Accepted()[before:] {
		subjects[letter.Header.Get("Subject")]++
	}
	if len(subjects) != 3 || subjects["[restock] no machine runs jobs"] != 1 {
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

// controlAtPeers looks at, stops and starts a job from a machine that runs none.
func controlAtPeers(t *testing.T, s *shop, peers []peer) {
	ctx, end := context.WithCancel(t.Context())
	defer end()
	page := newBoard(ctx, peers[1].workshop, &schedule.Planner{Store: peers[1].store, Now: time.Now, Log: peers[1].a.log()})
	page.idle = true
	go page.watch(ctx)
	running := func() admin.Job {
		jobs, err := page.Jobs(ctx)
		s.must(err)
		return jobs[0]
	}
	if job := running(); job.Running {
		t.Errorf("%+v", job)
	}
	if err := page.Start("restock", "ann"); err == nil || !strings.Contains(err.Error(), "none with the role schedule is at work") {
		t.Errorf("nobody is there: %v", err)
	}
	s.must(peers[0].ledger.Present(ctx, bot.Machine{Name: "process 1 on shop-01", Roles: "schedule,send"}))
	s.must(page.Start("restock", "ann"))
	taken := 0
	for _, p := range peers {
		who, ok, err := p.ledger.StartAsked(ctx, "restock")
		s.must(err)
		if ok {
			taken++
		}
		if ok && who != "ann" {
			t.Errorf("started by %q", who)
		}
	}
	if taken != 1 {
		t.Errorf("%d machines were to start it", taken)
	}
	lease := bot.Lease{Run: "20261126-000000-abcdef", Holder: "process 1 on shop-01", Since: time.Now(), Doing: "telling customers: 5 accepted"}
	value, err := json.Marshal(lease)
	s.must(err)
	_, err = peers[0].store.Apply(ctx, bot.Write{Table: bot.Leases, Key: "restock", Value: value, TTL: time.Minute})
	s.must(err)
	for began := time.Now(); !running().Running; time.Sleep(50 * time.Millisecond) { // real servers
		if time.Since(began) > 10*time.Second {
			t.Fatal("the run of another machine is not seen")
		}
	}
	if job := running(); !strings.Contains(job.Holder, "process 1 on shop-01") {
		t.Errorf("%+v", job)
	}
	if texts, _ := page.Progress(); texts["restock"] != lease.Doing {
		t.Errorf("%v", texts)
	}
	if err := page.Start("restock", "ann"); err == nil {
		t.Error("it was started twice")
	}
	s.must(page.Stop("restock", "ann"))
	if entry, err := peers[2].store.Get(ctx, bot.Leases, "stop/"+lease.Run); err != nil || !strings.Contains(string(entry.Value), "ann") {
		t.Errorf("%s, %v", entry.Value, err)
	}
	wells := map[string]bool{}
	for _, c := range page.Checks(ctx) {
		wells[c.Name] = c.OK
	}
	if _, looked := wells["machines"]; !looked || !wells["servers of the state"] {
		t.Errorf("%v", wells)
	}
}
