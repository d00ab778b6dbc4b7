package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"restock/bot"
	"restock/flows/browser"
)

func browserFaults() []fault {
	page := func(body string) func(*shop) {
		return func(s *shop) {
			s.atPage("3", 100, func(rw http.ResponseWriter) bool {
				_, _ = rw.Write([]byte("<!doctype html><h1>Products</h1>" + body))
				return true
			})
		}
	}
	return []fault{
		{id: "B1", name: "the browser is killed", arm: func(s *shop) { s.atPage("3", 1, signalBrowser(syscall.SIGKILL, "")) }, survives: true, serial: true, after: noBrowserLeft},
		{
			id: "B1-always", name: "the browser is killed again and again", arm: func(s *shop) { s.atPage("3", 100, signalBrowser(syscall.SIGKILL, "")) }, class: bot.Browser,
			want: []string{"the browser has ended", "ims › stock"}, serial: true, after: noBrowserLeft,
		},
		{id: "B2", name: "the browser is stopped", config: "browser: {open: 2s, step: 2s}\n", arm: func(s *shop) { s.atPage("3", 1, signalBrowser(syscall.SIGSTOP, "")) }, survives: true, serial: true, after: noBrowserLeft},
		{id: "B3", name: "the tab crashes", arm: func(s *shop) { s.atPage("3", 1, signalBrowser(syscall.SIGSEGV, "--type=renderer")) }, survives: true, serial: true, after: noBrowserLeft},
		{id: "B4", name: "a script that never ends", config: "browser: {open: 2s, step: 2s}\n", arm: page("<script>for (;;);</script>"), class: bot.SiteDown, want: []string{"no answer in time"}},
		{
			id: "B5", name: "a page that eats memory", config: "browser: {open: 8s, step: 8s, memory: 130MB}\n", class: bot.Browser, want: []string{"MB of memory", "browser.memory"}, serial: true,
			arm: page("<script>const all = []; setInterval(() => { for (let i = 0; i < 20; i++) all.push(new Uint8Array(1 << 20).fill(i)); }, 50);</script>"),
		},
		{id: "B6", name: "the pipe to the browser breaks", arm: func(s *shop) { s.atPage("3", 1, func(http.ResponseWriter) bool { s.breakPipe(); return false }) }, survives: true, serial: true, after: noBrowserLeft},
		{id: "B7", name: "restock itself is killed", arm: func(s *shop) { s.killedMidRun() }, survives: true, serial: true, after: noBrowserLeft},
		{id: "B8", name: "processes that nobody waits for", arm: func(s *shop) {
			for range 3 {
				if b, err := browser.Launch(s.t.Context(), browser.Options{Path: chromePath(s)}); err == nil {
					_ = b.Close()
				}
			}
		}, survives: true, serial: true, after: noBrowserLeft},
		{
			id: "B9", name: "the browser is not there", arm: func(s *shop) { s.edit("restock.yaml", "browser: {", "browser: {path: /nowhere/chrome, ") }, class: bot.Browser,
			want: []string{"/nowhere/chrome"}, mend: func(s *shop) { s.edit("restock.yaml", "path: /nowhere/chrome, ", "") },
		},
		{id: "B9-old", name: "the browser is too old", arm: func(s *shop) {
			old := filepath.Join(s.dir, "chrome")
			if err := os.WriteFile(old, []byte("#!/bin/sh\necho Chromium 90.0.4430.72\n"), 0o755); err != nil {
				s.t.Error(err)
			}
			s.edit("restock.yaml", "browser: {", "browser: {path: "+old+", ")
		}, class: bot.Browser, want: []string{"version 90: at least 120 is needed"}, mend: func(s *shop) {
			s.edit("restock.yaml", "path: "+filepath.Join(s.dir, "chrome")+", ", "")
		}},
		{id: "B10", name: "no home folder", arm: func(s *shop) {
			s.t.Setenv("HOME", "/nowhere")
			s.t.Setenv("XDG_CONFIG_HOME", "/nowhere")
		}, survives: true, serial: true},
	}
}

// atPage does something when a page of the stock list is asked for, so many times.
func (s *shop) atPage(number string, times int, do func(http.ResponseWriter) (answered bool)) {
	var mu sync.Mutex
	s.world.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/products" || r.FormValue("page") != number {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		if times--; times < 0 {
			return false
		}
		return do(rw)
	})
}

// browsers lists the processes of browsers below this one.
func browsers() map[int]string {
	found := map[int]string{}
	parents := map[int]int{}
	lines := map[int]string{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
		parents[pid], _ = strconv.Atoi(fields[1])
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		lines[pid] = strings.ReplaceAll(string(line), "\x00", " ")
	}
	for pid, line := range lines {
		for p := pid; p > 1; p = parents[p] {
			if p == os.Getpid() && (strings.Contains(line, "restock-browser-") || strings.Contains(line, "--type=")) {
				found[pid] = line
			}
		}
	}
	return found
}

// signalBrowser sends a signal to the browser, or to its processes of a type.
func signalBrowser(signal syscall.Signal, kind string) func(http.ResponseWriter) bool {
	return func(http.ResponseWriter) bool {
		for pid, line := range browsers() {
			main := strings.Contains(line, "--user-data-dir=") && !strings.Contains(line, "--type=")
			if kind == "" && (main || signal == syscall.SIGSTOP) || kind != "" && strings.Contains(line, kind) {
				_ = syscall.Kill(pid, signal)
			}
		}
		return false
	}
}

func noBrowserLeft(s *shop, _ bot.Run) {
	for range 40 {
		if len(browsers()) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Errorf("left: %v", browsers())
}

// breakPipe ends all pipes between this process and the browser, as a fault of the system would.
func (s *shop) breakPipe() {
	for pid, line := range browsers() {
		if !strings.Contains(line, "--remote-debugging-pipe") {
			continue
		}
		theirs := map[string]bool{}
		for _, to := range links("/proc/" + strconv.Itoa(pid) + "/fd/*") {
			theirs[to] = strings.HasPrefix(to, "pipe:")
		}
		for fd, to := range links("/proc/self/fd/*") {
			if !theirs[to] {
				continue
			}
			null, err := os.Open(os.DevNull)
			if err != nil {
				s.t.Error(err)
				return
			}
			n, _ := strconv.Atoi(filepath.Base(fd))
			_ = syscall.Dup3(int(null.Fd()), n, syscall.O_CLOEXEC) // the number stays taken, the pipe is gone
			_ = null.Close()
		}
	}
}

func links(pattern string) map[string]string {
	list := map[string]string{}
	files, _ := filepath.Glob(pattern)
	for _, file := range files {
		if to, err := os.Readlink(file); err == nil {
			list[file] = to
		}
	}
	return list
}

func chromePath(s *shop) string {
	found, err := browser.Find(s.t.Context(), "")
	if err != nil {
		s.t.Fatal(err)
	}
	return found.Path
}

// killedMidRun kills a restock of its own process in the middle of a run, and looks what it leaves.
func (s *shop) killedMidRun() {
	p := &patient{shop: s}
	arrived := make(chan struct{})
	var once sync.Once
	s.world.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.FormValue("page") == "3" {
			once.Do(func() { close(arrived) })
			<-r.Context().Done()
		}
		return false
	})
	cmd := p.start()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-arrived:
	case err := <-ended:
		s.t.Fatalf("it ended before it was killed: %v %s", err, cmd.Stderr)
	}
	p.kill()
	<-ended
	s.world.Mend()
	deadline := time.Now().Add(6 * time.Second)
	for browser.Orphans() > 0 && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
	}
	if n := browser.Orphans(); n > 0 {
		s.t.Errorf("%d processes outlive it", n)
	}
	if browser.Stale(filepath.Join(s.dir, "data", "browser")) == 0 {
		s.t.Error("no profile was left: the test has killed nothing")
	}
	s.t.Cleanup(func() {
		if n := browser.Stale(filepath.Join(s.dir, "data", "browser")); n > 0 {
			s.t.Errorf("%d profiles are left", n)
		}
	})
}
