package state

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// Ask tells which servers of an address answer, and how they are set up, whether or not a state is there.
func Ask(ctx context.Context, address string) ([]jetstream.Server, error) {
	o, err := jetstream.Parse(address)
	if err != nil {
		return nil, err
	}
	return jetstream.Ask(ctx, o), nil
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
func Offset(ctx context.Context, store bot.Store, now func() time.Time) (time.Duration, error) {
	s, ok := store.(*jetstream.Store)
	if !ok {
		return 0, nil
	}
	return s.Offset(ctx, now)
}

// position is what a machine has seen of a state on servers.
type position struct {
	ID     string `json:"id"`
	Writes uint64 `json:"writes"`
}

// Seen makes sure that a state on servers is the one that this machine has seen before, and not an older one that was put back from a
// backup: that would have forgotten who was told since. What is seen now is noted in a file. adopting takes on whatever is there.
func Seen(ctx context.Context, store bot.Store, file string, adopting bool) error {
	s, ok := store.(*jetstream.Store)
	if !ok {
		return nil
	}
	var before position
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &before)
	} else if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var now position
	if now.ID, now.Writes, err = s.Position(ctx); err != nil {
		return err
	}
	if before.ID != "" && !adopting && (now.ID != before.ID || now.Writes < before.Writes) {
		return &bot.StateError{Err: fmt.Errorf("the state on the servers was put back from an older copy, or is another one: this machine has seen %d writes of %s, and there are %d of %s. "+
			"It has forgotten who was told since. Stop every restock, run `restock adopt`, which holds all messages, and on each machine `restock ledger audit`", before.Writes, before.ID, now.Writes, now.ID)}
	}
	if data, err = json.Marshal(now); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+"-*") // several processes of this machine do so
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close(), os.Rename(f.Name(), file))
}
