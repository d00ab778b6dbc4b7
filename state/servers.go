package state

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"restock/bot"
	"restock/state/jetstream"
)

func createServers(ctx context.Context, rest string) error {
	o, err := jetstream.Parse("nats://" + rest)
	if err != nil {
		return err
	}
	return jetstream.Create(ctx, o, rand.Text(), time.Now().UTC())
}

// openServers opens a state that any number of processes work with: their roles make no difference there.
func openServers(ctx context.Context, rest string, _ Role) (bot.Store, error) {
	o, err := jetstream.Parse("nats://" + rest)
	if err != nil {
		return nil, err
	}
	return jetstream.Open(ctx, o)
}

func adoptServers(rest string) (bot.Store, error) {
	return openServers(context.Background(), rest, Runner)
}

// fileOf is the folder of a state that is a file.
func fileOf(address string) (string, error) {
	folder, ok := strings.CutPrefix(address, "bolt://")
	if !ok {
		return "", fmt.Errorf("a state on servers is no file: back it up and put it back with their tools (nats stream backup, nats stream restore), then run `restock state adopt`")
	}
	return folder, nil
}

// Safe returns an error if nothing may be sent with a state, because it could forget who was told. A file is always safe: every
// commit is synced.
func Safe(ctx context.Context, store bot.Store) error {
	if s, ok := store.(interface {
		Safe(ctx context.Context) error
	}); ok {
		return s.Safe(ctx)
	}
	return nil
}

// Health tells how the servers of a state are; nil where it is a file.
func Health(ctx context.Context, store bot.Store) (*jetstream.Health, error) {
	s, ok := store.(*jetstream.Store)
	if !ok {
		return nil, nil
	}
	h, err := s.Health(ctx)
	return &h, err
}

// Offset is how far the clocks of a state's servers are ahead of this machine's; 0 where it is a file.
func Offset(ctx context.Context, store bot.Store) (time.Duration, error) {
	s, ok := store.(*jetstream.Store)
	if !ok {
		return 0, nil
	}
	return s.Offset(ctx)
}
