package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/wneessen/go-mail"

	"restock/bot"
)

// Post sends a plain message to a few people of our own, such as an alert. It may be sent twice where a reply is lost: that
// is better than not at all.
func (s *Sender) Post(ctx context.Context, to []string, subject, text string) error {
	var errs []error
	for _, address := range to {
		errs = append(errs, s.post(ctx, address, subject, text))
	}
	return errors.Join(errs...)
}

func (s *Sender) post(ctx context.Context, to, subject, text string) error {
	m := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8))
	if err := errors.Join(m.FromFormat("restock", s.opts.From), m.To(to)); err != nil {
		return err
	}
	subject, _, _ = strings.Cut(bot.Printable(subject), "\n")
	m.Subject("[restock] " + subject)
	m.SetDate()
	m.SetMessageID()
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	m.SetBodyString(mail.TypeTextPlain, text)
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return err
	}
	if err := s.connect(ctx); err != nil {
		return fmt.Errorf("mail to %s: %w", bot.Redact(to), err)
	}
	stop := context.AfterFunc(ctx, s.hangUp)
	defer stop()
	writer, d := s.offer(bot.Notification{Address: to}, b.Bytes())
	if d.State == "" {
		d = s.dot(writer)
	}
	if d.State != bot.Accepted {
		s.cut()
		return fmt.Errorf("mail to %s: %s %s", bot.Redact(to), d.State, d.Detail)
	}
	return nil
}
