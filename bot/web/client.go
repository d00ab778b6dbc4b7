package web

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// client is the address that a request came from, as behind has found it.
func client(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return from.Addr().Unmap()
}

// behind gives each request the address of the customer. A proxy names the one it answers last in X-Forwarded-For, so the names are read
// from the last one on, as long as those who name are believed: proxies on this machine and p.Proxies. What others say of themselves is not.
func (p *Public) behind(next http.Handler) http.Handler {
	var once sync.Once
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		names := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		at := client(r)
		for len(names) > 0 && p.believed(at) {
			address, ok := addressIn(names[len(names)-1])
			if !ok {
				break
			}
			at, names = address, names[:len(names)-1]
		}
		if at.IsPrivate() && len(names) > 0 && names[0] != "" {
			once.Do(func() {
				p.Log.Warn("customers come through a proxy that is not believed, and count as one network; if it is yours, add it to public.proxies in restock.yaml", slog.String("proxy", at.String()))
			})
		}
		if at.IsValid() {
			r = r.WithContext(r.Context()) // a copy
			r.RemoteAddr = net.JoinHostPort(at.String(), "0")
		}
		next.ServeHTTP(w, r)
	})
}

// addressIn reads an address as proxies write it: some add the port, and brackets to IPv6.
func addressIn(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if with, err := netip.ParseAddrPort(text); err == nil {
		return with.Addr().Unmap(), true
	}
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return address.Unmap(), err == nil
}

func (p *Public) believed(from netip.Addr) bool {
	return from.IsLoopback() || slices.ContainsFunc(p.Proxies, func(n netip.Prefix) bool { return n.Contains(from.WithZone("")) })
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
