package flowtest

import (
	"bytes"
	"errors"
	"io"
	"net/mail"

	"github.com/emersion/go-smtp"
)

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

func (s *mailSession) Reset() {}

func (s *mailSession) Logout() error { return nil }
