// Package email delivers notifications over SMTP. It is the only importer of go-mail, which composes the message, opens the
// connection, encrypts it and logs in; the dialogue of each message is our own, because what go-mail reports about one cannot
// be trusted for deciding whether to send again (it calls lost connections permanent, and accepted messages failed).
//
// One recipient per message, one message per dialogue; dialogues follow each other over a few kept connections, pipelined
// where the server offers it (RFC 2920). A message is rendered whole before anybody is contacted. Nothing has been sent for
// certain until the final dot; before it, the desk has recorded dot-pending. After it, a reply of the server is certain, and
// anything else is ambiguous.
package email

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/wneessen/go-mail"
	"golang.org/x/time/rate"

	"restock/bot"
)

// Options say where and as whom to send.
type Options struct {
	Host        string
	Port        int
	TLS         string // starttls (default), implicit, or none; none only towards loopback
	Auth        string // plain, login, scram, xoauth2; "": the best that the server offers
	User        string
	Password    func() string // nil: no log-in. For xoauth2 it is the access token
	From        string        // address
	Name        string        // of the sender, as customers see it
	ReplyTo     string
	Bounce      string      // envelope sender, with {key} in it (VERP); default: From
	Unsubscribe string      // mailto: or https: address for List-Unsubscribe, where the message has none of its own
	Helo        string      // our own host name; default: the domain of From
	TLSConfig   *tls.Config // default: the system's authorities, the name of Host, TLS 1.2 or later
	Connections int         // at the same time; default 2
	PerLine     int         // messages over one connection; default 100
	Rate        float64     // messages per second; 0: as fast as the server takes them
	// Pace, if set, is asked before each message in place of Rate: it holds for several machines.
	Pace Pace
	DKIM *DKIM
	// Dial opens a connection to the server; default: over the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Pace says when the next message may leave.
type Pace interface {
	Wait(ctx context.Context) error
}

// Sender is the e-mail channel.
type Sender struct {
	opts    Options
	render  bot.Renderer
	client  *mail.Client
	limit   Pace              // may be nil
	signing *dkim.SignOptions // nil: not signed

	mu   sync.Mutex
	idle []*line
}

const (
	defaultConnections = 2
	defaultPerLine     = 100
	// chunk is how many messages one connection puts on record at a time. After a power failure, at most this many per
	// connection are ambiguous without having left; after the death of the process the journal tells them apart.
	chunk = 32
)

// New checks the options. It contacts nobody.
func New(o Options, render bot.Renderer) (*Sender, error) {
	if !bot.ValidEmail(o.From) {
		return nil, fmt.Errorf("the sender %q is no mail address", o.From)
	}
	if o.Bounce != "" && (!bot.ValidEmail(strings.ReplaceAll(o.Bounce, "{key}", "key")) || !strings.Contains(o.Bounce, "{key}")) {
		return nil, fmt.Errorf("bounce %q is no mail address with {key} in it, such as bounces+{key}@shop.example", o.Bounce)
	}
	if o.Helo == "" {
		o.Helo = domainOf(o.From)
	}
	if o.Connections == 0 {
		o.Connections = defaultConnections
	}
	if o.PerLine == 0 {
		o.PerLine = defaultPerLine
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	s := &Sender{opts: o, render: render, limit: o.Pace}
	if o.Rate > 0 && o.Pace == nil {
		s.limit = rate.NewLimiter(rate.Limit(o.Rate), 1)
	}
	options, err := s.options()
	if err != nil {
		return nil, err
	}
	if o.DKIM != nil {
		if s.signing, err = o.DKIM.options(); err != nil {
			return nil, err
		}
	}
	s.client, err = mail.NewClient(o.Host, options...)
	return s, err
}

// options are those for go-mail.
func (s *Sender) options() ([]mail.Option, error) {
	o := s.opts
	list := []mail.Option{
		mail.WithPort(o.Port), mail.WithTimeout(dialLimit), mail.WithHELO(o.Helo), mail.WithDialContextFunc(s.dial),
	}
	switch o.TLS {
	case "", "starttls":
		list = append(list, mail.WithTLSPolicy(mail.TLSMandatory))
	case "implicit":
		list = append(list, mail.WithSSL())
	case "none":
		if !Loopback(o.Host) {
			return nil, fmt.Errorf("mail to %s must be encrypted: tls: none is for loopback only", o.Host)
		}
		list = append(list, mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, fmt.Errorf("tls: %q is not starttls, implicit or none", o.TLS)
	}
	if o.TLSConfig != nil {
		list = append(list, mail.WithTLSConfig(o.TLSConfig))
	}
	if o.Password == nil {
		return list, nil
	}
	kind, ok := map[string]mail.SMTPAuthType{
		"": mail.SMTPAuthAutoDiscover, "plain": mail.SMTPAuthPlain, "login": mail.SMTPAuthLogin, "scram": mail.SMTPAuthSCRAMSHA256, "xoauth2": mail.SMTPAuthXOAUTH2,
	}[o.Auth]
	if !ok {
		return nil, fmt.Errorf("auth: %q is not plain, login, scram or xoauth2", o.Auth)
	}
	return append(list, mail.WithSMTPAuth(kind), mail.WithUsername(o.User), mail.WithPassword(o.Password())), nil
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// Close implements bot.Sender.
func (s *Sender) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.idle {
		l.quit()
	}
	s.idle = nil
	return nil
}

// maxIdle is how long a connection is kept without work: servers end it after a few minutes (RFC 5321 section 4.5.3.2.7).
const maxIdle = time.Minute

// borrow returns a kept connection, or a new one.
func (s *Sender) borrow(ctx context.Context) (*line, error) {
	s.mu.Lock()
	for len(s.idle) > 0 {
		l := s.idle[len(s.idle)-1]
		s.idle = s.idle[:len(s.idle)-1]
		if time.Since(l.since) < maxIdle {
			s.mu.Unlock()
			return l, nil
		}
		l.quit()
	}
	s.mu.Unlock()
	return s.connect(ctx)
}

// giveBack keeps a connection for later.
func (s *Sender) giveBack(l *line) {
	if l == nil || l.dead {
		return
	}
	if l.used >= s.opts.PerLine {
		l.quit()
		return
	}
	l.since = time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, l)
}
