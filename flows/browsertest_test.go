package flows_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"restock/bot"
	"restock/flows"
	"restock/flows/browser"
	"restock/flows/flowtest"
	"restock/selectors"
)

// shared is the one browser of this package's tests; each test has pages of its own.
type shared struct {
	once sync.Once
	b    *browser.Browser
	err  error
}

func TestMain(m *testing.M) {
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

func (s *shared) get(t *testing.T) *browser.Browser {
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
type guard map[string]bot.Refusal

func (g guard) Refused(_ context.Context, site string) (bot.Refusal, bool, error) {
	r, ok := g[site]
	return r, ok, nil
}

func (g guard) Refuse(_ context.Context, site string, r bot.Refusal) error {
	g[site] = r
	return nil
}

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
		Files: files, Values: w.Values(), Guard: guard{}, Evidence: t.ArtifactDir(), Zone: time.UTC, Now: time.Now,
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
