package state

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"time"

	"restock/bot"
	"restock/state/bolt"
	"restock/state/socket"
)

func adoptBolt(folder string) (bot.Store, error) { return bolt.Adopt(file(folder)) }

func file(folder string) string { return filepath.Join(folder, "state.db") }

func socketPath(folder string) string { return filepath.Join(folder, "state.sock") }

func createBolt(_ context.Context, folder string) error {
	return bolt.Create(file(folder), bolt.Genesis{ID: rand.Text(), Created: time.Now().UTC()})
}

// patience is how long to wait for a reader, which leaves at once and lets nobody in.
const patience = 3 * time.Second

func openBolt(ctx context.Context, folder string, role Role) (bot.Store, error) {
	started := time.Now()
	if role == Reader { // whoever holds it lets readers in at once; waiting for the lock takes a second
		if remote, err := socket.Dial(ctx, socketPath(folder)); err == nil {
			return remote, nil
		}
	}
	for {
		held, err := bolt.Open(file(folder)) // waits a second for the lock
		if err == nil && role == Reader {
			return held, nil
		}
		if err == nil {
			return serve(held, socketPath(folder), role), nil
		}
		if _, locked := errors.AsType[*bot.LockedError](err); !locked {
			return nil, err
		}
		remote, dialErr := socket.Dial(ctx, socketPath(folder))
		switch {
		case dialErr != nil && time.Since(started) < patience && ctx.Err() == nil:
			continue
		case dialErr != nil:
			return nil, err // the holder lets nobody in
		case role == Reader, role == Runner && Role(remote.Role) == Daemon:
			return remote, nil
		}
		return nil, errors.Join(err, remote.Close())
	}
}

// served is a store that other processes may use as long as it is open.
type served struct {
	bot.Store
	stop context.CancelFunc
	done chan struct{}
}

func serve(store bot.Store, path string, role Role) *served {
	ctx, cancel := context.WithCancel(context.Background())
	s := &served{Store: store, stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		_ = socket.Serve(ctx, store, path, string(role)) // without it, others are told that the state is in use
	}()
	return s
}

// Close implements bot.Store.
func (s *served) Close() error {
	s.stop()
	<-s.done
	return s.Store.Close()
}
