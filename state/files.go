package state

import (
	"context"
	"time"

	"restock/bot"
	"restock/state/jetstream"
)

// Files are what a machine keeps for the others, beside a state on servers.
type Files struct{ store *jetstream.Store }

// FilesOf returns the files beside a state; ok is false where the state is a file, for then there is one machine only.
func FilesOf(store bot.Store) (f Files, ok bool) {
	s, ok := store.(*jetstream.Store)
	return Files{s}, ok
}

// Put keeps a file, for so long, and so many bytes of all files.
func (f Files) Put(ctx context.Context, name string, data []byte, age time.Duration, size int64) error {
	return f.store.PutFile(ctx, name, data, jetstream.Keep{Age: age, Size: size})
}

// List returns the names that begin with a prefix, sorted.
func (f Files) List(ctx context.Context, prefix string) ([]string, error) {
	return f.store.Files(ctx, prefix)
}

// Get reads a file.
func (f Files) Get(ctx context.Context, name string) ([]byte, error) {
	return f.store.File(ctx, name)
}
