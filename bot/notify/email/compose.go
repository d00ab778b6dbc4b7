package email

import (
	"bytes"
	"strings"

	"github.com/wneessen/go-mail"

	"restock/bot"
)

// compose writes the whole message, so that no half of one can ever be sent.
func (s *Sender) compose(n bot.Notification) ([]byte, error) {
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
	if u := s.opts.Unsubscribe; u != "" {
		m.SetGenHeader("List-Unsubscribe", "<"+u+">") // RFC 2369
	}
	m.SetBodyString(mail.TypeTextPlain, text.Text)
	m.AddAlternativeString(mail.TypeTextHTML, text.HTML)
	var b bytes.Buffer
	_, err = m.WriteTo(&b)
	return b.Bytes(), err
}

// MessageID is the same for each attempt at a notification (RFC 5322 section 3.6.4), so that mailboxes can drop a second
// copy and an ambiguous one can be looked up in the relay's log.
func MessageID(key, from string) string {
	return "r1." + key + "@" + from[strings.LastIndexByte(from, '@')+1:]
}
