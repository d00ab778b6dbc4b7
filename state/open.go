// Package state opens the state by its address. The engines stand in one table; each satisfies bot.Store and runs the
// contract of package statetest.
package state

import (
	"context"
	"fmt"
	"strings"
	"time"

	"restock/bot"
	"restock/state/bolt"
)

// engine makes and opens one kind of state.
type engine struct {
	create func(ctx context.Context, rest string) error
	adopt  func(rest string) (bot.Store, error)
	open   func(ctx context.Context, rest string, role Role) (bot.Store, error)
}

// Role says what a process wants of a state.
type Role string

// The roles.
const (
	// Reader looks and leaves: it works through whoever holds the state, and lets nobody in itself.
	Reader Role = "reader"
	// Runner does one run: it holds the state, or works through a daemon. Readers may come in meanwhile.
	Runner Role = "runner"
	// Daemon holds the state for as long as it lives; everybody may come in.
	Daemon Role = "daemon"
)

// engines is the table: scheme → engine.
func engines() map[string]engine {
	return map[string]engine{
		"bolt": {create: createBolt, open: openBolt, adopt: adoptBolt},
		"nats": {create: createServers, open: openServers, adopt: adoptServers},
	}
}

func find(address string) (engine, string, error) {
	scheme, rest, ok := strings.Cut(address, "://")
	e, known := engines()[scheme]
	if !ok || !known {
		return e, "", fmt.Errorf("state %q: expected bolt://FOLDER or nats://HOST:4222,…/NAME", scheme+"://…")
	}
	return e, rest, nil
}

// Create makes a new, empty state. One that is there already is never touched.
func Create(ctx context.Context, address string) error {
	e, rest, err := find(address)
	if err != nil {
		return err
	}
	return e.create(ctx, rest)
}

// Open opens a state made by [Create]. One that another process holds gives a *bot.LockedError, unless the role lets this
// process work through that one.
func Open(ctx context.Context, address string, role Role) (bot.Store, error) {
	e, rest, err := find(address)
	if err != nil {
		return nil, err
	}
	return e.open(ctx, rest, role)
}

// Adopt opens a state that was put back from a backup. Whoever does so must hold what may have been sent since.
func Adopt(address string) (bot.Store, error) {
	e, rest, err := find(address)
	if err != nil {
		return nil, err
	}
	return e.adopt(rest)
}

// Backup writes a copy of an open state into a new file, while others go on working.
func Backup(store bot.Store, path string) error {
	if s, ok := store.(*served); ok {
		store = s.Store
	}
	b, ok := store.(interface{ Backup(path string) error })
	if !ok {
		return fmt.Errorf("a state of this kind (%T) is backed up by its own tools", store)
	}
	return b.Backup(path)
}

// Advance makes every copy of a state that was taken before older than the state, so that one which is put back is noticed.
func Advance(store bot.Store) error {
	if s, ok := store.(*served); ok {
		store = s.Store
	}
	if a, ok := store.(interface{ Advance() error }); ok {
		return a.Advance()
	}
	return nil // the process that holds it does so
}

// Restore puts a backup in the place of a state that nobody works with. The former file is kept beside it; its new name is
// returned.
func Restore(address, backup string, now time.Time) (former string, err error) {
	folder, err := fileOf(address)
	if err != nil {
		return "", err
	}
	return bolt.Restore(file(folder), backup, now)
}

// CheckFile reads a state file, or a backup of one, from end to end.
func CheckFile(path string) error { return bolt.CheckFile(path) }

// OpenFile opens a state file by its path, to look at it: one that another took the place of, for example.
func OpenFile(path string) (bot.Store, error) { return bolt.Adopt(path) }

// Compact writes a state that nobody works with anew, without what was deleted in it; sizes are in bytes.
func Compact(address string) (before, after int64, err error) {
	folder, err := fileOf(address)
	if err != nil {
		return 0, 0, err
	}
	return bolt.Compact(file(folder))
}
