package bolt_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"restock/bot"
	"restock/state/bolt"
	"restock/state/statetest"
)

func create(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	if err := bolt.Create(path, bolt.Genesis{ID: "test", Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestStore(t *testing.T) {
	statetest.Exercise(t, func(t *testing.T) bot.Store {
		s, err := bolt.Open(create(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	})
}

// TestRefused: a file that would silently mean "nobody was told yet" is never opened, and never replaced.
func TestRefused(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	db, err := bbolt.Open(foreign, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	write := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct{ path, want string }{
		"missing":      {filepath.Join(t.TempDir(), "no.db"), "is missing"},
		"empty":        {write("empty.db", "", 0o600), "is empty"},
		"garbage":      {write("garbage.db", strings.Repeat("garbage\n", 4096), 0o600), "is damaged"},
		"foreign":      {foreign, "no genesis record"},
		"world":        {write("open.db", "x", 0o644), "chmod 600"},
		"folder":       {t.TempDir(), "is a folder"},
		"one page":     {write("cut.db", strings.Repeat("\x00", 4096), 0o600), "is damaged"},
		"create again": {"", "exists already"},
	} {
		t.Run(name, func(t *testing.T) {
			var before []byte
			var err error
			if c.path == "" {
				c.path = create(t)
				err = bolt.Create(c.path, bolt.Genesis{})
			} else {
				before, _ = os.ReadFile(c.path)
				_, err = bolt.Open(c.path)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v: expected %q in it", err, c.want)
			}
			after, _ := os.ReadFile(c.path)
			if before != nil && string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestLocked(t *testing.T) {
	path := create(t)
	s, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err = bolt.Open(path)
	locked, ok := errors.AsType[*bot.LockedError](err)
	if !ok || !strings.Contains(locked.Error(), "process ") || time.Since(start) > 1500*time.Millisecond {
		t.Errorf("second open: %v after %v", err, time.Since(start))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = bolt.Open(path); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
}

// TestLeasesDie: a process that was killed leaves its leases in the file; the next one does not wait for them.
func TestLeasesDie(t *testing.T) {
	path := os.Getenv("RESTOCK_TEST_LEASE")
	lease := bot.Write{Table: bot.Leases, Key: "job", Value: []byte("1"), TTL: time.Hour}
	if path != "" {
		s, err := bolt.Open(path)
		if err == nil {
			_, err = s.Apply(t.Context(), lease)
		}
		if err != nil {
			t.Fatal(err)
		}
		os.Exit(9) // as if killed: nothing is closed
	}
	path = create(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestLeasesDie$")
	cmd.Env = append(os.Environ(), "RESTOCK_TEST_LEASE="+path)
	if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 9 {
		t.Fatalf("%v: %s", err, out)
	}
	s, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if out, err := s.Apply(t.Context(), lease); err != nil || out[0].Conflict {
		t.Errorf("the lease of a dead process is still there: %+v, %v", out, err)
	}
}
