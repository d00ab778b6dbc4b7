package flows_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/flows"
	"restock/flows/flowtest"
	"restock/state/statetest"
)

// anotherRun is a Sites of a later run: it has the memory of the first and nothing else.
func anotherRun(s *flows.Sites) *flows.Sites {
	next := flows.Sites{
		Files: s.Files, Values: s.Values, NewPage: s.NewPage, Guard: s.Guard, Evidence: s.Evidence, Zone: s.Zone, Now: s.Now, Key: s.Key,
		OnQuestion: s.OnQuestion,
	}
	return &next
}

// TestKeptSession: a session outlives the run, encrypted; one that has ended, or belongs to another password or key, is not
// used.
func TestKeptSession(t *testing.T) {
	w, s := sample(t)
	store := &statetest.Memory{}
	s.Guard, s.Key = bot.NewLedger(store, time.Now), []byte("key")
	read := func(s *flows.Sites, logIns int) {
		t.Helper()
		if r, err := s.Stock(t.Context(), "ims"); err != nil || len(r.Levels) != 120 {
			t.Fatalf("%d levels, %v", len(r.Levels), err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if n := len(w.LogIns()); n != logIns {
			t.Fatalf("%d log-ins, expected %d", n, logIns)
		}
	}
	read(s, 1)
	for e := range store.Scan(t.Context(), bot.Sessions, "") {
		if len(e.Value) < 100 || bytes.Contains(e.Value, []byte("session")) || bytes.Contains(e.Value, []byte("127.0.0.1")) {
			t.Errorf("kept in clear: %q", e.Value)
		}
	}
	read(anotherRun(s), 1)
	w.EndSessions()
	read(anotherRun(s), 2)
	read(anotherRun(s), 2)
	other := anotherRun(s)
	other.Key = []byte("another")
	read(other, 3)
	fresh := anotherRun(other)
	fresh.Files["ims"].Login.Fresh = true
	read(fresh, 4)
}

// TestStoredSession: what a site keeps in local and session storage is kept like its cookies.
func TestStoredSession(t *testing.T) {
	w, s := sample(t)
	s.Guard, s.Key = bot.NewLedger(&statetest.Memory{}, time.Now), []byte("key")
	var seen []string
	const page = `<!doctype html><header><a class=logout>x</a></header><h1>Products</h1><table class=stock><thead><tr><th>SKU<th>Product<th>On hand</thead>
<tbody><tr><td>A<td><a href=/p>x</a><td>1</table><span class=count>1–1 of 1</span><script>
fetch("/seen?" + localStorage.getItem("token") + "/" + sessionStorage.getItem("token"));
localStorage.setItem("token", "local-1"); sessionStorage.setItem("token", "session-1");</script>`
	w.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
		switch r.URL.Path {
		case "/seen":
			seen = append(seen, r.URL.RawQuery)
		case "/products":
			_, _ = rw.Write([]byte(page))
		default:
			return false
		}
		return true
	})
	for _, run := range []*flows.Sites{s, anotherRun(s)} {
		if _, err := run.Stock(t.Context(), "ims"); err != nil {
			t.Fatal(err)
		}
		if err := run.Close(); err != nil {
			t.Error(err)
		}
	}
	if all := strings.Join(seen, " "); !strings.HasPrefix(all, "null/null") || !strings.HasSuffix(all, "local-1/session-1") || len(w.LogIns()) != 1 {
		t.Errorf("the site saw %q, %d log-ins", all, len(w.LogIns()))
	}
}

// TestSessionEndsUndescribed: the end of a session is recognised without a word of it in the file, whichever way it shows.
func TestSessionEndsUndescribed(t *testing.T) {
	for name, answer := range map[string]func(w *flowtest.World, rw http.ResponseWriter, r *http.Request){
		"redirect to the log-in": func(w *flowtest.World, rw http.ResponseWriter, r *http.Request) {
			w.EndSessions()
			http.Redirect(rw, r, "/login", http.StatusSeeOther)
		},
		"401": func(w *flowtest.World, rw http.ResponseWriter, _ *http.Request) {
			w.EndSessions()
			http.Error(rw, "unauthorised", http.StatusUnauthorized)
		},
		"form at the same address": func(w *flowtest.World, rw http.ResponseWriter, _ *http.Request) {
			w.EndSessions()
			_, _ = rw.Write([]byte(`<!doctype html><h1>Session expired</h1><form action=/login method=post><input id=user><label>Password<input type=password></label></form>`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := sample(t)
			s.Files["ims"].Interruptions = nil
			s.Files["ims"].Stock.Within = 3 * time.Second
			pages := 0
			w.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/products" {
					return false
				}
				if pages++; pages != 4 {
					return false
				}
				answer(w, rw, r)
				return true
			})
			if r, err := s.Stock(t.Context(), "ims"); err != nil || len(r.Levels) != 120 || len(w.LogIns()) != 2 {
				t.Errorf("%d levels, %v, %d log-ins", len(r.Levels), err, len(w.LogIns()))
			}
		})
	}
}

// TestKickedOut: somebody else uses the account, and each log-in ends the other's session: after a few it is given up.
func TestKickedOut(t *testing.T) {
	w, s := sample(t)
	w.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/products" && r.FormValue("page") == "2" {
			w.EndSessions()
		}
		return false
	})
	_, err := s.Stock(t.Context(), "ims")
	if bot.ClassOf(err) != bot.Auth || !strings.Contains(err.Error(), "same account") || len(w.LogIns()) > 8 {
		t.Errorf("%v, %d log-ins", err, len(w.LogIns()))
	}
}

// TestPhishing: a log-in that has moved to another origin gets nothing, whether it is listed or not.
func TestPhishing(t *testing.T) {
	for name, allow := range map[string]bool{"not listed": false, "listed, but not for secrets": true} {
		t.Run(name, func(t *testing.T) {
			w, s := sample(t)
			got := ""
			phish := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				got += r.FormValue("user") + r.FormValue("password")
				_, _ = rw.Write([]byte(`<!doctype html><h1>Log in</h1><form method=post><label>E-mail<input name=user></label><label>Password<input type=password name=password></label><button>Log in</button></form>`))
			})
			address := serveAt(t, phish)
			w.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/login" {
					http.Redirect(rw, r, address, http.StatusFound)
					return true
				}
				return false
			})
			s.StepLimit = time.Second
			site := s.Files["ims"]
			if allow {
				site.Allow = templates(t, address)
				site.Login.Origins = templates(t, w.IMS.URL)
			}
			_, err := s.Stock(t.Context(), "ims")
			if err == nil || got != "" || !strings.Contains(err.Error(), address) {
				t.Errorf("%v; it got %q", err, got)
			}
		})
	}
}

// TestCodeFromPerson: the site wants a code that only a person has; who gives it in time lets the bot in.
func TestCodeFromPerson(t *testing.T) {
	w, s := sample(t)
	ledger := bot.NewLedger(&statetest.Memory{}, time.Now)
	s.Guard = ledger
	typed := ""
	w.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/login" && r.Method == http.MethodPost && r.FormValue("code") == "" {
			_, _ = rw.Write([]byte(`<!doctype html><h1>Your code</h1><form method=post action=/login><label>Code<input name=code></label><button>Go on</button></form>`))
			return true
		}
		if r.FormValue("code") != "" {
			typed = r.FormValue("code")
			_, _ = rw.Write([]byte(`<!doctype html><header><a class=logout>x</a></header>`))
			return true
		}
		return false
	})
	s.Files["ims"] = withCode(t)
	s.OnQuestion = func(q bot.Question) {
		if q.Site != "ims" || q.Deadline.Before(time.Now()) {
			t.Errorf("%+v", q)
		}
		go func() {
			for range 50 {
				if _, err := ledger.Answer(context.Background(), "", " 123456 "); err == nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		}()
	}
	_, err := s.Stock(t.Context(), "ims")
	if typed != "123456" {
		t.Errorf("typed %q, %v", typed, err)
	}
	if q, err := ledger.Questions(t.Context()); err != nil || len(q) != 0 {
		t.Errorf("%v, %v", q, err)
	}

	s.OnQuestion = nil
	late := anotherRun(s)
	late.Files["ims"].Login.Steps[3].Within = 300 * time.Millisecond
	if _, err := late.Stock(t.Context(), "ims"); bot.ClassOf(err) != bot.MFA || !strings.Contains(err.Error(), "restock otp ims CODE") {
		t.Errorf("%v", err)
	}
}
