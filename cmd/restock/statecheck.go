package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/state"
)

// checkLimit is how long the check of a state may take; reading it once takes seconds.
const checkLimit = 10 * time.Minute

// stateCheckCommand reads a state file from end to end. A file can be damaged such that no program survives reading it, or
// reads it for ever: so it is read by a process of its own.
func (a *app) stateCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "state-check FILE",
		Short:  "Read a state file that nobody works with from end to end",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE:   func(_ *cobra.Command, args []string) error { return state.CheckFile(args[0]) },
	}
}

// checkAfterCrash has a state checked that its last process did not close.
func (a *app) checkAfterCrash(ctx context.Context, folder string) error {
	path := filepath.Join(folder, "state.db")
	text, err := os.ReadFile(path + ".pid")
	if err != nil || a.program == "" {
		return nil
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && alive(pid) {
		return nil // it is at work with it
	}
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, a.program, "state-check", path).CombinedOutput()
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil, ended && exit.ExitCode() == exitLocked:
		return nil // well, or somebody works with it: that is said when it is opened
	case ended && exit.ExitCode() == exitFailed:
		return &bot.StateError{Err: errors.New(strings.TrimPrefix(strings.TrimSpace(string(out)), "restock: "))}
	}
	return &bot.StateError{Err: fmt.Errorf("state %s is damaged: a process that read it ended with %w; keep the file, and put a backup in its place with `restock restore FILE`", path, err)}
}

// alive reports whether there is such a process.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && p.Signal(syscall.Signal(0)) == nil
}
