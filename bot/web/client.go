package web

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// client is the address that a request came from. Behind a proxy on the same machine it is the last one that the proxy names; what
// others say of themselves is not believed.
func client(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	address := from.Addr().Unmap()
	if !address.IsLoopback() {
		return address
	}
	names := r.Header.Values("X-Forwarded-For")
	if len(names) == 0 {
		return address
	}
	list := strings.Split(names[len(names)-1], ",")
	if named, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1])); err == nil {
		return named.Unmap()
	}
	return address
}

// purpose is what a browser says that fetches ahead, or shows a preview.
func purpose(h http.Header) string {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		value := strings.ToLower(h.Get(name))
		for _, word := range []string{"prefetch", "preview", "prerender"} {
			if strings.Contains(value, word) {
				return word
			}
		}
	}
	return ""
}

// Limiter lets each source do something so often a minute, and all of them together so often.
type Limiter struct {
	each, all int
	span      int64 // minutes, instead of one

	mu     sync.Mutex
	minute int64
	count  map[string]int
	sum    int
}

// NewRefusals lets a few refusals a minute be told of in the log.
func NewRefusals() *Limiter { return &Limiter{each: 2, all: 10} }

// allow reports whether a source may go on. What it remembers is forgotten each minute, so it cannot grow.
func (l *Limiter) allow(source string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if minute := now.Unix() / 60 / max(l.span, 1); minute != l.minute {
		l.minute, l.count, l.sum = minute, map[string]int{}, 0
	}
	if l.sum >= l.all || l.count[source] >= l.each {
		return false
	}
	l.sum++
	l.count[source]++
	return true
}
