package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"sync"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// The time limits of RFC 5321 section 4.5.3.2, one for each phase.
const (
	dialLimit = 30 * time.Second
	mailLimit = 5 * time.Minute
	rcptLimit = 5 * time.Minute
	dataLimit = 2 * time.Minute
	bodyLimit = 3 * time.Minute
	dotLimit  = 10 * time.Minute
	quitLimit = 5 * time.Second
	// stopLimit is how long a stopped run still waits for the reply to a dot.
	stopLimit = 20 * time.Second
)

// line is one connection, used by one goroutine at a time.
type line struct {
	client     *smtp.Client
	raw        net.Conn
	pipelining bool
	dsn        bool
	size       bool
	used       int       // messages accepted over it
	since      time.Time // of its last use
	dead       bool

	mu       sync.Mutex
	dotOut   bool // a message has left, and its reply is not there
	stopping bool
}

// rawConn finds the connection that was dialled for a context.
type rawConn struct{}

// dial remembers the connection, so that it can be cut when the context ends.
func (s *Sender) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := s.opts.Dial(ctx, network, address)
	if err == nil && s.opts.TLS == "implicit" {
		conn, err = s.encrypt(ctx, conn)
	}
	if l, ok := ctx.Value(rawConn{}).(*line); ok && err == nil {
		l.mu.Lock()
		l.raw = conn
		l.mu.Unlock()
	}
	return conn, err
}

// encrypt begins TLS at once (RFC 8314).
func (s *Sender) encrypt(ctx context.Context, conn net.Conn) (net.Conn, error) {
	config := &tls.Config{ServerName: s.opts.Host, MinVersion: tls.VersionTLS12}
	if s.opts.TLSConfig != nil {
		config = s.opts.TLSConfig.Clone()
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secure, nil
}

// connect opens a connection, encrypts it, and logs in.
func (s *Sender) connect(ctx context.Context) (*line, error) {
	l := &line{since: time.Now()}
	stop := context.AfterFunc(ctx, l.hangUp)
	client, err := s.client.DialToSMTPClientWithContext(context.WithValue(ctx, rawConn{}, l))
	stop()
	if err != nil {
		l.cut()
		return nil, err
	}
	l.client = client
	l.pipelining, _ = client.Extension("PIPELINING")
	l.dsn, _ = client.Extension("DSN")
	l.size, _ = client.Extension("SIZE")
	return l, nil
}

// hangUp closes the line under whatever goes on over it; if a message has left, its reply may still come for a while.
func (l *line) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopping = true
	switch {
	case l.raw == nil:
	case l.dotOut:
		_ = l.raw.SetDeadline(time.Now().Add(stopLimit))
	default:
		_ = l.raw.Close()
	}
}

// cut ends the connection at once. It must not be reused after an error: the server may take the next command for a part of
// the last message.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
	if l.raw != nil {
		_ = l.raw.Close()
	}
}

// quit ends the connection politely.
func (l *line) quit() {
	_ = l.within(quitLimit)
	_ = l.client.Quit()
	l.cut()
}

// within sets the time limit of what follows.
func (l *line) within(limit time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopping {
		return nil // hangUp has set a shorter one
	}
	return l.raw.SetDeadline(time.Now().Add(limit))
}

// leaving notes whether a message has left whose reply is not there.
func (l *line) leaving(out bool) (stopped bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dotOut = out
	return l.stopping
}

// say writes a command, without sending it off.
func (l *line) say(format string, args ...any) error {
	_, err := fmt.Fprintf(l.client.Text.W, format+"\r\n", args...)
	return err
}

// flush sends off what was said.
func (l *line) flush() error { return l.client.Text.W.Flush() }

// hear reads one reply. A reply that is not a success is a *textproto.Error.
func (l *line) hear(limit time.Duration, want int) error {
	if err := l.within(limit); err != nil {
		return err
	}
	code, text, err := l.client.Text.ReadResponse(0)
	if err != nil {
		return err
	}
	if code/100 != want {
		return &textproto.Error{Code: code, Msg: text}
	}
	return nil
}

// verdict reads the reply to a dot.
func (l *line) verdict() (string, error) {
	if err := l.within(dotLimit); err != nil {
		return "", err
	}
	code, text, err := l.client.Text.ReadResponse(0)
	if err == nil && code/100 != 2 {
		err = &textproto.Error{Code: code, Msg: text}
	}
	return text, err
}

// reset makes the server forget a transaction that came to nothing.
func (l *line) reset() error {
	if err := l.say("RSET"); err != nil {
		return err
	}
	if err := l.flush(); err != nil {
		return err
	}
	return l.hear(mailLimit, 2)
}
