package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"restock/bot/config"
)

// TestNobodyRunsOnce: mail works, a webhook does not: what `present` does every 10 seconds, for 10 minutes.
func TestNobodyRunsOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	t.Cleanup(server.Close)
	s := emptyShop(t, "alerts:\n  ops: [ops@austral-outdoors.example]\n  webhooks:\n    - {url: \""+server.URL+"/json\"}\n")
	w, err := s.open()
	s.must(err)
	defer w.close()
	w.config.Cluster = &config.Cluster{}
	if len(w.scheduled()) == 0 {
		w.config.Jobs[0].Schedule = "0 * * * *"
	}
	before := len(s.world.Mail.Accepted())
	since := time.Now().Add(-10 * time.Minute)
	for range 6 { // a minute
		since = w.nobodyRuns(t.Context(), since)
	}
	mails := map[string]int{}
	for _, l := range s.world.Mail.Accepted()[before:] {
		mails[l.Header.Get("Subject")]++
	}
	for subject, n := range mails {
		if n > 1 {
			t.Errorf("%q was mailed %d times", subject, n)
		}
	}
}
