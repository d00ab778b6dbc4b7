package bolt

import (
	"errors"
	"os"

	"go.etcd.io/bbolt"
)

// Backup writes a copy of the state into a new file, while others go on working. The copy is read back before it counts.
func (s *Store) Backup(path string) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = s.db.View(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(f)
		return err
	})
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = CheckFile(tmp)
	}
	if err == nil { // from now on the copy is older than what stands beside the state
		err = s.Advance()
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return os.Rename(tmp, path)
}

// CheckFile reads a state file that nobody works with.
func CheckFile(path string) error {
	if err := whole(path); err != nil {
		return err
	}
	db, err := careful(path, &bbolt.Options{ReadOnly: true, Timeout: options().Timeout})
	if err != nil {
		return err
	}
	s := &Store{db: db, path: path}
	return errors.Join(s.readable(), db.Close())
}
