package browser

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// relative is a process as /proc tells of it.
type relative struct {
	pid, parent int
	started     string // clock ticks since the machine's start: a number that is used again belongs to another process
}

// processes lists all that run. One that ends meanwhile is left out.
func processes() []relative {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	var list []relative
	for _, file := range files {
		if r, ok := relativeOf(file); ok {
			list = append(list, r)
		}
	}
	return list
}

func relativeOf(file string) (relative, bool) {
	data, err := os.ReadFile(file)
	if err != nil {
		return relative{}, false
	}
	text := string(data)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 || fields[0] == "Z" {
		return relative{}, false
	}
	pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
	parent, _ := strconv.Atoi(fields[1])
	return relative{pid, parent, fields[19]}, true
}

// startOf is when a process was started; "" if there is none.
func startOf(pid int) string {
	r, _ := relativeOf("/proc/" + strconv.Itoa(pid) + "/stat")
	return r.started
}

// tree is a process and all below it.
func tree(root int) []int {
	below := map[int][]int{}
	for _, r := range processes() {
		below[r.parent] = append(below[r.parent], r.pid)
	}
	list := []int{root}
	for i := 0; i < len(list); i++ {
		list = append(list, below[list[i]]...)
	}
	return list
}

// memory is what the browser takes in bytes, shared pages counted once.
func (b *Browser) memory() int64 {
	if b.proc.cmd.Process == nil {
		return 0
	}
	var own, shared int64
	for _, pid := range tree(b.proc.cmd.Process.Pid) {
		data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
		fields := strings.Fields(string(data))
		if err != nil || len(fields) < 3 {
			continue
		}
		resident, _ := strconv.ParseInt(fields[1], 10, 64)
		common, _ := strconv.ParseInt(fields[2], 10, 64)
		own += resident - common
		shared = max(shared, common)
	}
	return (own + shared) * int64(os.Getpagesize())
}

// Sandboxed looks whether the processes that show pages are confined: seccomp filters system calls, and no new rights can be
// had.
func (b *Browser) Sandboxed() (found string, ok bool) {
	n := 0
	for _, pid := range tree(b.proc.cmd.Process.Pid) {
		folder := "/proc/" + strconv.Itoa(pid)
		line, err := os.ReadFile(folder + "/cmdline")
		if err != nil || !strings.Contains(string(line), "--type=renderer") {
			continue
		}
		status, err := os.ReadFile(folder + "/status")
		if err != nil {
			continue // it has just ended
		}
		if !strings.Contains(string(status), "Seccomp:\t2") {
			return "a page's process without seccomp filter (process " + strconv.Itoa(pid) + ")", false
		}
		n++
	}
	if n == 0 {
		return "no page's process can be seen from here", true // hidden by the system; Chrome itself refuses to start without its sandbox
	}
	return "seccomp filter on " + strconv.Itoa(n) + " page process(es)", true
}

// KillOrphans ends the processes of browsers whose bot is gone. They end by themselves when their pipe does, unless they hang.
func KillOrphans() int {
	n := 0
	for _, pid := range orphans() {
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			n++
		}
	}
	return n
}

// Orphans counts the processes of browsers whose bot is gone.
func Orphans() int { return len(orphans()) }

func orphans() []int {
	var list []int
	for _, r := range processes() {
		profile := profileOf(r.pid)
		if profile == "" {
			continue
		}
		owner, err := os.ReadFile(filepath.Join(profile, ownerFile))
		if err == nil && alive(string(owner)) || os.IsPermission(err) {
			continue
		}
		if os.IsNotExist(err) && r.parent != 1 { // the profile is being removed by its bot
			continue
		}
		list = append(list, r.pid)
	}
	return list
}

// profileOf finds the profile that a process of a browser of ours works with.
func profileOf(pid int) string {
	folder := "/proc/" + strconv.Itoa(pid)
	for _, source := range []struct{ file, key string }{{"/cmdline", "--user-data-dir="}, {"/environ", "HOME="}} {
		data, err := os.ReadFile(folder + source.file)
		if err != nil {
			continue
		}
		for part := range strings.SplitSeq(string(data), "\x00") {
			if dir, ok := strings.CutPrefix(part, source.key); ok && strings.HasPrefix(filepath.Base(dir), profilePrefix) {
				return dir
			}
		}
	}
	return ""
}

// Processes counts the processes of browsers that the bot with this process id has started, and of those whose starter is not known.
func Processes(bot int) int {
	n := 0
	for _, r := range processes() {
		if profile := profileOf(r.pid); profile != "" && ownedBy(profile, bot) {
			n++
		}
	}
	return n
}

func ownedBy(profile string, bot int) bool {
	owner, err := os.ReadFile(filepath.Join(profile, ownerFile))
	pid, _, _ := strings.Cut(string(owner), " ")
	return err != nil || pid == strconv.Itoa(bot)
}
