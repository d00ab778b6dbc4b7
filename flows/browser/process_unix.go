//go:build unix

package browser

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// nobody is the unprivileged user that Chrome runs as when the bot is root: Chrome keeps its sandbox only without root.
const nobody = 65534

// unprivileged returns the user to run Chrome as, or nil to run it as ourselves.
func unprivileged() *syscall.Credential {
	if os.Geteuid() != 0 {
		return nil
	}
	return &syscall.Credential{Uid: nobody, Gid: nobody}
}

func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: unprivileged()}
}

func giveTo(dir string) error {
	if c := unprivileged(); c != nil {
		return os.Chown(dir, int(c.Uid), int(c.Gid))
	}
	return nil
}

func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}

// alive reports whether the process that wrote its number, and when it was started, still lives.
func alive(owner string) bool {
	pid, started, _ := strings.Cut(owner, " ")
	n, err := strconv.Atoi(pid)
	if err != nil || n <= 0 {
		return false
	}
	err = syscall.Kill(n, 0)
	return (err == nil || errors.Is(err, syscall.EPERM)) && (started == "" || started == startOf(n))
}
