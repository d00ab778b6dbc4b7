package web

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"sync"
)

// How much is held in memory of messages that were not read to their end, of all senders and of one network: nothing is known of them yet.
const (
	mostBodies = 64 << 20
	mostOfOne  = 12 << 20
)

// errBusy is why a message is not read on.
var errBusy = errors.New("too much is being read at once")

// bodies bounds what is held of messages while they come.
type bodies struct {
	mu  sync.Mutex
	sum int64
	of  map[string]int64 // by network
}

// guard counts what the requests of a handler hold.
func (b *bodies) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &counted{ReadCloser: r.Body, bodies: b, from: networkOf(client(r))}
		defer c.release()
		r.Body = c
		next.ServeHTTP(w, r)
	})
}

// take counts what has come. It reports whether that is not too much.
func (b *bodies) take(from string, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.of == nil {
		b.of = map[string]int64{}
	}
	b.sum, b.of[from] = b.sum+n, b.of[from]+n
	if b.of[from] <= 0 {
		delete(b.of, from)
	}
	return b.sum <= mostBodies && b.of[from] <= mostOfOne
}

// counted is a body that is counted as it is read.
type counted struct {
	io.ReadCloser
	bodies *bodies
	from   string
	held   int64
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.held += int64(n)
	if !c.bodies.take(c.from, int64(n)) {
		return n, errBusy
	}
	return n, err
}

func (c *counted) release() { c.bodies.take(c.from, -c.held) }

// unread says why a message could not be read.
func unread(w http.ResponseWriter, err error) {
	if errors.Is(err, errBusy) {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	status := http.StatusBadRequest
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		status = http.StatusRequestEntityTooLarge
	}
	http.Error(w, "the message cannot be read", status)
}

// looksSigned reports whether a signature can be one of so many bytes: what has none is not read at all.
func looksSigned(signature string, size int) bool {
	given, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && (size == 0 && len(given) > 0 || len(given) == size)
}
