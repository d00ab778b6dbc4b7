package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"runtime/debug"

	"go.etcd.io/bbolt"

	"restock/bot"
)

// The layout of bbolt's meta page (go.etcd.io/bbolt, internal/common/meta.go): a page header of 16 bytes, then magic,
// version, page size, flags (4 bytes each), root bucket (16), freelist, high-water page, transaction (8 each), checksum.
const (
	metaAt    = 16
	metaSize  = 64
	metaMagic = 0xED0CDAED
)

// whole looks at the meta pages before bbolt does: bbolt reads beyond the end of a file that was cut off, which no program
// survives.
func whole(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	var newest, needs uint64
	found := false
	for _, size := range []int64{int64(os.Getpagesize()), 4096, 16384, 65536} {
		for n := range int64(2) {
			txid, pages, pageSize, ok := meta(f, n*size)
			if ok && int64(pageSize) == size && (!found || txid >= newest) {
				found, newest, needs = true, txid, pages*pageSize
			}
		}
	}
	switch {
	case !found:
		return fmt.Errorf("state %s is damaged: neither of its two first pages can be read; %s", path, restoreHint)
	case uint64(info.Size()) < needs:
		return fmt.Errorf("state %s is cut off: it has %d bytes and should have at least %d; %s", path, info.Size(), needs, restoreHint)
	}
	return nil
}

const restoreHint = "keep the file, and put a backup in its place with `restock restore FILE`"

func meta(f io.ReaderAt, at int64) (txid, pages, pageSize uint64, ok bool) {
	b := make([]byte, metaSize)
	if _, err := f.ReadAt(b, at+metaAt); err != nil {
		return 0, 0, 0, false
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b[:56])
	if binary.LittleEndian.Uint32(b) != metaMagic || sum.Sum64() != binary.LittleEndian.Uint64(b[56:]) {
		return 0, 0, 0, false
	}
	return binary.LittleEndian.Uint64(b[48:]), binary.LittleEndian.Uint64(b[40:]), uint64(binary.LittleEndian.Uint32(b[8:])), true
}

// careful opens a file of which bbolt may panic: it asserts what it finds on a damaged page.
func careful(path string, o *bbolt.Options) (db *bbolt.DB, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			db, err = nil, fmt.Errorf("it is damaged (%v)", r)
		}
	}()
	if db, err = bbolt.Open(path, 0o600, o); err == nil {
		db.AllocSize = allocate
	}
	return db, err
}

// damaged turns what bbolt panics of into an error.
func (s *Store) damaged(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("state %s is damaged (%v); %s", s.path, r, restoreHint)
		}
	}()
	return do()
}

// readable reads everything once: a damaged page is an error here and not a crash in the middle of a run. Keys must ascend:
// pages that lead back to each other would be read for ever.
func (s *Store) readable() error {
	return s.damaged(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			for _, table := range bot.Tables() {
				if b := tx.Bucket([]byte(table)); b != nil { // else it is made when it is needed
					if err := s.readTable(table, b); err != nil {
						return err
					}
				}
			}
			return nil
		})
	})
}

func (s *Store) readTable(table bot.Table, b *bbolt.Bucket) error {
	var before []byte
	return b.ForEach(func(k, v []byte) error {
		if _, ok := decode(v); !ok {
			return fmt.Errorf("state %s is damaged: %s %q is no record; %s", s.path, table, k, restoreHint)
		}
		if before != nil && bytes.Compare(before, k) >= 0 {
			return fmt.Errorf("state %s is damaged: in %s, %q comes after %q; %s", s.path, table, k, before, restoreHint)
		}
		before = k
		return nil
	})
}
