//go:build linux && amd64

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"restock/bot"
	"restock/state/bolt"
)

// diskOp is one thing that a process did to its state file, or a message that left (journal).
type diskOp struct {
	kind string // write, truncate, sync, left
	at   int64
	data []byte
	key  string
}

// tracer follows a process by ptrace(2) and notes what it does to its state.
type tracer struct {
	pid  int
	mem  *os.File
	ops  []diskOp
	open map[int]*diskOp // thread → call under way
}

// trace runs a deliverer to its end. A thread traces what it has started, so it is kept.
func (c *crash) trace() []diskOp {
	c.t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := c.command(2, "")
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	tr := &tracer{pid: cmd.Process.Pid, open: map[int]*diskOp{}}
	var status syscall.WaitStatus
	_, err := syscall.Wait4(tr.pid, &status, 0, nil)
	const killWithUs = 0x100000 // PTRACE_O_EXITKILL
	if err == nil {
		err = syscall.PtraceSetOptions(tr.pid, syscall.PTRACE_O_TRACESYSGOOD|syscall.PTRACE_O_TRACECLONE|killWithUs)
	}
	if err == nil {
		tr.mem, err = os.Open(fmt.Sprintf("/proc/%d/mem", tr.pid))
	}
	if err == nil {
		err = syscall.PtraceSyscall(tr.pid, 0)
	}
	if err == nil {
		err = tr.follow()
	}
	if err != nil {
		c.t.Fatalf("tracing: %v", err)
	}
	_ = tr.mem.Close()
	return tr.ops
}

func (tr *tracer) follow() error {
	const all = 0x40000000 | 0x20000000 // __WALL: of every kind; __WNOTHREAD: what this thread has started, and nobody else
	for {
		var status syscall.WaitStatus
		tid, err := syscall.Wait4(-1, &status, all, nil)
		if err != nil {
			return err
		}
		if status.Exited() || status.Signaled() {
			if tid == tr.pid {
				if status.ExitStatus() != 0 {
					return fmt.Errorf("it ended with %d", status.ExitStatus())
				}
				return nil
			}
			continue
		}
		signal := 0
		switch stop := status.StopSignal(); {
		case stop == syscall.SIGTRAP|0x80:
			tr.call(tid)
		case stop != syscall.SIGTRAP && stop != syscall.SIGSTOP:
			signal = int(stop)
		}
		if err := syscall.PtraceSyscall(tid, signal); err != nil && err != syscall.ESRCH {
			return err
		}
	}
}

// call notes one system call: at its beginning what it wants, at its end that it was done.
func (tr *tracer) call(tid int) {
	var regs syscall.PtraceRegs
	if syscall.PtraceGetRegs(tid, &regs) != nil {
		return
	}
	if op, ending := tr.open[tid]; ending {
		delete(tr.open, tid)
		if op != nil && int64(regs.Rax) >= 0 {
			tr.ops = append(tr.ops, *op)
		}
		return
	}
	tr.open[tid] = tr.begun(regs)
}

func (tr *tracer) begun(regs syscall.PtraceRegs) *diskOp {
	switch regs.Orig_rax {
	case syscall.SYS_PWRITE64, syscall.SYS_WRITE, syscall.SYS_FTRUNCATE, syscall.SYS_FDATASYNC, syscall.SYS_FSYNC:
	default:
		return nil
	}
	path, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tr.pid, regs.Rdi))
	isState := strings.HasSuffix(path, "/state.db")
	switch {
	case isState && regs.Orig_rax == syscall.SYS_PWRITE64:
		return &diskOp{kind: "write", at: int64(regs.R10), data: tr.read(regs.Rsi, regs.Rdx)}
	case isState && regs.Orig_rax == syscall.SYS_FTRUNCATE:
		return &diskOp{kind: "truncate", at: int64(regs.Rsi)}
	case isState && regs.Orig_rax != syscall.SYS_WRITE:
		return &diskOp{kind: "sync"}
	case strings.Contains(path, "/journal/") && regs.Orig_rax == syscall.SYS_WRITE:
		var note struct{ Key, State string }
		if json.Unmarshal(tr.read(regs.Rsi, regs.Rdx), &note) == nil && note.Key != "" && note.State == "" {
			return &diskOp{kind: "left", key: note.Key}
		}
	}
	return nil
}

func (tr *tracer) read(at, n uint64) []byte {
	b := make([]byte, n)
	if _, err := tr.mem.ReadAt(b, int64(at)); err != nil {
		return nil
	}
	return b
}

// disk is a file as it stands on the disk.
type disk []byte

// grow makes a disk as long, with zeroes.
func (d disk) grow(size int) disk {
	if size <= len(d) {
		return d
	}
	old := len(d)
	d = slices.Grow(d, size-old)[:size]
	clear(d[old:])
	return d
}

func (d disk) apply(op diskOp, random *rand.Rand) disk {
	switch op.kind {
	case "truncate":
		if n := int(op.at); n <= len(d) {
			return d[:n]
		}
		return d.grow(int(op.at))
	case "write":
		d = d.grow(int(op.at) + len(op.data))
		const sector = 512
		for i := 0; i < len(op.data); i += sector { // a power failure keeps or drops whole sectors
			if random == nil || random.IntN(2) == 0 {
				copy(d[int(op.at)+i:], op.data[i:min(i+sector, len(op.data))])
			}
		}
	}
	return d
}

// image is the disk after a power failure behind op k: what was synced is there; of the rest each write is there, is not, or is
// torn. deaf is the share in per cent of syncs that the disk pretends.
func diskImage(scratch, start disk, ops []diskOp, k int, random *rand.Rand, deaf int) (disk, map[string]bool) {
	left := map[string]bool{}
	d := append(scratch[:0], start...)
	synced := 0
	for i, op := range ops[:k] {
		if op.kind == "sync" && random.IntN(100) >= deaf {
			for _, done := range ops[synced:i] {
				d = d.apply(done, nil)
			}
			synced = i
		}
		if op.kind == "left" {
			left[op.key] = true
		}
	}
	for _, op := range ops[synced:k] {
		switch random.IntN(3) {
		case 0:
			d = d.apply(op, nil)
		case 1:
			d = d.apply(op, random)
		}
	}
	return d, left
}

// write makes a file of a disk, with holes where there is nothing.
func (d disk) write(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	const page = 4096
	nothing := make([]byte, page)
	for at := 0; at < len(d) && err == nil; at += page {
		if part := d[at:min(at+page, len(d))]; !bytes.Equal(part, nothing[:len(part)]) {
			_, err = f.WriteAt(part, int64(at))
		}
	}
	return errors.Join(err, f.Truncate(int64(len(d))), f.Close())
}

// judge opens an image and says what is wrong with it: it cannot be read, or has forgotten a message that left.
func judge(dir string, d disk, left map[string]bool) string {
	path := filepath.Join(dir, "state.db")
	_, _ = os.Remove(path), os.Remove(path+".generation") // one that could not be opened may be locked still
	if err := d.write(path); err != nil {
		return err.Error()
	}
	if err := bolt.CheckFile(path); err != nil {
		return "corrupt: " + err.Error()
	}
	store, err := bolt.Open(path)
	if err != nil {
		return "corrupt: " + err.Error()
	}
	ledger := bot.NewLedger(store, time.Now)
	for key := range left {
		n, ok, err := ledger.Find(context.Background(), key)
		switch {
		case err != nil:
			return "corrupt: " + err.Error()
		case !ok || n.State == bot.Queued || n.State == bot.Claimed:
			return fmt.Sprintf("lost: %s has left and is %q", key, n.State)
		}
	}
	if err := store.Close(); err != nil { // a damaged one may never close
		return err.Error()
	}
	return ""
}

// damaged has an image read by a process of its own, as a start after a crash does: reading it may kill, or never end.
func damaged(t *testing.T, dir string, d disk) bool {
	path := filepath.Join(dir, "lying.db")
	if err := d.write(path); err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("restock")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	return exec.CommandContext(ctx, program, "state-check", path).Run() != nil
}

// TestPowerFailure traces what a run does to the disk and makes from it what the disk can be after a power failure: none of it
// is corrupt, and none has forgotten a message that had left. On a disk that lies about its syncs, the same finds damage.
// RESTOCK_LONG=1: 50,000 images.
func TestPowerFailure(t *testing.T) {
	t.Parallel()
	images, messages := 400, 120
	if os.Getenv("RESTOCK_LONG") != "" {
		images, messages = 50000, 400
	}
	c := newCrash(t, messages)
	start, err := os.ReadFile(filepath.Join(c.dir, "data", "state.db"))
	if err != nil {
		t.Fatal(err)
	}

	ops := c.trace()

	kinds := map[string]int{}
	for _, op := range ops {
		kinds[op.kind]++
	}
	if kinds["left"] != messages || kinds["sync"] < 20 {
		t.Fatalf("traced: %v", kinds)
	}
	whole := append(disk(nil), start...)
	for _, op := range ops {
		whole = whole.apply(op, nil)
	}
	if now, err := os.ReadFile(filepath.Join(c.dir, "data", "state.db")); err != nil || !bytes.Equal(now, whole) {
		t.Fatalf("the trace does not make the file: %d and %d bytes, %v", len(whole), len(now), err)
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 11))
	t.Logf("seed %d, %d operations: %v", seed, len(ops), kinds)
	dir, err := os.MkdirTemp("/dev/shm", "restock-images-") // their own syncs are of no interest
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var d disk // one for all: memory is dear
	for i := range images {
		k := random.IntN(len(ops)) + 1
		var left map[string]bool
		d, left = diskImage(d, start, ops, k, random, 0)
		if wrong := judge(dir, d, left); wrong != "" {
			t.Fatalf("image %d of seed %d, behind operation %d: %s", i, seed, k, wrong)
		}
	}
	found := 0
	for range 20 {
		d, _ = diskImage(d, start, ops, random.IntN(len(ops))+1, random, 95)
		if damaged(t, dir, d) {
			found++
		}
	}
	t.Logf("%d images; on a disk that lies, %d of 20 are damaged", images, found)
	if found == 0 {
		t.Error("a disk that lies about its syncs was not noticed: this test proves nothing")
	}
}
