package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"restock/bot"
	"restock/state"
	"restock/state/bolt"
)

// noSpace is what a full disk answers.
var errNoSpace = &bot.StateError{Err: &os.PathError{Op: "write", Path: "state.db", Err: syscall.ENOSPC}}

func diskFaults() []fault {
	return []fault{
		{id: "D1", name: "the disk is full when the plan is written", arm: func(s *shop) { s.failsAt(bot.Notifications) }, mend: unwrapped, class: bot.Config, want: []string{"no space left on device"}},
		{
			id: "D1-claim", name: "the disk is full when a message is claimed", arm: func(s *shop) { s.fullWhen(claims) }, mend: unwrapped, class: bot.Config, partly: true,
			want: []string{"no space left on device"},
		},
		{id: "D2", name: "no evidence can be kept", arm: func(s *shop) {
			s.blockEvidence()
			breaksH2(s)
		}, class: bot.PageChanged, want: []string{"ims.yaml:"}, after: func(s *shop, run bot.Run) {
			if run.Problem == nil || run.Problem.Evidence != "" {
				s.t.Error("evidence that cannot be kept is told of")
			}
		}, mend: func(s *shop) { _ = os.Remove(filepath.Join(s.dir, "data", "runs")) }},
		{id: "D3", name: "others can read the state", arm: func(s *shop) { s.chmod("state.db", 0o644) }, mend: func(s *shop) { s.chmod("state.db", 0o600) }, class: bot.Config, want: []string{"can be read by others", "chmod 600"}},
		{
			id: "D4", name: "the state is gone", arm: func(s *shop) { s.move("state.db", "gone.db") }, mend: func(s *shop) { s.move("gone.db", "state.db") }, class: bot.Config,
			want: []string{"is missing", "would have forgotten who was told already", "restock init"},
		},
		{
			id: "D4-empty", name: "the state is empty", arm: func(s *shop) { s.move("state.db", "gone.db"); s.write("state.db", nil) }, mend: func(s *shop) { s.move("gone.db", "state.db") },
			class: bot.Config, want: []string{"is empty", "restore a backup"},
		},
		{id: "D5", name: "both first pages are damaged", arm: func(s *shop) { s.damage(func(b []byte) []byte { clear(b[:8192]); return b }) }, mend: undamaged, class: bot.Config, want: []string{"is damaged", "restock restore"}},
		{id: "D5-cut", name: "the state is cut off", arm: func(s *shop) { s.damage(func(b []byte) []byte { return b[:len(b)/2] }) }, mend: undamaged, class: bot.Config, want: []string{"is cut off", "restock restore"}},
		{id: "D5-page", name: "a page in the middle is damaged", arm: func(s *shop) {
			s.damage(func(b []byte) []byte {
				for at := 4 * 4096; at+4096 <= len(b); at += 4096 {
					copy(b[at:at+64], strings.Repeat("\xff", 64))
				}
				return b
			})
		}, mend: undamaged, class: bot.Config, want: []string{"is damaged"}},
		{id: "D6", name: "a second restock", arm: func(s *shop) { s.held = true }, mend: func(s *shop) { s.held = false }, class: bot.Config, want: []string{"is in use by process"}},
		{id: "D7", name: "killed in the middle of a commit", arm: func(s *shop) { s.crashesAt(7) }, mend: unwrapped, partly: true, class: bot.BotBug, want: []string{"crash"}},
		{id: "D8", name: "an old backup was put back", arm: func(s *shop) { s.putBackOld() }, mend: func(s *shop) { s.adopt() }, once: adoptedRun, class: bot.Config, want: []string{"is older than", "restock adopt"}},
		{id: "D9", name: "a backup while it works", arm: func(s *shop) { s.backupWhileRunning() }, survives: true},
		{id: "D10", name: "the clock was set back", arm: func(s *shop) { s.clock = -30 * 24 * time.Hour }, mend: func(s *shop) { s.clock = 0 }, class: bot.Config, want: []string{"the clock of this machine was set back"}},
		{id: "D10-1970", name: "the clock stands at 1970", arm: func(s *shop) { s.clock = -time.Since(time.Unix(1000, 0)) }, mend: func(s *shop) { s.clock = 0 }, class: bot.Config, want: []string{"the clock"}},
		{id: "D10-hour", name: "the clock is an hour ahead", arm: func(s *shop) { s.clock = time.Hour }, mend: func(s *shop) { s.clock = time.Hour }, survives: true},
	}
}

func unwrapped(s *shop) { s.wrap = nil }

// failsAt makes every write to a table fail.
func (s *shop) failsAt(table bot.Table) {
	s.fullWhen(func(w bot.Write) bool { return w.Table == table })
}

func claims(w bot.Write) bool {
	return w.Table == bot.Notifications && stateIn(w.Value) == "claimed"
}

func (s *shop) fullWhen(hit func(bot.Write) bool) {
	s.wrap = func(store bot.Store) bot.Store {
		return &failing{Store: store, fail: func(_ int, writes []bot.Write) error {
			for _, w := range writes {
				if hit(w) {
					return errNoSpace
				}
			}
			return nil
		}}
	}
}

// crashesAt ends all writing at the n-th commit, as a dead process does.
func (s *shop) crashesAt(n int) {
	s.wrap = func(store bot.Store) bot.Store {
		return &failing{Store: store, fail: func(i int, _ []bot.Write) error {
			if i >= n {
				return errors.New("crash")
			}
			return nil
		}}
	}
}

func (s *shop) data(name string) string { return filepath.Join(s.dir, "data", name) }

func (s *shop) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) chmod(name string, mode os.FileMode) { s.must(os.Chmod(s.data(name), mode)) }

func (s *shop) move(from, to string) { s.must(os.Rename(s.data(from), s.data(to))) }

func (s *shop) write(name string, data []byte) { s.must(os.WriteFile(s.data(name), data, 0o600)) }

func (s *shop) blockEvidence() {
	_ = os.RemoveAll(s.data("runs"))
	s.write("runs", nil)
}

func breaksH2(s *shop) { s.must(s.world.Break("H2", whenAlways())) }

// damage changes the state's file and keeps the good one.
func (s *shop) damage(change func([]byte) []byte) {
	data, err := os.ReadFile(s.data("state.db"))
	s.must(err)
	s.write("good.db", data)
	s.write("state.db", change(append([]byte(nil), data...)))
}

func undamaged(s *shop) { s.move("good.db", "state.db") }

// putBackOld does a run, then puts the state from before it back.
func (s *shop) putBackOld() {
	data, err := os.ReadFile(s.data("state.db"))
	s.must(err)
	for range 2 { // opened meanwhile
		store, err := bolt.Open(s.data("state.db"))
		s.must(err)
		s.must(store.Close())
	}
	s.write("state.db", data)
}

func (s *shop) adopt() {
	w := &workshop{a: s.app()}
	var err error
	w, err = w.a.closed()
	s.must(err)
	c := w.a.adoptCommand()
	c.SetContext(s.t.Context())
	s.must(c.RunE(c, nil))
}

// adoptedRun: the first run after a state was put back holds what it would send, until a person has looked.
func adoptedRun(s *shop) {
	run, err := s.run()
	s.must(err)
	if n := len(s.world.Mail.Accepted()) + len(s.world.SMS.Sent()); n != 0 || count(s, bot.Held) == 0 || !strings.Contains(strings.Join(run.Warnings, "\n"), "put back from a copy") {
		s.t.Errorf("%d messages, %d held, %v", n, count(s, bot.Held), run.Warnings)
	}
	s.releaseAll()
}

// backupWhileRunning makes a backup from another process's place while this one holds the state.
func (s *shop) backupWhileRunning() {
	w, err := s.open()
	s.must(err)
	reader, err := w.state(s.t.Context(), state.Reader)
	s.must(err)
	path := s.data("backup.db")
	s.must(state.Backup(reader, path))
	s.must(errors.Join(reader.Close(), w.close()))
	s.must(bolt.CheckFile(path))
}
