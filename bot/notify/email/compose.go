package email

import (
	"bytes"
	"cmp"
	"strings"

	"github.com/wneessen/go-mail"

	"restock/bot"
)

// compose writes the whole message as it goes over the line, so that no half of one can ever be sent. draft is scratch paper.
func (s *Sender) compose(n bot.Notification, draft *bytes.Buffer) ([]byte, error) {
	raw, err := s.written(n, draft)
	if err != nil {
		return nil, err
	}
	return stuffed(raw), nil
}

// Compose writes the whole message as the customer would get it.
func (s *Sender) Compose(n bot.Notification) ([]byte, error) {
	return s.written(n, &bytes.Buffer{})
}

// written is the message, signed where that is wanted. Unsigned, it lies in the draft.
func (s *Sender) written(n bot.Notification, draft *bytes.Buffer) ([]byte, error) {
	m, err := s.message(n)
	if err != nil {
		return nil, err
	}
	draft.Reset()
	if _, err := m.WriteTo(draft); err != nil {
		return nil, err
	}
	return s.sign(draft.Bytes())
}

// message writes the headers that customers, mailbox providers and the law want.
func (s *Sender) message(n bot.Notification) (*mail.Msg, error) {
	text, err := s.render(n)
	if err != nil {
		return nil, err
	}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.FromFormat(s.opts.Name, s.opts.From); err != nil {
		return nil, err
	}
	if err := m.To(n.Address); err != nil {
		return nil, err
	}
	if s.opts.ReplyTo != "" {
		if err := m.ReplyTo(s.opts.ReplyTo); err != nil {
			return nil, err
		}
	}
	m.Subject(text.Subject)
	m.SetDate()
	m.SetMessageIDWithValue(MessageID(n.Key, s.opts.From))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	m.SetGenHeader("X-Auto-Response-Suppress", "All")  // Exchange
	m.SetGenHeader("X-Restock-Notification", n.Key)    // to find it in the relay's log
	if list := unsubscribe(cmp.Or(text.Unsubscribe, s.opts.Unsubscribe), text.Mailto); list != "" {
		m.SetGenHeader("List-Unsubscribe", list) // RFC 2369
		if strings.HasPrefix(text.Unsubscribe, "https://") {
			m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click") // RFC 8058
		}
	}
	m.SetBodyString(mail.TypeTextPlain, text.Text)
	m.AddAlternativeString(mail.TypeTextHTML, text.HTML)
	return m, nil
}

// unsubscribe writes the addresses of List-Unsubscribe.
func unsubscribe(addresses ...string) string {
	var list []string
	for _, a := range addresses {
		if a != "" {
			list = append(list, "<"+a+">")
		}
	}
	return strings.Join(list, ", ")
}

// stuffed makes lines end with CRLF and doubles the dots at their beginning (RFC 5321 section 4.5.2).
func stuffed(text []byte) []byte {
	out := make([]byte, 0, len(text)+64)
	for line := range bytes.Lines(text) {
		if line[0] == '.' {
			out = append(out, '.')
		}
		out = append(append(out, bytes.TrimRight(line, "\r\n")...), "\r\n"...)
	}
	return out
}

// MessageID is the same for each attempt at a notification (RFC 5322 section 3.6.4), so that mailboxes can drop a second
// copy and an ambiguous one can be looked up in the relay's log.
func MessageID(key, from string) string { return "r1." + key + "@" + domainOf(from) }
