package flowtest

import (
	"bytes"
	"errors"
	"io"
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
func (discard) Println(...any)        {}

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

type mailSession struct {
	mail     *Mail
	conn     *smtp.Conn
	from, to string
}

func (s *mailSession) verdict(stage, address string) error {
	err := s.mail.ask(stage, address)
	if errors.Is(err, ErrDrop) {
		_ = s.conn.Conn().Close()
	}
	return err
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return s.verdict("MAIL", from)
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.verdict("RCPT", to)
}

func (s *mailSession) Data(r io.Reader) error {
	if err := s.verdict("DATA", s.to); err != nil {
		return err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	verdict := s.mail.ask("DOT", s.to)
	if errors.Is(verdict, ErrDrop) {
		_ = s.conn.Conn().Close()
		return verdict
	}
	if verdict != nil && !errors.Is(verdict, ErrDropAccepted) {
		return verdict
	}
	letter := Letter{From: s.from, To: s.to, Raw: raw}
	if message, err := mail.ReadMessage(bytes.NewReader(raw)); err == nil {
		letter.Header, letter.MessageID, letter.Subject = message.Header, message.Header.Get("Message-Id"), message.Header.Get("Subject")
	}
	s.mail.mu.Lock()
	s.mail.accepted = append(s.mail.accepted, letter)
	s.mail.mu.Unlock()
	if verdict != nil {
		_ = s.conn.Conn().Close()
		return verdict
	}
	return nil
}

func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }
