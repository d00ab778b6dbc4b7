package email

import (
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/wneessen/go-mail"

	"restock/bot"
)

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
	case at == atDot && (c < 400 || c > 599): // no reply, or one that is none
		d.State, d.Reason = bot.Ambiguous, bot.NoReply
	case c < 400 || c > 599:
		d.State, d.Reason = bot.Retry, bot.Unreachable
	case c == 421:
		d.State, d.Reason, d.Stop = bot.Retry, bot.Unreachable, true
	case c < 500, c == 552 && at == atRcpt:
		d.State, d.Reason = bot.Retry, bot.Unreachable
	case at == atMail, refusesLogIn(c), strings.HasPrefix(enhanced, "5.7."):
		// our log-in, our address or the server's policy towards us: no recipient is to blame
		d.State, d.Reason, d.Stop = bot.Retry, bot.SenderFault, true
	case at == atRcpt && dead(c, enhanced):
		d.State, d.Reason = bot.Failed, bot.DeadAddress
	default:
		d.State, d.Reason = bot.Failed, bot.Refused
	}
	return d
}

// refusesLogIn reports whether a reply is about user and password (RFC 4954 section 6).
func refusesLogIn(code int) bool { return code == 530 || code == 534 || code == 535 || code == 538 }

// dead reports whether a refusal says that there is no such mailbox and never will be (RFC 3463 section 3.2 and 3.3).
func dead(code int, enhanced string) bool {
	switch enhanced {
	case "5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1":
		return true
	case "":
		return code == 550 || code == 551 || code == 553
	}
	return false
}

// connectFailed says what a connection that could not be opened means for the messages that were to go over it.
func connectFailed(err error) bot.Delivery {
	d := bot.Delivery{State: bot.Retry, Reason: bot.Unreachable, Detail: reply(err), Stop: true}
	if code(err) >= 500 || errors.Is(err, mail.ErrNoSupportedAuthDiscovered) {
		d.Reason = bot.SenderFault
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
