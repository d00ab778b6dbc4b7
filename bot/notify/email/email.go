// Package email delivers notifications over SMTP. It is the only importer of go-mail, which composes the message and opens
// the connection; the dialogue of each message is our own, because what go-mail reports about one cannot be trusted for
// deciding whether to send again (it calls lost connections permanent, and accepted messages failed).
//
// One recipient per message, one message per dialogue. The message is rendered whole before anybody is contacted. Nothing
// has been sent for certain until the final dot; immediately before it, the ledger records dot-pending. After it, a reply of
// the server is certain, and anything else is ambiguous.
package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"restock/bot"
)

// Options say where and as whom to send.
type Options struct {
	Host        string
	Port        int
	TLS         string // starttls (default), implicit, or none; none only towards loopback
	User        string
	Password    func() string // nil: no log-in
	From        string        // address
	Name        string        // of the sender, as customers see it
	ReplyTo     string
	Unsubscribe string      // mailto: or https: address for List-Unsubscribe
	Helo        string      // our own host name; default: the domain of From
	TLSConfig   *tls.Config // default: the system's authorities, the name of Host, TLS 1.2 or later
}

// Sender is the e-mail channel. It keeps one connection and is used by one goroutine at a time.
type Sender struct {
	opts   Options
	render bot.Renderer
	client *mail.Client

	conn *smtp.Client
	raw  net.Conn
	mu   sync.Mutex
	used int // messages sent over conn
}

// recycle is how many messages go over one connection; servers commonly end it after some hundred.
const recycle = 100

// The time limits of RFC 5321 section 4.5.3.2.
const (
	dialLimit = 30 * time.Second
	mailLimit = 5 * time.Minute
	rcptLimit = 5 * time.Minute
	dataLimit = 2 * time.Minute
	bodyLimit = 3 * time.Minute
	dotLimit  = 10 * time.Minute
)

// New checks the options. It contacts nobody.
func New(o Options, render bot.Renderer) (*Sender, error) {
	s := &Sender{opts: o, render: render}
	if !bot.ValidEmail(o.From) {
		return nil, fmt.Errorf("the sender %q is no mail address", o.From)
	}
	domain := o.From[strings.LastIndexByte(o.From, '@')+1:]
	if o.Helo == "" {
		o.Helo = domain
	}
	options := []mail.Option{
		mail.WithPort(o.Port), mail.WithTimeout(dialLimit), mail.WithHELO(o.Helo), mail.WithDialContextFunc(s.dial),
	}
	switch o.TLS {
	case "", "starttls":
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case "implicit":
		options = append(options, mail.WithSSL())
	case "none":
		if !Loopback(o.Host) {
			return nil, fmt.Errorf("mail to %s must be encrypted: tls: none is for loopback only", o.Host)
		}
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, fmt.Errorf("tls: %q is not starttls, implicit or none", o.TLS)
	}
	if o.TLSConfig != nil {
		options = append(options, mail.WithTLSConfig(o.TLSConfig))
	}
	if o.Password != nil {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(o.User), mail.WithPassword(o.Password()))
	}
	var err error
	s.client, err = mail.NewClient(o.Host, options...)
	return s, err
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// dial remembers the connection, so that it can be cut when the context ends.
func (s *Sender) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var conn net.Conn
	var err error
	if s.opts.TLS == "implicit" {
		config := &tls.Config{ServerName: s.opts.Host, MinVersion: tls.VersionTLS12}
		if s.opts.TLSConfig != nil {
			config = s.opts.TLSConfig.Clone()
		}
		conn, err = (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
	}
	s.mu.Lock()
	s.raw = conn
	s.mu.Unlock()
	return conn, err
}

// connect opens a connection if there is none.
func (s *Sender) connect(ctx context.Context) error {
	if s.conn != nil && s.used < recycle {
		return nil
	}
	if s.conn != nil {
		s.quit()
	}
	stop := context.AfterFunc(ctx, s.hangUp)
	conn, err := s.client.DialToSMTPClientWithContext(ctx)
	stop()
	if err != nil {
		s.cut()
		return err
	}
	s.conn, s.used = conn, 0
	return nil
}

// quit ends the connection politely.
func (s *Sender) quit() {
	if s.conn != nil {
		_ = s.conn.UpdateDeadline(5 * time.Second)
		_ = s.conn.Quit()
	}
	s.cut()
}

// hangUp closes the line under whatever goes on over it.
func (s *Sender) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.raw != nil {
		_ = s.raw.Close()
	}
}

// cut ends the connection at once. It must not be reused after an error: the server may take the next command for a part
// of the last message.
func (s *Sender) cut() {
	s.hangUp()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw, s.conn = nil, nil
}

// Close implements bot.Sender.
func (s *Sender) Close() error {
	s.quit()
	return nil
}

// Send implements bot.Sender.
func (s *Sender) Send(ctx context.Context, n bot.Notification, pending func(context.Context) error) bot.Delivery {
	content, err := s.compose(n)
	if err != nil {
		return bot.Delivery{State: bot.Retry, Reason: bot.SenderFault, Detail: "the message cannot be written: " + err.Error()}
	}
	if err := s.connect(ctx); err != nil {
		return connectFailed(err)
	}
	stop := context.AfterFunc(ctx, s.hangUp) // before the dot, a stop is obeyed at once
	writer, d := s.offer(n, content)
	if d.State == "" && !stop() {
		d = bot.Delivery{State: bot.Retry, Reason: bot.Unreachable, Detail: "stopped before the message was complete"}
	}
	stop()
	if d.State != "" {
		s.cut()
		return d
	}
	if err := pending(ctx); err != nil {
		s.cut() // without the dot the server discards the message
		return bot.Delivery{State: bot.Retry, Reason: bot.Interrupted, Detail: "not sent, because it could not be recorded: " + err.Error(), Stop: true}
	}
	return s.dot(writer)
}

// closer is what go-mail's Data returns: Close writes the dot and reads the reply.
type closer interface {
	io.WriteCloser
	ServerResponse() string
}

func connectFailed(err error) bot.Delivery {
	d := bot.Delivery{State: bot.Retry, Reason: bot.Unreachable, Detail: reply(err), Stop: true}
	if code(err) >= 500 || errors.Is(err, mail.ErrNoSupportedAuthDiscovered) {
		d.Reason = bot.SenderFault
	}
	return d
}
