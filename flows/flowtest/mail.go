package flowtest

import (
	"errors"
	"net"
	"net/mail"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Mail is a mail server that keeps what it accepts.
type Mail struct {
	server   *smtp.Server
	listener net.Listener
	mu       sync.Mutex
	accepted []Letter
	verdict  func(stage, address string) error
}

// Letter is one accepted message.
type Letter struct {
	From, To  string // envelope
	MessageID string
	Subject   string
	Header    mail.Header
	Raw       []byte
}

func startMail() (*Mail, error) {
	m := &Mail{}
	m.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &mailSession{mail: m, conn: c}, nil
	}))
	m.server.Domain = "sink.example"
	m.server.ReadTimeout, m.server.WriteTimeout = time.Minute, time.Minute
	m.server.MaxMessageBytes = 10 << 20
	m.server.ErrorLog = discard{}
	var err error
	if m.listener, err = listen(); err != nil {
		return nil, err
	}
	go func() { _ = m.server.Serve(m.listener) }()
	return m, nil
}

type discard struct{}

func (discard) Printf(string, ...any) {}

func (discard) Println(...any) {}

// Addr is host:port of the server.
func (m *Mail) Addr() string { return m.listener.Addr().String() }

// Accepted returns every message that was accepted.
func (m *Mail) Accepted() []Letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Letter(nil), m.accepted...)
}

// Verdict lets a test decide: it is asked at each stage (MAIL, RCPT, DATA, DOT) and may refuse with a *smtp.SMTPError, or
// drop the line with ErrDrop. At DOT the message is accepted first when ErrDropAccepted is returned.
func (m *Mail) Verdict(f func(stage, address string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.verdict = f
}

// What a verdict can do besides refusing.
var (
	ErrDrop         = errors.New("drop the line")
	ErrDropAccepted = errors.New("accept, then drop the line before the reply")
)

// Refuse is an SMTP reply.
func Refuse(code int, enhanced [3]int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

func (m *Mail) ask(stage, address string) error {
	m.mu.Lock()
	f := m.verdict
	m.mu.Unlock()
	if f == nil {
		return nil
	}
	return f(stage, address)
}

func (m *Mail) close() error { return m.server.Close() }
