package email

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"restock/bot"
)

// letter is a message that is ready to go.
type letter struct {
	n       bot.Notification
	content []byte // with CRLF line ends, dots doubled
}

// dialogue is the conversation over one line about some letters.
type dialogue struct {
	*Sender
	line  *line
	desk  bot.Desk
	out   *letter      // has left; its reply is not there
	fault bot.Delivery // what ended the line
}

// deliver sends letters over a line and reports them. It returns those that were not begun when the line came to its end,
// and what ended it. Whatever fails before a dot, nothing was sent.
func (s *Sender) deliver(ctx context.Context, l *line, letters []letter, desk bot.Desk) (rest []letter, fault bot.Delivery) {
	stop := context.AfterFunc(ctx, l.hangUp)
	defer stop()
	d := &dialogue{Sender: s, line: l, desk: desk}
	for i := range letters {
		begun := d.next(ctx, &letters[i])
		if !begun {
			d.settle()
			return letters[i:], d.fault
		}
		if l.dead {
			return letters[i+1:], d.fault
		}
	}
	d.settle()
	return nil, d.fault
}

// next offers one letter and sends it off. It reports whether the letter was begun: one that was not is to be offered over
// another line.
func (d *dialogue) next(ctx context.Context, m *letter) (begun bool) {
	switch {
	case ctx.Err() != nil:
		return false
	case d.out != nil && (d.limit != nil || !d.line.pipelining || d.line.used+1 >= d.opts.PerLine):
		if d.settle(); d.line.dead {
			return false
		}
	}
	if d.line.used >= d.opts.PerLine {
		d.line.quit()
		return false
	}
	if d.limit != nil {
		switch err := d.limit.Wait(ctx); {
		case ctx.Err() != nil:
			return false
		case err != nil:
			d.fault = bot.Delivery{State: bot.Queued, Reason: bot.Interrupted, Detail: "not sent, because it cannot be told how many may leave: " + bot.Clean(err.Error()), Stop: true}
			d.desk.Done(m.n, d.fault)
			return true
		}
	}
	at, err := d.offer(m)
	switch {
	case err == nil && d.line.dead: // the letter before this one has ended the line
		return false
	case err != nil:
		return d.refused(m, at, err)
	}
	if err := d.desk.Leave(m.n); err != nil {
		d.unsent(m, bot.Delivery{State: bot.Queued, Reason: bot.Interrupted, Detail: "not sent, because it could not be recorded: " + bot.Clean(err.Error()), Stop: true})
		return true
	}
	if d.line.leaving(true) {
		d.unsent(m, bot.Delivery{State: bot.Queued, Detail: "stopped before the message was complete"})
		return true
	}
	d.body(m)
	return true
}

// offer goes through MAIL, RCPT and DATA. It returns the phase in which it failed.
func (d *dialogue) offer(m *letter) (phase, error) {
	phases := []step{{atMail, mailLimit, 2, d.mail(m)}, {atRcpt, rcptLimit, 2, d.rcpt(m)}, {atData, dataLimit, 3, "DATA"}}
	if d.line.pipelining {
		return d.together(phases)
	}
	for _, p := range phases {
		err := errors.Join(d.line.within(p.limit), d.line.say("%s", p.text), d.line.flush())
		if err == nil {
			err = d.line.hear(p.limit, p.want)
		}
		if err != nil {
			return p.at, err
		}
	}
	return atDot, nil
}

// step is one command of an offer.
type step struct {
	at    phase
	limit time.Duration
	want  int // first digit of the reply
	text  string
}

// together says all commands in one go, behind the dot of the letter before. Its reply comes first; then each command has one,
// also those behind a refused one (RFC 2920 section 3.1).
func (d *dialogue) together(phases []step) (at phase, err error) {
	for _, p := range phases {
		err = errors.Join(err, d.line.say("%s", p.text))
	}
	if d.out != nil {
		if d.settle(); d.line.dead {
			return atMail, nil
		}
	} else {
		err = errors.Join(err, d.line.within(bodyLimit), d.line.flush())
	}
	if err != nil {
		return atMail, err
	}
	at = atDot
	for _, p := range phases {
		heard := d.line.hear(p.limit, p.want)
		switch {
		case err == nil && heard != nil:
			at, err = p.at, heard
		case err != nil && heard == nil && p.at == atData:
			d.line.cut() // it would take a message that has no recipient
		}
		if heard != nil && code(heard) == 0 {
			d.line.cut() // there is nobody any more
			break
		}
	}
	return at, err
}

// refused reports a letter that was not taken. It reports whether the letter was begun.
func (d *dialogue) refused(m *letter, at phase, err error) (begun bool) {
	result := classify(at, err)
	if code(err) == 421 && d.line.used > 0 { // enough over this line, not enough altogether
		d.line.cut()
		return false
	}
	if code(err) == 0 || result.Stop {
		d.unsent(m, result)
		return true
	}
	d.desk.Done(m.n, result)
	if !d.line.dead && d.line.reset() != nil {
		d.line.cut()
	}
	return true
}

// unsent reports a letter that did not leave, and ends the line: without the dot the server discards what it has of it.
func (d *dialogue) unsent(m *letter, result bot.Delivery) {
	d.line.cut()
	d.line.leaving(false)
	d.fault = result
	d.desk.Done(m.n, result)
}

// body writes the message and the final dot.
func (d *dialogue) body(m *letter) {
	w := d.line.client.Text.W
	err := d.line.within(bodyLimit)
	if err == nil {
		_, err = w.Write(m.content)
	}
	if err != nil { // the dot has not been written
		d.unsent(m, classify(atData, err))
		return
	}
	d.out = m
	if _, err := w.WriteString(".\r\n"); err != nil {
		d.ended(err)
	}
}

// settle waits for the reply to the letter that has left, and reports it.
func (d *dialogue) settle() {
	if d.out == nil {
		return
	}
	err := d.line.flush()
	var text string
	if err == nil {
		text, err = d.line.verdict()
	}
	if err != nil {
		d.ended(err)
		return
	}
	d.line.used++
	d.line.leaving(false)
	m := d.out
	d.out = nil
	d.desk.Done(m.n, bot.Delivery{State: bot.Accepted, Detail: bot.Clean(text)})
}

// ended reports a letter that has left and was not accepted, and ends the line: after an error nothing more goes over it.
func (d *dialogue) ended(err error) {
	d.line.cut()
	d.line.leaving(false)
	m := d.out
	d.out, d.fault = nil, classify(atDot, err)
	d.desk.Done(m.n, d.fault)
}

func (d *dialogue) mail(m *letter) string {
	from := d.opts.From
	if d.opts.Bounce != "" {
		from = strings.ReplaceAll(d.opts.Bounce, "{key}", m.n.Key)
	}
	text := "MAIL FROM:<" + from + ">"
	if d.line.size {
		text += fmt.Sprintf(" SIZE=%d", len(m.content))
	}
	if d.line.dsn { // RFC 3461: a bounce then names the notification
		text += " RET=HDRS ENVID=" + m.n.Key
	}
	return text
}

func (d *dialogue) rcpt(m *letter) string {
	text := "RCPT TO:<" + m.n.Address + ">"
	if d.line.dsn {
		text += " NOTIFY=FAILURE,DELAY"
	}
	return text
}
