package flowtest

import (
	"io"
	"net"
	"sync"
	"time"
)

// Proxy is a bad line: what goes through it is slowed down, cut into pieces, or broken off.
type Proxy struct {
	Addr string // host:port to connect to

	listener net.Listener
	target   string
	mu       sync.Mutex
	line     Line
}

// Line says how bad it is.
type Line struct {
	Latency time.Duration // before each piece
	Piece   int           // bytes; 0: as they come
	Rate    int           // bytes a second; 0: no limit
	Cut     int           // bytes of an answer after which it ends; 0: never
	Reset   bool          // it ends by a reset
}

// NewProxy starts a proxy before an address.
func NewProxy(target string) (*Proxy, error) {
	l, err := listen()
	if err != nil {
		return nil, err
	}
	p := &Proxy{Addr: l.Addr().String(), listener: l, target: target}
	go p.accept()
	return p, nil
}

// Set makes the line better or worse.
func (p *Proxy) Set(line Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line = line
}

// Close ends the proxy.
func (p *Proxy) Close() { _ = p.listener.Close() }

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.serve(conn)
	}
}

func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(server, client) // ends with either side
		_ = server.Close()
	}()
	p.mu.Lock()
	line := p.line
	p.mu.Unlock()
	p.pass(client, server, line)
}

// pass carries the answers.
func (p *Proxy) pass(client, server net.Conn, line Line) {
	piece := line.Piece
	if piece == 0 {
		piece = 16 << 10
	}
	buf := make([]byte, piece)
	sent := 0
	for {
		n, err := server.Read(buf)
		if n > 0 {
			wait := line.Latency
			if line.Rate > 0 {
				wait += time.Duration(n) * time.Second / time.Duration(line.Rate)
			}
			time.Sleep(wait)
			if line.Cut > 0 && sent+n >= line.Cut {
				if tcp, ok := client.(*net.TCPConn); ok && line.Reset {
					_ = tcp.SetLinger(0)
				} else {
					_, _ = client.Write(buf[:line.Cut-sent])
				}
				return
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
			sent += n
		}
		if err != nil {
			return
		}
	}
}
