package bolt_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/state/bolt"
)

func made(t *testing.T) (path string, s *bolt.Store) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "state.db")
	if err := bolt.Create(path, bolt.Genesis{ID: "x"}); err != nil {
		t.Fatal(err)
	}
	s, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, s
}

func put(t *testing.T, s *bolt.Store, key string) {
	t.Helper()
	if _, err := s.Apply(t.Context(), bot.Write{Table: bot.Levels, Key: key, Value: []byte("1")}); err != nil {
		t.Fatal(err)
	}
}

// TestOlder: a copy that is put back is noticed, also one that was made while the state was open for long; adopted, it opens.
func TestOlder(t *testing.T) {
	path, s := made(t)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := s.Backup(backup); err != nil {
		t.Fatal(err)
	}
	put(t, s, "after")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var old *bolt.OldError
	if _, err := bolt.Open(path); !errors.As(err, &old) || !strings.Contains(err.Error(), "restock adopt") {
		t.Fatalf("%v", err)
	}
	adopted, err := bolt.Adopt(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := adopted.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRestore: the former file is kept, a damaged backup is not taken, and a state in use is left alone.
func TestRestore(t *testing.T) {
	path, s := made(t)
	put(t, s, "a")
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := s.Backup(backup); err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Restore(path, backup, time.Now()); err == nil {
		t.Error("a state in use was replaced")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad.db")
	if err := os.WriteFile(bad, []byte(strings.Repeat("x", 70000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Restore(path, bad, time.Now()); err == nil || !strings.Contains(err.Error(), "cannot be used") {
		t.Errorf("%v", err)
	}
	former, err := bolt.Restore(path, backup, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{former, path} {
		if err := bolt.CheckFile(file); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestReplaced: whoever waits for a state that is compacted meanwhile gets the new file, and what it records is there afterwards.
func TestReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if err := bolt.Create(path, bolt.Genesis{ID: "x", Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for round := range 10 {
		done := make(chan error, 1)
		go func() {
			_, _, err := bolt.Compact(path)
			done <- err
		}()
		s, err := bolt.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		key := fmt.Sprint(round)
		if _, err := s.Apply(t.Context(), bot.Write{Table: bot.Levels, Key: key, Value: []byte("x")}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		again, err := bolt.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if e, err := again.Get(t.Context(), bot.Levels, key); err != nil || e.Rev == 0 {
			t.Errorf("round %d: what was recorded is gone, %v", round, err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
