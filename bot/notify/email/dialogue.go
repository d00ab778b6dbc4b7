package email

import (
	"errors"
	"fmt"
	"net/textproto"
	"strings"
	"time"

	"restock/bot"
)

// offer goes through MAIL, RCPT, DATA and the body, up to the dot. A delivery without a state means: ready for the dot.
// Whatever fails here, nothing was sent.
func (s *Sender) offer(n bot.Notification, content []byte) (closer, bot.Delivery) {
	var writer closer
	phases := []struct {
		at    phase
		limit time.Duration
		do    func() error
	}{
		{atMail, mailLimit, func() error { return s.conn.Mail(s.opts.From) }},
		{atRcpt, rcptLimit, func() error { return s.conn.Rcpt(n.Address) }},
		{atData, dataLimit, func() (err error) {
			writer, err = s.data()
			return err
		}},
		{atData, bodyLimit, func() error {
			_, err := writer.Write(content)
			return err
		}},
	}
	for _, p := range phases {
		err := s.conn.UpdateDeadline(p.limit)
		if err == nil {
			err = p.do()
		}
		if err != nil {
			return nil, classify(p.at, err)
		}
	}
	return writer, bot.Delivery{}
}

// data opens the body. go-mail declares less than it returns: the reply to the dot is wanted too.
func (s *Sender) data() (closer, error) {
	w, err := s.conn.Data()
	if err != nil {
		return nil, err
	}
	writer, ok := w.(closer)
	if !ok {
		return nil, fmt.Errorf("go-mail has changed: its %T gives no reply", w)
	}
	return writer, nil
}

// dot writes the final dot and reads the verdict. Only a reply is certain.
func (s *Sender) dot(writer closer) bot.Delivery {
	err := s.conn.UpdateDeadline(dotLimit)
	if err != nil { // nothing was written yet
		s.cut()
		return bot.Delivery{State: bot.Retry, Reason: bot.Unreachable, Detail: reply(err)}
	}
	if err = writer.Close(); err == nil {
		s.used++
		return bot.Delivery{State: bot.Accepted, Detail: bot.Clean(writer.ServerResponse())}
	}
	s.cut()
	return classify(atDot, err)
}

type phase int

const (
	atMail phase = iota
	atRcpt
	atData
	atDot
)

// classify turns an error of the dialogue into what became of the message (RFC 5321 sections 4.2.1 and 4.5.3.1.10, RFC 3463
// for the enhanced codes).
func classify(at phase, err error) bot.Delivery {
	d := bot.Delivery{Detail: reply(err)}
	c, enhanced := code(err), enhancedCode(err)
	switch {
	case c == 0 && at == atDot:
		d.State, d.Reason = bot.Ambiguous, bot.NoReply
	case c == 0:
		d.State, d.Reason = bot.Retry, bot.Unreachable
	case c >= 200 && c < 300 && at == atDot: // a success with an unusual code is a success
		d.State = bot.Accepted
	case c == 421:
		d.State, d.Reason, d.Stop = bot.Retry, bot.Unreachable, true
	case c >= 400 && c < 500, c == 552 && at == atRcpt:
		d.State, d.Reason = bot.Retry, bot.Unreachable
	case at == atMail, c == 530, c == 535, c == 538, strings.HasPrefix(enhanced, "5.7."):
		// our log-in, our address or the server's policy towards us: no recipient is to blame
		d.State, d.Reason, d.Stop = bot.Retry, bot.SenderFault, true
	case c >= 500:
		d.State, d.Reason = bot.Failed, bot.Refused
	default:
		d.State, d.Reason = bot.Retry, bot.Unreachable
	}
	return d
}

// code is the SMTP reply code in an error, or 0 where no reply came.
func code(err error) int {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return reply.Code
	}
	return 0
}

func enhancedCode(err error) string {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		word, _, _ := strings.Cut(reply.Msg, " ")
		if strings.Count(word, ".") == 2 && strings.Trim(word, "0123456789.") == "" {
			return word
		}
	}
	return ""
}

// reply is the server's own text, or the error of the connection, without addresses.
func reply(err error) string {
	if r, ok := errors.AsType[*textproto.Error](err); ok {
		return bot.Clean(fmt.Sprintf("%d %s", r.Code, r.Msg))
	}
	return bot.Clean(err.Error())
}
