package strict

import (
	"fmt"
	"os"
	"runtime"
)

// Guarded refuses a file that everybody may change: it decides where passwords are typed and who is told what.
func Guarded(path string) error {
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o002 == 0 {
		return err
	}
	return fmt.Errorf("%s can be changed by everybody (mode %04o): run `chmod o-w %s`", path, info.Mode().Perm(), path)
}
