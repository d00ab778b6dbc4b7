package bolt

import (
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"restock/bot"
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

// CheckFile reads a state file that nobody works with, and compares what its pages say of each other. A file that is held by
// another process gives a *bot.LockedError.
func CheckFile(path string) error {
	if err := whole(path); err != nil {
		return err
	}
	db, err := careful(path, &bbolt.Options{ReadOnly: true, Timeout: options().Timeout, PreLoadFreelist: true})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return &bot.LockedError{What: "state " + path, Holder: holder(path + ".pid"), Hint: "it is at work and so it is well"}
	}
	if err != nil {
		return fmt.Errorf("state %s cannot be opened: %w; %s", path, err, restoreHint)
	}
	s := &Store{db: db, path: path}
	err = s.readable()
	if err == nil {
		err = s.consistent()
	}
	return errors.Join(err, db.Close())
}

// consistent compares what the pages of the file say of each other: each is used once, or free.
func (s *Store) consistent() error {
	return s.db.View(func(tx *bbolt.Tx) error {
		var first error
		for err := range tx.Check() {
			if first == nil {
				first = fmt.Errorf("state %s is damaged: %w; %s", s.path, err, restoreHint)
			}
		}
		return first
	})
}
