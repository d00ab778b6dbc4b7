package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"restock/selectors"
)

// shared is one browser for the tests that do not break theirs.
type shared struct {
	once sync.Once
	b    *Browser
	path string
	err  error
}

var one shared

func TestMain(m *testing.M) {
	if os.Getenv("RESTOCK_TEST_ORPHAN") != "" {
		orphan()
	}
	code := m.Run()
	if one.b != nil {
		if err := one.b.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func (s *shared) start() {
	s.once.Do(func() {
		var found Found
		if found, s.err = (Installer{Say: os.Stderr}).Ensure(context.Background(), ""); s.err == nil {
			s.path = found.Path
			s.b, s.err = Launch(context.Background(), Options{Path: s.path})
		}
	})
}

func browserPath(t testing.TB) string {
	t.Helper()
	if one.start(); one.err != nil {
		t.Fatal(one.err)
	}
	return one.path
}

func sharedBrowser(t testing.TB) *Browser {
	t.Helper()
	browserPath(t)
	return one.b
}

// ownBrowser starts a browser that the test may break.
func ownBrowser(t testing.TB) *Browser {
	t.Helper()
	b, err := Launch(t.Context(), Options{Path: browserPath(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// serve answers every path with a page, unless routes has another answer for it.
func serve(t testing.TB, html string, routes map[string]http.HandlerFunc) string {
	t.Helper()
	mux := http.NewServeMux()
	for path, h := range routes {
		mux.HandleFunc(path, h)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><html><body>"+html)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// tab opens a page in a browser.
func tab(t testing.TB, b *Browser, address string) *Page {
	t.Helper()
	p, err := b.NewPage(t.Context(), PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if b.Err() == nil {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	if address != "" {
		if err := p.Open(t.Context(), address); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func css(selector string) *selectors.Element {
	return &selectors.Element{Alternatives: []selectors.Target{{CSS: selector}}}
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// quick fails a test whose work took too long: a deadline that did not bind.
func quick(t testing.TB, limit time.Duration, work func()) {
	t.Helper()
	started := time.Now()
	work()
	if took := time.Since(started); took > limit {
		t.Errorf("it took %s: at most %s", took.Round(time.Millisecond), limit)
	}
}

func act(t testing.TB, p *Page, do, selector, text string) error {
	t.Helper()
	_, err := p.Act(within(t, 5*time.Second), selectors.Action{Do: do, Element: css(selector), Text: text})
	return err
}

// value reads a field or an element's text.
func value(t testing.TB, p *Page, selector string) string {
	t.Helper()
	plan := selectors.Plan{Record: true, Limit: 1, Columns: [][]selectors.Selection{{{Element: css(selector), Take: "value"}}}}
	a, err := p.Read(within(t, 5*time.Second), plan)
	if err != nil {
		t.Fatal(err)
	}
	if a.Rows[0][0][0].Value == nil {
		t.Fatalf("%s: %s", selector, a.Rows[0][0][0].Why)
	}
	return *a.Rows[0][0][0].Value
}
