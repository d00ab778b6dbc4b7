package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"go.etcd.io/bbolt"

	"restock/bot"
)

// generationKey holds how often the state was opened. The same number stands in a file beside it: a state whose number is
// the smaller one was put back from a backup, and has forgotten who was told since.
const generationKey = "generation"

func generationFile(path string) string { return path + ".generation" }

// OldError says that a state is older than what stands beside it.
type OldError struct{ Path string }

func (e *OldError) Error() string {
	return fmt.Sprintf("state %s is older than the file %s beside it: it was put back from a backup or a snapshot, and does not know who was told since then; "+
		"run `restock adopt`, which holds every message that may have gone out already", e.Path, generationFile(e.Path))
}

// grow counts this opening. It refuses a state that is older than the file beside it, unless adopting.
func (s *Store) grow(tx *bbolt.Tx, adopting bool) (uint64, error) {
	b := tx.Bucket([]byte(bot.Meta))
	var known uint64
	if rec, ok := decode(b.Get([]byte(generationKey))); ok && len(rec.value) == 8 {
		known = binary.BigEndian.Uint64(rec.value)
	}
	beside := s.beside()
	if beside > known && !adopting {
		return 0, &OldError{s.path}
	}
	known = max(known, beside) + 1
	return known, b.Put([]byte(generationKey), record{rev: known, value: binary.BigEndian.AppendUint64(nil, known)}.encode())
}

// Advance makes every copy of the state that was taken before older than the state.
func (s *Store) Advance() error {
	var n uint64
	err := s.db.Update(func(tx *bbolt.Tx) (err error) {
		n, err = s.grow(tx, true)
		return err
	})
	if err != nil {
		return err
	}
	return s.note(n)
}

func (s *Store) beside() uint64 {
	text, err := os.ReadFile(generationFile(s.path))
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64) // what cannot be read says nothing
	return n
}

// note writes the number beside the file, after the state has it.
func (s *Store) note(n uint64) error {
	tmp := generationFile(s.path) + ".tmp"
	if err := os.WriteFile(tmp, []byte(strconv.FormatUint(n, 10)+"\n"), 0o600); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return os.Rename(tmp, generationFile(s.path))
}

// Adopt opens a state that is older than the file beside it.
func Adopt(path string) (*Store, error) { return stated(open(path, true)) }
