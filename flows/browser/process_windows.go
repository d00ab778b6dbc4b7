package browser

import (
	"os"
	"os/exec"
	"strconv"
)

type credential struct{}

func unprivileged() *credential { return nil }

func ownGroup(*exec.Cmd) {}

func giveTo(string) error { return nil }

func killGroup(cmd *exec.Cmd) {
	// taskkill ends the whole tree; Chrome has no process group that a signal could reach.
	_ = exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run()
	_ = cmd.Process.Kill()
}

func alive(pid string) bool {
	n, err := strconv.Atoi(pid)
	if err != nil {
		return false
	}
	p, err := os.FindProcess(n)
	if err != nil {
		return false
	}
	_ = p.Release()
	return true
}
