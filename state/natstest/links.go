package natstest

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Links are the lines between servers. Each can be cut, or made slow.
type Links struct {
	*Cluster
	lines map[[2]int]*line // from, to
}

// line is one direction in which one server calls another one.
type line struct {
	mu    sync.Mutex
	cut   bool
	delay time.Duration
	open  map[net.Conn]bool
}

// StartLinked starts three servers that reach each other by lines only.
func StartLinked(t testing.TB) *Links {
	t.Helper()
	const n = 3
	l := &Links{Cluster: &Cluster{t: t, Layout: Layout{Folder: t.TempDir(), Ports: Ports(t, 3*n)}, Servers: make([]*server.Server, n)}, lines: map[[2]int]*line{}}
	routes := make([][]*url.URL, n)
	for from := range n {
		for to := range n {
			if from == to {
				continue
			}
			one := &line{open: map[net.Conn]bool{}}
			l.lines[[2]int{from, to}] = one
			address := one.listen(t, fmt.Sprintf("127.0.0.1:%d", l.Ports[3*to]))
			routes[from] = append(routes[from], &url.URL{Scheme: "nats", Host: address})
		}
	}
	l.Lines = routes
	l.begin()
	return l
}

// listen takes calls and passes them on.
func (l *line) listen(t testing.TB, target string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			go l.pass(in, target)
		}
	}()
	return listener.Addr().String()
}

func (l *line) pass(in net.Conn, target string) {
	out, err := net.Dial("tcp", target)
	if err != nil {
		_ = in.Close()
		return
	}
	l.mu.Lock()
	if l.cut {
		l.mu.Unlock()
		_, _ = in.Close(), out.Close()
		return
	}
	l.open[in], l.open[out] = true, true
	l.mu.Unlock()
	go l.carry(in, out)
	l.carry(out, in)
}

// carry copies what comes, later if the line is slow.
func (l *line) carry(to io.WriteCloser, from net.Conn) {
	defer func() {
		_, _ = to.Close(), from.Close()
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		l.mu.Lock()
		delay := l.delay
		l.mu.Unlock()
		time.Sleep(delay)
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// Cut takes a server from the others, or brings it back.
func (l *Links) Cut(server int, cut bool) {
	l.each(server, func(one *line) {
		one.cut = cut
		if cut {
			for c := range one.open {
				_ = c.Close()
				delete(one.open, c)
			}
		}
	})
}

// Slow makes everything between a server and the others take so much longer.
func (l *Links) Slow(server int, delay time.Duration) {
	l.each(server, func(one *line) { one.delay = delay })
}

func (l *Links) each(server int, change func(*line)) {
	for ends, one := range l.lines {
		if ends[0] == server || ends[1] == server {
			one.mu.Lock()
			change(one)
			one.mu.Unlock()
		}
	}
}
