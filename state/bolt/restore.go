package bolt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"restock/bot"
)

// Restore puts a backup in the place of a state file that nobody works with. The backup is read whole before anything is
// moved, and the former file is kept.
func Restore(path, backup string, now time.Time) (former string, err error) {
	if err := CheckFile(backup); err != nil {
		return "", fmt.Errorf("the backup %s cannot be used: %w", backup, err)
	}
	if _, err := os.Stat(path); err == nil {
		held, err := Open(path)
		switch {
		case err == nil: // else it is damaged, which is why it is replaced
			defer func() { _ = held.Close() }() // it is locked until the other stands there
		case isLocked(err):
			return "", err
		}
		former = path + ".before-" + now.Format("20060102-150405")
		if err := os.Rename(path, former); err != nil {
			return "", err
		}
	}
	return former, errors.Join(copyFile(backup, path), syncDir(filepath.Dir(path)))
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

func isLocked(err error) bool {
	_, ok := errors.AsType[*bot.LockedError](err)
	return ok
}
