// Package socket lets several processes use one state: the process that holds the file serves it on a Unix socket beside
// it, and the others work through that. Only the owner of the folder can reach the socket.
package socket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"os"
	"time"

	"restock/bot"
)

// ask is what travels: the arguments of one method of bot.Store.
type ask struct {
	Table  bot.Table   `json:"table,omitempty"`
	Key    string      `json:"key,omitempty"`
	Prefix string      `json:"prefix,omitempty"`
	After  string      `json:"after,omitempty"`
	Writes []bot.Write `json:"writes,omitempty"`
	Path   string      `json:"path,omitempty"` // of a backup
}

// reply is the answer.
type reply struct {
	Entry    bot.Entry     `json:"entry,omitzero"`
	Entries  []bot.Entry   `json:"entries,omitempty"`
	More     bool          `json:"more,omitempty"`
	Outcomes []bot.Outcome `json:"outcomes,omitempty"`
	Role     string        `json:"role,omitempty"`
	Error    string        `json:"error,omitempty"`
}

// page is how many entries one answer to a scan holds.
const page = 1000

// Serve serves a store on a Unix socket until ctx ends. A socket that a dead process left is replaced: the caller holds the
// state, so nobody else can be serving it. role is what clients are told of the holder.
func Serve(ctx context.Context, store bot.Store, path, role string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("other processes cannot be let in at %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: handler(store, role), ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func handler(store bot.Store, role string) http.Handler {
	mux := http.NewServeMux()
	handle := func(path string, do func(context.Context, ask) (reply, error)) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			var a ask
			var answer reply
			err := json.NewDecoder(r.Body).Decode(&a)
			if err == nil {
				answer, err = do(r.Context(), a)
			}
			if err != nil {
				answer = reply{Error: err.Error()}
			}
			_ = json.NewEncoder(w).Encode(answer) // a caller that is gone needs no answer
		})
	}
	handle("/role", func(context.Context, ask) (reply, error) { return reply{Role: role}, nil })
	handle("/get", func(ctx context.Context, a ask) (reply, error) {
		e, err := store.Get(ctx, a.Table, a.Key)
		return reply{Entry: e}, err
	})
	handle("/apply", func(ctx context.Context, a ask) (reply, error) {
		out, err := store.Apply(ctx, a.Writes...)
		return reply{Outcomes: out}, err
	})
	handle("/backup", func(_ context.Context, a ask) (reply, error) {
		b, ok := store.(interface{ Backup(path string) error })
		if !ok {
			return reply{}, errors.New("a state of this kind is backed up by its own tools")
		}
		return reply{}, b.Backup(a.Path)
	})
	handle("/scan", func(ctx context.Context, a ask) (reply, error) {
		var r reply
		for e, err := range store.Scan(ctx, a.Table, a.Prefix) {
			if err != nil {
				return r, err
			}
			if a.After != "" && e.Key <= a.After {
				continue
			}
			if len(r.Entries) == page {
				r.More = true
				break
			}
			r.Entries = append(r.Entries, e)
		}
		return r, nil
	})
	return mux
}

// Store is a bot.Store in another process.
type Store struct {
	Role string // of the process that holds the state

	client *http.Client
	path   string
}

var _ bot.Store = (*Store)(nil)

// Dial connects to the process that serves a state. It fails at once if there is none.
func Dial(ctx context.Context, path string) (*Store, error) {
	dialer := &net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := conn.Close(); err != nil {
		return nil, err
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "unix", path)
	}}
	s := &Store{client: &http.Client{Transport: transport}, path: path}
	r, err := s.call(ctx, "/role", ask{})
	s.Role = r.Role
	return s, err
}

func (s *Store) call(ctx context.Context, method string, a ask) (reply, error) {
	var r reply
	body, err := json.Marshal(a)
	if err != nil {
		return r, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://state"+method, bytes.NewReader(body))
	if err != nil {
		return r, err
	}
	res, err := s.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return r, context.Cause(ctx)
		}
		return r, fmt.Errorf("the process that holds the state at %s does not answer: %w", s.path, err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err == nil && r.Error != "" {
		err = errors.New(r.Error)
	}
	return r, err
}

// Get implements bot.Store.
func (s *Store) Get(ctx context.Context, table bot.Table, key string) (bot.Entry, error) {
	r, err := s.call(ctx, "/get", ask{Table: table, Key: key})
	r.Entry.Key = key
	return r.Entry, err
}

// Scan implements bot.Store.
func (s *Store) Scan(ctx context.Context, table bot.Table, prefix string) iter.Seq2[bot.Entry, error] {
	return func(yield func(bot.Entry, error) bool) {
		after := ""
		for {
			r, err := s.call(ctx, "/scan", ask{Table: table, Prefix: prefix, After: after})
			if err != nil {
				yield(bot.Entry{}, err)
				return
			}
			for _, e := range r.Entries {
				if !yield(e, nil) {
					return
				}
				after = e.Key
			}
			if !r.More {
				return
			}
		}
	}
}

// Apply implements bot.Store.
func (s *Store) Apply(ctx context.Context, writes ...bot.Write) ([]bot.Outcome, error) {
	r, err := s.call(ctx, "/apply", ask{Writes: writes})
	if err == nil && len(r.Outcomes) != len(writes) {
		err = fmt.Errorf("%d outcomes for %d writes", len(r.Outcomes), len(writes))
	}
	return r.Outcomes, err
}

// Backup has the process that holds the state write a copy of it. The path must be absolute.
func (s *Store) Backup(path string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	_, err := s.call(ctx, "/backup", ask{Path: path})
	return err
}

// Close implements bot.Store. The state itself stays open in its process.
func (s *Store) Close() error {
	s.client.CloseIdleConnections()
	return nil
}
