package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/state/natstest"
)

// TestServersAway: who asks how the servers are hears within seconds which of them are away, and what to do.
func TestServersAway(t *testing.T) {
	t.Parallel()
	s := emptyShop(t, quick)
	c := natstest.Start(t, 3, false)
	s.inCluster(c, "")
	w, err := s.open()
	s.must(err)
	s.must(w.close())
	c.Down(0)
	c.Down(1)
	began := time.Now()
	err = s.app().clusterStatus(t.Context())
	if took := time.Since(began); took > 30*time.Second || err == nil {
		t.Fatalf("after %s: %v", took, err)
	}
	if !strings.Contains(err.Error(), "1 of 3 servers answer") || !strings.Contains(err.Error(), "Start those that are away") {
		t.Error(err)
	}
	if text := s.out.String(); strings.Count(text, "away: ") != 2 || !strings.Contains(text, "yes") {
		t.Errorf("it shows\n%s", text)
	}
}

// TestKeyOfOthers: a machine without the secret of a state is told where to get it, and makes none of its own.
func TestKeyOfOthers(t *testing.T) {
	t.Parallel()
	s := emptyShop(t, quick)
	c := natstest.Start(t, 1, false)
	s.inCluster(c, "")
	w, err := s.open()
	s.must(err)
	s.must(w.close())
	key := filepath.Join(s.dir, "secrets", stateKey)
	s.must(os.Remove(key))
	if _, err := s.open(); err == nil || !strings.Contains(err.Error(), "copy "+key+" from the machine that made it") {
		t.Error(err)
	}
	if _, err := os.Stat(key); err == nil {
		t.Error("a key was made that opens nothing")
	}
}

// TestChapters: each chapter of the manual is shown under its name, also where a command has the same.
func TestChapters(t *testing.T) {
	for _, chapter := range topics() {
		var out strings.Builder
		a := &app{stdout: &out, stderr: &out, now: time.Now, getenv: os.LookupEnv}
		root := a.root()
		root.SetOut(&out)
		root.SetArgs([]string{"help", chapter.Name()})
		if err := root.Execute(); err != nil {
			t.Fatal(err)
		}
		title, _, _ := strings.Cut(chapter.Long, "\n")
		if !strings.HasPrefix(out.String(), title) {
			t.Errorf("help %s begins with %.100q", chapter.Name(), out.String())
		}
	}
}
