package journal_test

import (
	"os"
	"path/filepath"
	"testing"

	"restock/bot"
	"restock/state/journal"
)

const run = "20261125-093000-abcdef"

// left writes a journal of three messages: one has left, one was accepted, one has not left; and dies.
func left(t *testing.T, j journal.Journals) {
	t.Helper()
	open, err := j.Create(run)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b"} {
		if err := open.Leave(key, 2); err != nil {
			t.Fatal(err)
		}
	}
	if err := open.Done("b", 2, bot.Delivery{State: bot.Accepted, Detail: "queued as 1"}); err != nil {
		t.Fatal(err)
	}
	if err := open.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRead: what a journal tells, and when it proves that a message has not left: not after another start of the machine, not when
// it is cut off or damaged, not while its run still has it, and not when it is gone.
func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, path string)
		boot   string
		whole  bool
		known  bool // what was noted is still told
	}{
		"as it was":          {func(*testing.T, string) {}, "one", true, true},
		"another start":      {func(*testing.T, string) {}, "two", false, true},
		"no name of a start": {func(*testing.T, string) {}, "", false, true},
		"half a line at the end": {func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteString(`{"key":"c`); err != nil {
				t.Fatal(err)
			}
			_ = f.Close()
		}, "one", false, true},
		"no head": {func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte("{}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "one", false, false},
		"empty": {func(t *testing.T, path string) {
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
		}, "one", false, false},
		"gone": {func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, "one", false, false},
	} {
		folder := t.TempDir()
		left(t, journal.Journals{Folder: folder, Boot: "one"})
		c.change(t, filepath.Join(folder, run+".log"))
		trace, err := journal.Journals{Folder: folder, Boot: c.boot}.Read(run)
		if err != nil || trace.Whole != c.whole {
			t.Errorf("%s: whole %v, %v", name, trace.Whole, err)
		}
		d := trace.Done[bot.Attempted("b", 2)]
		known := trace.Left[bot.Attempted("a", 2)] && trace.Left[bot.Attempted("b", 2)] && d.State == bot.Accepted && d.Detail == "queued as 1"
		if known != c.known || trace.Left[bot.Attempted("a", 1)] || trace.Left[bot.Attempted("c", 2)] {
			t.Errorf("%s: %+v", name, trace)
		}
	}
}

// TestInUse: a journal that its run still has proves nothing and is not removed.
func TestInUse(t *testing.T) {
	j := journal.Journals{Folder: t.TempDir(), Boot: "one"}
	open, err := j.Create(run)
	if err != nil {
		t.Fatal(err)
	}
	if trace, err := j.Read(run); err != nil || trace.Whole {
		t.Errorf("whole %v, %v", trace.Whole, err)
	}
	if err := j.Remove(run); err != nil {
		t.Error(err)
	}
	if runs, err := j.Runs(); err != nil || len(runs) != 1 || runs[0] != run {
		t.Errorf("%v, %v", runs, err)
	}
	if _, err := j.Create(run); err == nil {
		t.Error("a second journal of the same run was made")
	}
	if err := open.End(); err != nil {
		t.Error(err)
	}
	if runs, err := j.Runs(); err != nil || len(runs) != 0 {
		t.Errorf("after its end: %v, %v", runs, err)
	}
}

// TestNames: nothing but the name of a run is a file.
func TestNames(t *testing.T) {
	j := journal.Journals{Folder: t.TempDir(), Boot: "one"}
	for _, name := range []string{"", "../x", "a/b", "x.y"} {
		if _, err := j.Create(name); err == nil {
			t.Errorf("%q was made", name)
		}
		if trace, err := j.Read(name); err != nil || trace.Whole {
			t.Errorf("%q: %v", name, err)
		}
		if err := j.Remove(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestKeep: what several parts of a run left, one after the other, is kept together, and apart from another process's.
func TestKeep(t *testing.T) {
	j := journal.In(t.TempDir())
	j.Keep, j.Mark = true, "-courier-1"
	for _, key := range []string{"a", "b"} {
		open, err := j.Create(run)
		if err != nil {
			t.Fatal(err)
		}
		if err := open.Leave(key, 1); err != nil {
			t.Fatal(err)
		}
		if err := open.End(); err != nil {
			t.Fatal(err)
		}
	}
	other := j
	other.Mark = ""
	if _, err := other.Create(run); err != nil {
		t.Fatal(err)
	}
	trace, err := j.Read(run + j.Mark)
	if err != nil || len(trace.Left) != 2 || !trace.Left["a/1"] || !trace.Left["b/1"] {
		t.Errorf("%+v, %v", trace, err)
	}
}
