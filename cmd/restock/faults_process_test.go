package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"restock/bot"
)

func processFaults() []fault {
	return []fault{
		{id: "C1", name: "SIGTERM at any moment", arm: func(s *shop) { s.signalled(syscall.SIGTERM, 3) }, survives: true, mend: later, serial: true, mayBeDone: true},
		{id: "C2", name: "SIGKILL at any moment", arm: func(s *shop) { s.signalled(syscall.SIGKILL, 3) }, survives: true, mend: later, serial: true, mayBeDone: true},
		{id: "C3", name: "a selector file is broken while the daemon runs", arm: func(s *shop) { s.brokenWhileRunning() }, survives: true, after: says("a selector file is wrong", "goes on with the files before the edit")},
		{id: "C3-half", name: "a file is half written", arm: func(s *shop) { s.halve("sites/ims.yaml") }, mend: func(s *shop) { s.whole("sites/ims.yaml") }, class: bot.BotBug, want: []string{"ims.yaml:"}},
		{
			id: "C3-mode", name: "everybody may change a file", arm: func(s *shop) { s.must(os.Chmod(filepath.Join(s.dir, "sites", "crm.yaml"), 0o666)) },
			mend: func(s *shop) { s.must(os.Chmod(filepath.Join(s.dir, "sites", "crm.yaml"), 0o600)) }, class: bot.BotBug, want: []string{"can be changed by everybody", "chmod o-w"},
		},
		{
			id: "C4", name: "an edit that would tell everybody", config: quick + "limits: {run: 1}\n", arm: func(s *shop) {}, survives: false, class: bot.HeldClass, partly: true, spoken: 1,
			want: []string{"1 messages per run", "restock runs release"}, mend: func(s *shop) { s.releaseAll() },
		},
		{id: "C5", name: "a panic in a flow", arm: func(s *shop) { s.panics() }, mend: unwrapped, class: bot.BotBug, want: []string{"no panic", "something broke", "report it"}, after: func(s *shop, _ bot.Run) {
			if out := s.out.String(); !strings.Contains(out, "faults_process_test.go:") || strings.Contains(out, "0x") {
				s.t.Errorf("the log: %s", out)
			}
		}},
		{id: "C6", name: "leaks", arm: func(s *shop) { s.leaks() }, survives: true, serial: true},
		{id: "C7", name: "a fault while recovering from a fault", arm: func(s *shop) { s.failsWhileRecovering() }, survives: true, mayBeDone: true},
	}
}

// signalled ends runs of a process of their own at random moments.
func (s *shop) signalled(signal syscall.Signal, times int) {
	p := &patient{shop: s}
	seed := uint64(time.Now().UnixNano())
	s.t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for range times {
		cmd := p.start()
		time.Sleep(time.Duration(random.IntN(2500)) * time.Millisecond)
		_ = cmd.Process.Signal(signal)
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			s.t.Errorf("%s: still there after 30 s", signal)
			_ = cmd.Process.Kill()
			<-done
		}
	}
}

// brokenWhileRunning makes this shop a daemon whose selector file somebody breaks.
func (s *shop) brokenWhileRunning() {
	sites, err := loadSites(filepath.Join(s.dir, "sites"))
	s.must(err)
	s.good = &goodSites{sites: sites}
	s.edit("sites/ims.yaml", "stock:", "stok:")
}

func (s *shop) halve(name string) {
	path := filepath.Join(s.dir, name)
	data, err := os.ReadFile(path)
	s.must(err)
	s.must(os.WriteFile(path+".whole", data, 0o600))
	s.must(os.WriteFile(path, data[:len(data)*3/5], 0o600))
}

func (s *shop) whole(name string) {
	path := filepath.Join(s.dir, name)
	s.must(os.Rename(path+".whole", path))
}

// releaseAll lets the held messages pass.
func (s *shop) releaseAll() {
	for range 5 {
		w, err := s.open()
		s.must(err)
		holds, err := w.ledger.Holds(s.t.Context(), "restock")
		s.must(err)
		for _, h := range holds {
			if _, err := w.ledger.Release(s.t.Context(), h.Run, "me"); err != nil {
				s.t.Error(err)
			}
		}
		s.must(w.close())
		if len(holds) == 0 {
			return
		}
	}
}

// panics lets the work panic in the middle.
func (s *shop) panics() {
	s.wrap = func(store bot.Store) bot.Store { return &panicking{store} }
}

type panicking struct{ bot.Store }

func (p *panicking) Get(ctx context.Context, table bot.Table, key string) (bot.Entry, error) {
	if table == bot.Contracts {
		panic("something broke for olivia@example.com")
	}
	return p.Store.Get(ctx, table, key)
}

// leaks does some runs and counts what is left of them.
func (s *shop) leaks() {
	measure := func() (goroutines, files int) {
		runtime.GC()
		time.Sleep(300 * time.Millisecond)
		fds, _ := filepath.Glob("/proc/self/fd/*")
		return runtime.NumGoroutine(), len(fds)
	}
	sku := s.restock()
	if _, err := s.run(); err != nil {
		s.t.Fatal(err)
	}
	goroutines, files := measure()
	for range 4 {
		if _, err := s.run(); err != nil {
			s.t.Fatal(err)
		}
	}
	if g, f := measure(); g > goroutines+3 || f > files+1 {
		s.t.Errorf("goroutines %d → %d, files %d → %d", goroutines, g, files, f)
	}
	s.settled(sku)
	if err := s.world.Restock(s.another(), 3); err != nil { // so that the next run has a restock too
		s.t.Error(err)
	}
}

// failsWhileRecovering kills a run in the middle of its messages, then lets the recovery fail at each of its writes.
func (s *shop) failsWhileRecovering() {
	s.crashesWhen(func(w bot.Write) bool {
		return w.Table == bot.Notifications && stateIn(w.Value) == "accepted"
	})
	if _, err := s.run(); err == nil {
		s.t.Error("the run did not die")
	}
	for n := 1; n <= 6; n++ {
		s.crashesAt(n)
		if _, err := s.run(); err == nil {
			s.t.Logf("the recovery needs %d writes", n)
			break
		}
	}
	s.wrap = nil
}

// crashesWhen ends all writing at a certain write, as a dead process does.
func (s *shop) crashesWhen(hit func(bot.Write) bool) {
	dead := false
	s.wrap = func(store bot.Store) bot.Store {
		return &failing{Store: store, fail: func(_ int, writes []bot.Write) error {
			for _, w := range writes {
				dead = dead || hit(w)
			}
			if dead {
				return errors.New("crash")
			}
			return nil
		}}
	}
}
