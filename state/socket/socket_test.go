package socket_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"restock/bot"
	"restock/state/bolt"
	"restock/state/socket"
	"restock/state/statetest"
)

func TestStore(t *testing.T) {
	statetest.Exercise(t, func(t *testing.T) bot.Store {
		dir, err := os.MkdirTemp("", "s") // the path of a socket must be short
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "state.db")
		if err := bolt.Create(file, bolt.Genesis{ID: "test", Created: time.Now()}); err != nil {
			t.Fatal(err)
		}
		store, err := bolt.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		served := make(chan error, 1)
		path := filepath.Join(dir, "sock")
		go func() { served <- socket.Serve(ctx, store, path, "daemon") }()
		var client *socket.Store
		for {
			if client, err = socket.Dial(t.Context(), path); err == nil {
				break
			}
			select {
			case err := <-served:
				t.Fatal(err)
			default:
			}
		}
		t.Cleanup(func() {
			_ = client.Close()
			cancel()
			if err := <-served; err != nil {
				t.Error(err)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
			_ = os.RemoveAll(dir)
			if client.Role != "daemon" {
				t.Errorf("role %q", client.Role)
			}
		})
		return client
	})
}
