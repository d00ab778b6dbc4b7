// Package bounce reads what mail servers send back: delivery status notifications (RFC 3464) in a Maildir or a mailbox file.
// A report is believed only of a message that names a notification: by the envelope ID that restock gave it (RFC 3461), by the
// address it was sent back to (VERP), or by the headers that it returns.
package bounce

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	"restock/bot"
)

// ErrOther is returned for a message that is no report about one of ours.
var ErrOther = errors.New("no delivery report about a notification")

// maxParts bounds what a message may be made of.
const maxParts = 20

// Parse reads a message. bounceTo is the envelope sender with {key} in it, or "".
func Parse(raw []byte, bounceTo string) (bot.Receipt, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return bot.Receipt{}, errors.Join(ErrOther, err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || !strings.EqualFold(params["report-type"], "delivery-status") {
		return bot.Receipt{}, ErrOther
	}
	r := bot.Receipt{}
	r.At, _ = m.Header.Date() // none: the time of reading
	parts := multipart.NewReader(m.Body, params["boundary"])
	found := false
	for range maxParts {
		part, err := parts.NextRawPart()
		if err != nil {
			break
		}
		partKind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		body, err := io.ReadAll(io.LimitReader(part, 1<<20))
		if err != nil {
			break
		}
		switch partKind {
		case "message/delivery-status", "message/global-delivery-status":
			found = status(body, &r) || found
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			if r.Key == "" {
				r.Key = returned(body)
			}
		}
	}
	if r.Key == "" {
		r.Key = verp(m.Header, bounceTo)
	}
	if r.Key == "" || !found {
		return bot.Receipt{}, ErrOther
	}
	return r, nil
}

// status reads the fields about the message and about its one recipient.
func status(body []byte, r *bot.Receipt) bool {
	tp := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(bytes.TrimLeft(body, "\r\n"), "\r\n\r\n"...))))
	found := false
	for range maxParts {
		fields, err := tp.ReadMIMEHeader()
		if len(fields) == 0 {
			if err != nil {
				return found
			}
			continue
		}
		if id := xtext(fields.Get("Original-Envelope-Id")); id != "" {
			r.Key = id
		}
		action, code := strings.ToLower(strings.TrimSpace(fields.Get("Action"))), firstWord(fields.Get("Status"))
		if action == "" {
			continue
		}
		found = true
		r.Kind = kindOf(action, code)
		r.Detail = strings.TrimSpace(action + " " + code + " " + diagnostic(fields.Get("Diagnostic-Code")))
	}
	return found
}

// kindOf judges a recipient's fields (RFC 3464 section 2.3.3, RFC 3463).
func kindOf(action, code string) bot.ReceiptKind {
	switch {
	case action == "delivered" || action == "relayed" || action == "expanded":
		return bot.Delivered
	case action != "failed":
		return bot.Delayed
	}
	for _, dead := range []string{"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"} {
		if code == dead {
			return bot.HardBounce
		}
	}
	return bot.SoftBounce
}

// diagnostic is the remote server's own words, without "smtp;".
func diagnostic(s string) string {
	if _, text, ok := strings.Cut(s, ";"); ok {
		s = text
	}
	return strings.Join(strings.Fields(s), " ")
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return word
}

// xtext undoes the encoding of an envelope ID (RFC 3461 section 4).
func xtext(s string) string {
	s = strings.TrimSpace(s)
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") != "" || len(s) != 26 {
		return ""
	}
	return s
}

// returned finds the notification in the headers of the message that came back.
func returned(body []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(append(bytes.TrimLeft(body, "\r\n"), "\r\n\r\n"...)))
	if err != nil {
		return ""
	}
	if key := xtext(m.Header.Get("X-Restock-Notification")); key != "" {
		return key
	}
	return KeyOf(m.Header.Get("Message-ID"))
}

// KeyOf is the notification that a Message-ID of ours names, or "".
func KeyOf(messageID string) string {
	id, ok := strings.CutPrefix(strings.Trim(strings.TrimSpace(messageID), "<>"), "r1.")
	if !ok {
		return ""
	}
	key, _, _ := strings.Cut(id, "@")
	return xtext(key)
}

// verp finds the notification in the address that the report was sent to.
func verp(h mail.Header, bounceTo string) string {
	before, after, ok := strings.Cut(bounceTo, "{key}")
	if !ok {
		return ""
	}
	for _, name := range []string{"Delivered-To", "X-Original-To", "To"} {
		address := strings.ToLower(strings.Trim(strings.TrimSpace(h.Get(name)), "<>"))
		if key, ok := strings.CutPrefix(address, strings.ToLower(before)); ok {
			if key, ok = strings.CutSuffix(key, strings.ToLower(after)); ok {
				return xtext(key)
			}
		}
	}
	return ""
}

// received is when a receipt counts.
func received(r bot.Receipt, now time.Time) bot.Receipt {
	if r.At.IsZero() || r.At.After(now) {
		r.At = now
	}
	return r
}
