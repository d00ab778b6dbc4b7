package bolt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"restock/bot"
)

// compactTx is how much one transaction of a compaction copies.
const compactTx = 4 << 20

// Compact writes a state that nobody works with anew, without what was deleted in it. The new file is read whole before it takes
// the place of the former. It returns the sizes before and after, in bytes.
func Compact(path string) (before, after int64, err error) {
	held, err := open(path, false)
	if err != nil {
		if isLocked(err) {
			return 0, 0, err
		}
		return 0, 0, &bot.StateError{Err: err}
	}
	tmp := path + ".compact"
	_ = os.Remove(tmp) // of a compaction that was cut off
	if err = held.copyInto(tmp); err == nil {
		err = CheckFile(tmp)
	}
	before, after = size(path), size(tmp)
	if err == nil { // while it is locked: whoever waits for it looks again
		err = errors.Join(os.Rename(tmp, path), syncDir(filepath.Dir(path)))
	}
	if err = errors.Join(err, held.Close()); err != nil {
		return 0, 0, errors.Join(fmt.Errorf("the state stays as it is: %w", err), os.RemoveAll(tmp))
	}
	return before, after, nil
}

func (s *Store) copyInto(path string) error {
	o := options()
	o.InitialMmapSize = 0
	db, err := bbolt.Open(path, 0o600, o)
	if err != nil {
		return err
	}
	return errors.Join(bbolt.Compact(db, s.db, compactTx), db.Close())
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
