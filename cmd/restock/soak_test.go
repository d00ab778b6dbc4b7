package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// toll is what a process takes of its machine.
type toll struct{ processes, files, goroutines, folders, memory int }

func (s *shop) toll() toll {
	runtime.GC()
	fds, _ := filepath.Glob("/proc/self/fd/*")
	t := toll{processes: len(browsers()), files: len(fds), goroutines: runtime.NumGoroutine(), memory: residentMB()}
	for _, dir := range []string{os.TempDir(), filepath.Join(s.dir, "data", "browser")} {
		left, _ := filepath.Glob(filepath.Join(dir, "restock-browser-*"))
		for _, profile := range left {
			owner, err := os.ReadFile(filepath.Join(profile, "restock.pid"))
			if err == nil && strings.HasPrefix(string(owner), strconv.Itoa(os.Getpid())+" ") {
				t.folders++
			}
		}
	}
	return t
}

// residentMB is what this process holds in memory.
func residentMB() int {
	data, err := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(data))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(fields[1])
	return pages * os.Getpagesize() >> 20
}

// TestSoak does many runs, each with a browser of its own: no process, file, goroutine or folder is left, and memory does not
// grow. RESTOCK_SOAK=1000 sets how many.
func TestSoak(t *testing.T) {
	runs := 30
	if n, err := strconv.Atoi(os.Getenv("RESTOCK_SOAK")); err == nil {
		runs = n
	}
	s := newShop(t, "")
	for _, w := range s.soak(runs, func() {}) {
		t.Error(w)
	}
}

// soak does runs and says what they leave. after is done after each.
func (s *shop) soak(runs int, after func()) (wrong []string) {
	s.t.Helper()
	warm := min(10, runs/3)
	var first toll
	for i := range runs {
		if run, err := s.run(); err != nil {
			return append(wrong, err.Error(), string(run.Outcome))
		}
		after()
		settle(func() bool { return len(browsers()) == 0 })
		now := s.toll()
		if i == warm {
			first = now
		}
		if now.processes > 0 || now.folders > 0 {
			wrong = append(wrong, sentence("after run %d: %d processes and %d profiles are left", i+1, now.processes, now.folders))
			return wrong
		}
	}
	settle(func() bool { return runtime.NumGoroutine() <= first.goroutines })
	last := s.toll()
	s.t.Logf("%d runs: files %d → %d, goroutines %d → %d, memory %d → %d MB", runs, first.files, last.files, first.goroutines, last.goroutines, first.memory, last.memory)
	if last.files > first.files || last.goroutines > first.goroutines {
		wrong = append(wrong, sentence("files %d → %d, goroutines %d → %d", first.files, last.files, first.goroutines, last.goroutines))
	}
	if grown := last.memory - first.memory; grown > 20+runs/20 {
		wrong = append(wrong, sentence("memory has grown by %d MB in %d runs", grown, runs))
	}
	return wrong
}

// settle waits until something is so, a few seconds at most.
func settle(so func() bool) {
	for range 50 {
		if so() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}
