//go:build unix

package journal

import (
	"os"
	"syscall"
)

// lock takes a file for as long as it is open; false says that another process has it.
func lock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
