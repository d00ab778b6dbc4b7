package state

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"restock/bot"
)

// moving marks a state that is being moved, or was: nothing may be sent with it.
const moving = "moving"

// Moved is what became of one table.
type Moved struct {
	Table   bot.Table `json:"table"`
	Entries int       `json:"entries"`
	Bytes   int64     `json:"bytes"`
	Hash    string    `json:"sha256"` // of all keys and values, in order
}

// stays reports whether an entry belongs to the place where it is, and not to the state.
func stays(table bot.Table, key string) bool {
	switch table {
	case bot.Leases, bot.Machines:
		return true
	case bot.Meta:
		return key == "genesis" || key == "generation" || key == moving || strings.HasPrefix(key, "sync/")
	}
	return false
}

// Moving says why nothing may be sent with a state, or "": it is being moved, or was.
func Moving(ctx context.Context, store bot.Store) (string, error) {
	entry, err := store.Get(ctx, bot.Meta, moving)
	return string(entry.Value), err
}

func mark(ctx context.Context, store bot.Store, text string) error {
	entry, err := store.Get(ctx, bot.Meta, moving)
	if err != nil || string(entry.Value) == text {
		return err
	}
	w := bot.Write{Table: bot.Meta, Key: moving, Rev: entry.Rev}
	if text != "" {
		w.Value = []byte(text)
	}
	out, err := store.Apply(ctx, w)
	if err == nil && out[0].Conflict {
		err = bot.ErrConflict
	}
	return err
}

// Migrate copies a state into another one that is empty, or to which the same state was being copied before: cut off, it goes on when it
// is called again. Nothing can be sent with either meanwhile, and nothing with the former one afterwards. What has arrived is compared
// entry by entry. name and to are what people call the two.
func Migrate(ctx context.Context, from, to bot.Store, name, target string, say func(Moved)) ([]Moved, error) {
	for _, table := range []bot.Table{bot.Leases, bot.Machines} {
		for entry, err := range from.Scan(ctx, table, "") {
			if err != nil {
				return nil, err
			}
			return nil, fmt.Errorf("nothing was moved: %s is at work in the state; stop every restock that works with it, and wait a minute", entry.Key)
		}
	}
	if err := receivable(ctx, to, name); err != nil {
		return nil, err
	}
	if err := errors.Join(mark(ctx, from, "it is being moved to "+target), mark(ctx, to, arriving(name))); err != nil {
		return nil, err
	}
	var list []Moved
	for _, table := range bot.Tables() {
		moved, err := migrate(ctx, from, to, table)
		if err != nil {
			return list, fmt.Errorf("table %s: %w; nothing can be sent with either state until the move is done: run it again", table, err)
		}
		there, err := sum(ctx, to, table)
		if err != nil {
			return list, err
		}
		if there != moved {
			return list, fmt.Errorf("table %s: %d entries with the hash %s were sent, %d with the hash %s have arrived: the former state is as it was; nothing can be sent with either",
				table, moved.Entries, moved.Hash, there.Entries, there.Hash)
		}
		list = append(list, moved)
		if say != nil {
			say(moved)
		}
	}
	return list, errors.Join(mark(ctx, from, "it was moved to "+target), mark(ctx, to, ""))
}

func arriving(name string) string { return "the state of " + name + " is being moved here" }

// receivable makes sure that a state may be moved into another one.
func receivable(ctx context.Context, to bot.Store, name string) error {
	text, err := Moving(ctx, to)
	if err != nil || text == arriving(name) {
		return err
	}
	if text != "" {
		return fmt.Errorf("nothing was moved: of the other state it is said that %s", text)
	}
	for _, table := range bot.Tables() {
		for entry, err := range to.Scan(ctx, table, "") {
			if err != nil {
				return err
			}
			if !stays(table, entry.Key) {
				return fmt.Errorf("nothing was moved: the other state is not empty, it has %s in %s", entry.Key, table)
			}
		}
	}
	return nil
}

// part is how many entries go at a time.
const part = 400

func migrate(ctx context.Context, from, to bot.Store, table bot.Table) (Moved, error) {
	s := newSummer(table)
	var writes []bot.Write
	send := func() error {
		if len(writes) == 0 {
			return nil
		}
		out, err := to.Apply(ctx, writes...)
		if err != nil {
			return err
		}
		for i, o := range out {
			if !o.Conflict {
				continue
			}
			there, err := to.Get(ctx, table, writes[i].Key)
			if err != nil {
				return err
			}
			if !slices.Equal(there.Value, writes[i].Value) {
				return fmt.Errorf("entry %s is another one there", writes[i].Key)
			}
		}
		writes = writes[:0]
		return nil
	}
	for entry, err := range from.Scan(ctx, table, "") {
		if err != nil {
			return s.moved, err
		}
		if stays(table, entry.Key) {
			continue
		}
		s.add(entry)
		if writes = append(writes, bot.Write{Table: table, Key: entry.Key, Value: entry.Value}); len(writes) == part {
			if err := send(); err != nil {
				return s.moved, err
			}
		}
	}
	err := send()
	return s.sum(), err
}

// sum reads a whole table.
func sum(ctx context.Context, store bot.Store, table bot.Table) (Moved, error) {
	s := newSummer(table)
	for entry, err := range store.Scan(ctx, table, "") {
		if err != nil {
			return s.moved, err
		}
		if !stays(table, entry.Key) {
			s.add(entry)
		}
	}
	return s.sum(), nil
}

type summer struct {
	moved Moved
	hash  hash.Hash
}

func newSummer(table bot.Table) *summer {
	return &summer{moved: Moved{Table: table}, hash: sha256.New()}
}

func (s *summer) add(e bot.Entry) {
	var size [8]byte
	for _, data := range [][]byte{[]byte(e.Key), e.Value} {
		binary.BigEndian.PutUint64(size[:], uint64(len(data)))
		_, _ = s.hash.Write(size[:]) // a hash takes everything
		_, _ = s.hash.Write(data)
	}
	s.moved.Entries++
	s.moved.Bytes += int64(len(e.Key) + len(e.Value))
}

func (s *summer) sum() Moved {
	s.moved.Hash = hex.EncodeToString(s.hash.Sum(nil))
	return s.moved
}
