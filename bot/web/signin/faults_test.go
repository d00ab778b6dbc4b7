package signin_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"restock/bot/web/signin"
)

// A provider that hangs once: nobody can log in until restock is started anew.
func TestFaultHangs(t *testing.T) {
	var asked atomic.Int32
	first := make(chan struct{})
	stop := make(chan struct{})
	var issuer string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			close(first)
			<-stop // the connection stays open, and nothing comes
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"issuer":"` + issuer + `","authorization_endpoint":"` + issuer + `/a","token_endpoint":"` + issuer + `/t","jwks_uri":"` + issuer + `/k"}`))
	}))
	issuer = s.URL
	defer s.Close()
	defer close(stop)
	p := &signin.Provider{Issuer: s.URL, Client: "restock", Secret: "s", Callback: "http://localhost/login/provider/callback"}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	go func() { _, _, _ = p.Begin(ctx) }() // the user gives up after a second
	<-first
	done := make(chan error, 1)
	go func() { _, _, err := p.Begin(t.Context()); done <- err }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Errorf("the provider is well again (%d requests), and nobody can log in", asked.Load())
	}
}

// Whoever may choose a preferred_username is in the audit log as somebody else.
func TestFaultName(t *testing.T) {
	c := newCompany(t)
	c.claims = map[string]any{"sub": "u-666", "email": nil, "preferred_username": "boss@example.com"}
	d, b := newDesk(t, c), browser(t)
	get(t, b, d.URL+"/login/provider")
	log, _ := os.ReadFile(d.audit)
	if !strings.Contains(string(log), "u-666") {
		t.Errorf("the subject is not in the audit log: %s", log)
	}
}
