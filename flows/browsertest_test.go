package flows_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"restock/bot"
	"restock/flows"
	"restock/flows/browser"
	"restock/flows/flowtest"
	"restock/selectors"
	"restock/state/statetest"
)

// shared is the one browser of this package's tests; each test has pages of its own.
type shared struct {
	once sync.Once
	b    *browser.Browser
	err  error
}

func TestMain(m *testing.M) {
	flag.Parse()
	if limit := flag.Lookup("test.timeout"); limit.Value.String() == "10m0s" { // a slow machine is given all the time that the go command gives: a minute more than it says
		if err := limit.Value.Set("10m50s"); err != nil {
			panic(err)
		}
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

var one shared

func (s *shared) get(t testing.TB) *browser.Browser {
	t.Helper()
	s.once.Do(func() {
		var found browser.Found
		if found, s.err = (browser.Installer{Say: os.Stderr}).Ensure(context.Background(), ""); s.err == nil {
			s.b, s.err = browser.Launch(context.Background(), browser.Options{Path: found.Path})
		}
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.b
}

// guard is a Guard in memory.
func guard() flows.Guard { return bot.NewLedger(&statetest.Memory{}, time.Now) }

// sample starts the sample company and a Sites that works in it.
func sample(t *testing.T) (*flowtest.World, *flows.Sites) {
	t.Helper()
	w, err := flowtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	files, err := flowtest.Sites()
	if err != nil {
		t.Fatal(err)
	}
	b := one.get(t)
	s := &flows.Sites{
		Files: files, Values: w.Values(), Guard: guard(), Evidence: t.ArtifactDir(), Zone: time.UTC, Now: time.Now,
		NewPage: func(ctx context.Context, site *selectors.Site) (flows.Page, error) {
			o, err := browser.OptionsFor(site, w.Values())
			if err != nil {
				return nil, err
			}
			return b.NewPage(ctx, o)
		},
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w, s
}

// serveAt serves on another origin.
func serveAt(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

func templates(t *testing.T, texts ...string) []selectors.Template {
	t.Helper()
	var list []selectors.Template
	for _, text := range texts {
		one, err := selectors.ParseTemplate(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, one)
	}
	return list
}

// withCode is the sample IMS with a log-in that wants a code from a person.
func withCode(t *testing.T) *selectors.Site {
	t.Helper()
	data, err := flowtest.SiteFile("ims")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), "    - click: submit\n", "    - click: submit\n    - otp: {element: {label: Code}}\n    - click: {role: button, name: Go on}\n", 1)
	site, err := selectors.Load("ims.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return site
}
