package admin

import (
	"crypto/sha256"
	"net/http"
)

// mostStreams bounds the streams of one session, and of a page that nobody logs in to.
const mostStreams = 12

// stream begins a stream of a session. going reports whether the session still is: to look on is not to use it. ok is false where it has too
// many already.
func (x *Access) stream(r *http.Request) (going func() bool, end func(), ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	count, alive := &x.streams, func() bool { return true }
	if !x.open() {
		c, err := r.Cookie(x.cookieName())
		if err != nil {
			return nil, nil, false
		}
		id := sha256.Sum256([]byte(c.Value))
		s := x.alive(id)
		if s == nil {
			return nil, nil, false
		}
		count, alive = &s.streams, func() bool { return x.alive(id) != nil }
	}
	if *count >= mostStreams {
		return nil, nil, false
	}
	*count++
	going = func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		return alive()
	}
	end = func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		*count--
	}
	return going, end, true
}
