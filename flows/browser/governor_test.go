package browser

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/selectors"
)

// TestGovernor: a browser that has died, hangs, or has worked for long is replaced before the next page; one that is fit stays.
func TestGovernor(t *testing.T) {
	var said []string
	g := &Governor{Options: Options{Path: browserPath(t)}, Uses: 3, Memory: 4 << 30, Sandbox: true, Say: func(text string) { said = append(said, text) }}
	defer func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	}()
	page := func() *Browser {
		t.Helper()
		p, err := g.Page(t.Context(), PageOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		return g.b
	}
	first := page()
	if page() != first || g.Worn() {
		t.Error("a browser that is fit was replaced")
	}
	first.proc.killGroup()
	<-first.proc.exited
	second := page()
	if second == first || !strings.Contains(strings.Join(said, "|"), "the browser has ended") {
		t.Errorf("a dead browser was kept: %v", said)
	}
	page()
	page()
	if !g.Worn() {
		t.Error("it is not worn after its uses")
	}
	if third := page(); third == second {
		t.Error("a worn browser was kept")
	}
	g.Memory = 1 << 20
	if !g.Worn() {
		t.Error("a browser that takes too much memory is not worn")
	}
}

// TestVersions: the floor, and the age from which somebody should update.
func TestVersions(t *testing.T) {
	now := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for version, want := range map[string]struct {
		text string
		ok   bool
	}{
		"Chromium 156.0.8078.108":       {"version 156", true},
		"HeadlessChrome/158.0.1.2":      {"version 158", true},
		"Google Chrome 140.0.7339.80":   {"days old", true},
		"Chromium 90.0.4430.72 snap":    {"at least 120", false},
		"Microsoft Edge 121.0.2277.4":   {"days old", true},
		"something without any version": {"cannot be read", false},
	} {
		found, ok := CheckVersion(version, now)
		if ok != want.ok || !strings.Contains(found, want.text) {
			t.Errorf("%s: %q, %v", version, found, ok)
		}
	}
}

// TestTraffic: what is of another origin, or could write while only reading, is refused, and told of.
func TestTraffic(t *testing.T) {
	other := 0
	foreign := serve(t, "<p>foreign</p>", map[string]http.HandlerFunc{"/hit": func(http.ResponseWriter, *http.Request) { other++ }})
	posts := map[string]int{}
	post := func(w http.ResponseWriter, r *http.Request) { posts[r.Method+" "+r.URL.Path]++ }
	own := serve(t, `<h1>x</h1><button id=b onclick="fetch('/write', {method: 'POST'}); fetch('/graphql?q=1', {method: 'POST'}); fetch('/write', {method: 'DELETE'}); navigator.sendBeacon('/beacon'); fetch('`+foreign+`/hit').catch(() => {})">go</button>
<form action=/write method=post><button id=f>send</button></form><iframe src="`+foreign+`"></iframe>`,
		map[string]http.HandlerFunc{"/write": post, "/graphql": post, "/beacon": post})
	p, err := sharedBrowser(t).NewPage(t.Context(), PageOptions{Origins: []string{own}, Posts: []string{"/graphql*"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	open := func() {
		t.Helper()
		if err := p.Open(within(t, 5*time.Second), own); err != nil {
			t.Fatal(err)
		}
	}
	press := func(id string) {
		t.Helper()
		if _, err := p.Act(within(t, 5*time.Second), selectors.Action{Do: "click", Element: css(id)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond) // what the page sends on its own
	}
	open()
	p.Reading(true)
	press("#b")
	if len(posts) != 1 || posts["POST /graphql"] != 1 || other != 0 {
		t.Errorf("while reading: %v, %d to another origin", posts, other)
	}
	refused := strings.Join(p.Refused(), "|")
	for _, want := range []string{"POST " + own + "/write", "DELETE " + own + "/write", "a request to " + foreign, "posts:"} {
		if !strings.Contains(refused, want) {
			t.Errorf("%q is not told of: %s", want, refused)
		}
	}
	press("#f")
	if _, err := p.See(within(t, 3*time.Second), selectors.Condition{Visible: css("h1")}); bot.ClassOf(err) != bot.PageChanged || !strings.Contains(err.Error(), "posts:") {
		t.Errorf("a form that was sent: %v", err)
	}
	open()
	p.Reading(false)
	press("#b")
	if posts["POST /write"] != 1 || posts["DELETE /write"] != 1 || posts["POST /beacon"] != 1 {
		t.Errorf("while writing: %v", posts)
	}
	if err := p.Open(within(t, 5*time.Second), foreign); bot.ClassOf(err) != bot.PageChanged || !strings.Contains(err.Error(), "allow:") {
		t.Errorf("a page of another origin: %v", err)
	}
}

// TestPopups: a tab that nobody goes to is closed; one that a step goes to stays.
func TestPopups(t *testing.T) {
	address := serve(t, `<button onclick="window.open('/second')">more</button>`, map[string]http.HandlerFunc{"/second": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<title>second</title>"))
	}})
	for closes, wanted := range map[bool]bool{true: false, false: true} {
		p, err := sharedBrowser(t).NewPage(t.Context(), PageOptions{NoPopups: closes})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Open(within(t, 5*time.Second), address); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Act(within(t, 5*time.Second), selectors.Action{Do: "click", Element: css("button")}); err != nil {
			t.Fatal(closes, err)
		}
		time.Sleep(600 * time.Millisecond)
		err = p.Tab(within(t, time.Second), "second")
		if (err == nil) != wanted {
			t.Errorf("popups closed %v: %v", closes, err)
		}
		if closes && !strings.Contains(strings.Join(p.Refused(), "|"), "a tab that the page opened") {
			t.Error("nobody is told of it")
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestRetryAfter reads the header as seconds and as a date.
func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"120": 2 * time.Minute, " 5 ": 5 * time.Second, "Wed, 25 Nov 2026 09:10:00 GMT": 10 * time.Minute, "Wed, 25 Nov 2026 08:00:00 GMT": 0, "": 0, "soon": 0, "-4": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %s, expected %s", text, got, want)
		}
	}
}

// TestUnsandboxed: a browser whose pages are not in the sandbox is refused, and closing it does not hang.
func TestUnsandboxed(t *testing.T) {
	tab(t, sharedBrowser(t), serve(t, "x", nil))
	if found, ok := sharedBrowser(t).Sandboxed(); !ok || !strings.Contains(found, "seccomp") {
		t.Fatalf("the shared browser has no sandbox: %s", found)
	}
	dir, err := os.MkdirTemp("/var/tmp", "restock-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	wrapper := filepath.Join(dir, "chrome")
	script := "#!/bin/sh\nexec " + browserPath(t) + " \"$@\" --no-sandbox\n"
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(wrapper, []byte(script), 0o755)); err != nil {
		t.Fatal(err)
	}
	g := &Governor{Options: Options{Path: wrapper}, Sandbox: true}
	done := make(chan error, 1)
	go func() {
		_, err := g.Page(within(t, 20*time.Second), PageOptions{})
		done <- errors.Join(err, g.Close())
	}()
	select {
	case err := <-done:
		if bot.ClassOf(err) != bot.Browser || !strings.Contains(err.Error(), "sandbox") {
			t.Errorf("%v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it hangs")
	}
}
