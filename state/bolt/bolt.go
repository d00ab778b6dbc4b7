// Package bolt keeps the state in one bbolt file. It is the only importer of bbolt.
//
// A file is made once, by [Create], which writes the genesis record. [Open] refuses a file that is missing, empty or
// foreign, because bbolt would silently make a new, empty one, and with it all memory of what was sent would be gone. The
// file is locked for as long as it is open. Every commit is synced to the disk.
package bolt

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"restock/bot"
)

// Store is a bot.Store in one file.
type Store struct {
	db   *bbolt.DB
	path string
	pid  string
}

var _ bot.Store = (*Store)(nil)

// Genesis is the record that makes a bbolt file a state of restock.
type Genesis struct {
	Product string    `json:"product"` // always "restock"
	Format  int       `json:"format"`
	ID      string    `json:"id"` // random; names this state for ever
	Created time.Time `json:"created"`
}

const (
	product    = "restock"
	format     = 1
	genesisKey = "genesis"
)

// Create makes a new state file. It refuses to touch a file that is there already.
func Create(path string, g Genesis) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("state %s exists already: it is never overwritten; move it away to start anew", path)
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	db, err := bbolt.Open(path, 0o600, options())
	if err != nil {
		return err
	}
	g.Product, g.Format = product, format
	value, err := json.Marshal(g)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, table := range bot.Tables() {
			if _, err := tx.CreateBucket([]byte(table)); err != nil {
				return err
			}
		}
		return tx.Bucket([]byte(bot.Meta)).Put([]byte(genesisKey), record{rev: 1, value: value}.encode())
	})
	return errors.Join(err, db.Close(), syncDir(filepath.Dir(path)))
}

// syncDir makes the new file's name durable; bbolt does not.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// reserved is the address space that a state may grow into without being mapped anew, which would wait for every reader. It
// is not memory. (On Windows the file itself would be made as long.)
const reserved = 4 << 30

// allocate is by how much the file grows at a time.
const allocate = 8 << 20

func options() *bbolt.Options {
	o := &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType}
	if runtime.GOOS != "windows" && strconv.IntSize == 64 {
		o.InitialMmapSize = reserved
	}
	return o
}

// Open opens a state file made by [Create]. A file held by another process gives a *bot.LockedError.
func Open(path string) (*Store, error) { return stated(open(path, false)) }

// stated marks what is wrong with a state as such.
func stated(s *Store, err error) (*Store, error) {
	if _, locked := errors.AsType[*bot.LockedError](err); err == nil || locked {
		return s, err
	}
	return nil, &bot.StateError{Err: err}
}

func open(path string, adopting bool) (*Store, error) {
	if err := precheck(path); err != nil {
		return nil, err
	}
	if err := whole(path); err != nil {
		return nil, err
	}
	var opened *os.File
	o := options()
	o.OpenFile = func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
		opened, err = os.OpenFile(name, flag, mode)
		return opened, err
	}
	db, err := careful(path, o)
	if err == nil && replaced(opened, path) {
		if err := db.Close(); err != nil {
			return nil, err
		}
		return open(path, adopting)
	}
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, &bot.LockedError{
			What: "state " + path, Holder: holder(path + ".pid"),
			Hint: "wait until it ends, or stop it; one process at a time works with a state",
		}
	}
	if err != nil {
		return nil, fmt.Errorf("state %s cannot be opened: %w; restore a backup, or move the file away and run `restock init`", path, err)
	}
	s := &Store{db: db, path: path, pid: path + ".pid"}
	err = s.readable()
	if err == nil {
		err = s.damaged(func() error { return s.adopt(adopting) })
	}
	if err != nil {
		return nil, errors.Join(err, s.damaged(db.Close))
	}
	return s, nil
}

func precheck(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("state %s is missing: a new one would have forgotten who was told already; "+
			"restore a backup, or run `restock init` if this is a new installation", path)
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("state %s is a folder: expected a file", path)
	case info.Size() == 0:
		return fmt.Errorf("state %s is empty: it was truncated; restore a backup", path)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("state %s can be read by others (mode %04o): run `chmod 600 %s`", path, info.Mode().Perm(), path)
	}
	return nil
}

// holder names the process that wrote its number beside the file, if it lives: a killed one leaves its number behind.
func holder(pidFile string) string {
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return "another process"
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return "another process"
	}
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Signal(syscall.Signal(0))
	}
	if err != nil && !errors.Is(err, os.ErrPermission) {
		return "another process"
	}
	return fmt.Sprintf("process %d", pid)
}

// adopt checks the genesis record and drops what belonged to processes that are gone: as the file was not locked, all of
// them are.
func (s *Store) adopt(older bool) error {
	var g Genesis
	var generation uint64
	err := s.db.Update(func(tx *bbolt.Tx) error {
		meta := tx.Bucket([]byte(bot.Meta))
		if meta == nil {
			return s.foreign()
		}
		rec, ok := decode(meta.Get([]byte(genesisKey)))
		if !ok || json.Unmarshal(rec.value, &g) != nil || g.Product != product {
			return s.foreign()
		}
		if g.Format > format {
			return fmt.Errorf("state %s has format %d, this restock knows %d: use a newer restock", s.path, g.Format, format)
		}
		var err error
		if generation, err = s.grow(tx, older); err != nil {
			return err
		}
		return dropMortal(tx)
	})
	if err == nil {
		err = s.note(generation)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(s.pid, []byte(fmt.Sprintln(os.Getpid())), 0o600)
}

func (s *Store) foreign() error {
	return fmt.Errorf("%s is not a state of restock: it has no genesis record; check `data:` in restock.yaml", s.path)
}

// dropMortal deletes every entry that was to live only as long as its writer.
func dropMortal(tx *bbolt.Tx) error {
	for _, table := range bot.Tables() {
		b, err := tx.CreateBucketIfNotExists([]byte(table))
		if err != nil {
			return err
		}
		if table != bot.Leases {
			continue
		}
		c := b.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			if err := c.Delete(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Get implements bot.Store.
func (s *Store) Get(ctx context.Context, table bot.Table, key string) (bot.Entry, error) {
	entry := bot.Entry{Key: key}
	if err := ctx.Err(); err != nil {
		return entry, context.Cause(ctx)
	}
	err := s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(table))
		if b == nil { // an older state that is only read
			return nil
		}
		if rec, ok := decode(b.Get([]byte(key))); ok && !rec.expired(time.Now()) {
			entry.Value, entry.Rev = append([]byte(nil), rec.value...), rec.rev
		}
		return nil
	})
	return entry, err
}

// page is how many entries one read transaction of Scan copies; a long one would keep writers from growing the file.
const page = 1000

// Scan implements bot.Store.
func (s *Store) Scan(ctx context.Context, table bot.Table, prefix string) iter.Seq2[bot.Entry, error] {
	return func(yield func(bot.Entry, error) bool) {
		after := ""
		for {
			entries, more, err := s.page(ctx, table, prefix, after)
			if err != nil {
				yield(bot.Entry{}, err)
				return
			}
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
				after = e.Key
			}
			if !more {
				return
			}
		}
	}
}

func (s *Store) page(ctx context.Context, table bot.Table, prefix, after string) (entries []bot.Entry, more bool, err error) {
	if ctx.Err() != nil {
		return nil, false, context.Cause(ctx)
	}
	now := time.Now()
	err = s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(table))
		if b == nil {
			return nil
		}
		c := b.Cursor()
		k, v := c.Seek([]byte(max(prefix, after)))
		for ; k != nil && strings.HasPrefix(string(k), prefix); k, v = c.Next() {
			if after != "" && string(k) <= after {
				continue
			}
			if len(entries) == page {
				more = true
				return nil
			}
			if rec, ok := decode(v); ok && !rec.expired(now) {
				entries = append(entries, bot.Entry{Key: string(k), Value: append([]byte(nil), rec.value...), Rev: rec.rev})
			}
		}
		return nil
	})
	return entries, more, err
}

// Apply implements bot.Store: all writes in one transaction, sorted by key, which bbolt writes several times faster.
func (s *Store) Apply(ctx context.Context, writes ...bot.Write) ([]bot.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	order := make([]int, len(writes))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool {
		x, y := writes[order[a]], writes[order[b]]
		return x.Table < y.Table || x.Table == y.Table && x.Key < y.Key
	})
	outcomes := make([]bot.Outcome, len(writes))
	now := time.Now()
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, i := range order {
			var err error
			if outcomes[i], err = set(tx.Bucket([]byte(writes[i].Table)), writes[i], now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, &bot.StateError{Err: fmt.Errorf("state %s: %w", s.path, err)}
	}
	return outcomes, nil
}

func set(b *bbolt.Bucket, w bot.Write, now time.Time) (bot.Outcome, error) {
	key := []byte(w.Key)
	rec, ok := decode(b.Get(key))
	if !ok || rec.expired(now) {
		rec = record{}
	}
	if rec.rev != w.Rev {
		return bot.Outcome{Rev: rec.rev, Conflict: true}, nil
	}
	if w.Value == nil {
		return bot.Outcome{}, b.Delete(key)
	}
	rev, err := b.NextSequence()
	if err != nil {
		return bot.Outcome{}, err
	}
	next := record{rev: rev, value: w.Value}
	if w.TTL > 0 {
		next.expires = now.Add(w.TTL).UnixMilli()
	}
	return bot.Outcome{Rev: rev}, b.Put(key, next.encode())
}

// Close implements bot.Store.
func (s *Store) Close() error {
	return errors.Join(os.Remove(s.pid), s.db.Close())
}

// record is one stored value: revision, expiry (Unix milliseconds, 0 = never), value.
type record struct {
	rev     uint64
	expires int64
	value   []byte
}

func (r record) encode() []byte {
	b := make([]byte, 16, 16+len(r.value))
	binary.BigEndian.PutUint64(b, r.rev)
	binary.BigEndian.PutUint64(b[8:], uint64(r.expires))
	return append(b, r.value...)
}

func decode(b []byte) (record, bool) {
	if len(b) < 16 {
		return record{}, false
	}
	return record{
		rev:     binary.BigEndian.Uint64(b),
		expires: int64(binary.BigEndian.Uint64(b[8:])),
		value:   b[16:],
	}, true
}

func (r record) expired(now time.Time) bool { return r.expires != 0 && now.UnixMilli() >= r.expires }

// replaced reports whether another file has taken the place of the one that was opened, while its lock was waited for.
func replaced(opened *os.File, path string) bool {
	before, err := opened.Stat()
	now, err2 := os.Stat(path)
	return err != nil || err2 != nil || !os.SameFile(before, now)
}
