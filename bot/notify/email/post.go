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
		errs = append(errs, s.PostMail(ctx, address, Mail{Subject: "[restock] " + subject, Text: text}))
	}
	return errors.Join(errs...)
}

// Mail is a message to one of our own people.
type Mail struct {
	Subject, Text, HTML string
	Files               []File
}

// File is an attachment.
type File struct {
	Name, Type string
	Data       []byte
}

// PostMail sends a message to one of our own people, as Post does.
func (s *Sender) PostMail(ctx context.Context, to string, what Mail) error {
	m := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8))
	if err := errors.Join(m.FromFormat("restock", s.opts.From), m.To(to)); err != nil {
		return err
	}
	subject, _, _ := strings.Cut(bot.Printable(what.Subject), "\n")
	m.Subject(subject)
	m.SetDate()
	m.SetMessageID()
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	m.SetBodyString(mail.TypeTextPlain, what.Text)
	if what.HTML != "" {
		m.AddAlternativeString(mail.TypeTextHTML, what.HTML)
	}
	for _, f := range what.Files {
		if err := m.AttachReader(f.Name, bytes.NewReader(f.Data), mail.WithFileContentType(mail.ContentType(f.Type))); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return err
	}
	return s.deliverPost(ctx, letter{bot.Notification{Key: "alert", Address: to}, stuffed(b.Bytes())})
}

func (s *Sender) deliverPost(ctx context.Context, m letter) error {
	l, err := s.borrow(ctx)
	if err != nil {
		return fmt.Errorf("mail to %s: %w", bot.Redact(m.n.Address), err)
	}
	defer s.giveBack(l)
	var result posted
	s.deliver(ctx, l, []letter{m}, &result)
	if result.State != bot.Accepted {
		return fmt.Errorf("mail to %s: %s", bot.Redact(m.n.Address), result.Detail)
	}
	return nil
}

// posted is the desk of a message that stands in no ledger.
type posted struct{ bot.Delivery }

func (*posted) Pending(_ context.Context, batch []bot.Notification) ([]bot.Notification, error) {
	return batch, nil
}
func (*posted) Leave(bot.Notification) error              { return nil }
func (p *posted) Done(_ bot.Notification, d bot.Delivery) { p.Delivery = d }
