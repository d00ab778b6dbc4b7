package email_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"restock/bot"
	"restock/bot/notify/email"
	"restock/bot/notify/notifytest"
)

// scripted is a mail server in memory that answers one command in a way of its own.
type scripted struct {
	pipelining bool
	verb       string // HELLO, EHLO, AUTH, MAIL, RCPT, DATA, DOT, RSET, QUIT
	reply      string // a code, or garbage, drop, timeout, truncated
	at         int    // which time the verb comes, from 0; -1: each time

	mu    sync.Mutex
	seen  map[string]int
	taken map[string]int // notifications that it has
	lines int
	well  bool // no more faults
}

func (s *scripted) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	s.lines++
	go s.serve(server)
	return client, nil
}

// answer says what to answer; ok is false when the line ends.
func (s *scripted) answer(conn net.Conn, verb, usual string) (ok bool) {
	s.mu.Lock()
	n := s.seen[verb]
	s.seen[verb]++
	fault := !s.well && verb == s.verb && (s.at < 0 || n == s.at || verb == "RSET")
	if verb == "RCPT" && s.verb == "RSET" && n == max(s.at, 0) {
		usual = "550 5.1.1 no such user"
	}
	s.mu.Unlock()
	text := usual
	if fault {
		switch s.reply {
		case "garbage":
			text = "what do you want"
		case "drop":
			return false
		case "truncated":
			_, _ = conn.Write([]byte("25"))
			return false
		case "timeout":
			_, _ = conn.Read(make([]byte, 1)) // until the client hangs up
			return false
		default:
			text = s.reply + " no"
		}
	}
	_, err := fmt.Fprint(conn, text+"\r\n")
	return err == nil && !strings.HasPrefix(text, "421")
}

func (s *scripted) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 64<<10)
	if !s.answer(conn, "HELLO", "220 mail.example ESMTP") {
		return
	}
	refused := false // the transaction
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		usual := "250 2.0.0 ok"
		switch verb {
		case "EHLO", "HELO":
			verb, usual = "EHLO", "250-mail.example\r\n250 AUTH PLAIN"
			if s.pipelining {
				usual += "\r\n250 PIPELINING"
				usual = strings.Replace(usual, "250 AUTH", "250-AUTH", 1)
			}
		case "AUTH":
			usual = "235 2.7.0 in"
		case "RCPT":
			if refused {
				usual = "503 5.5.1 no sender"
			}
		case "DATA":
			if usual = "354 go on"; refused {
				usual = "503 5.5.1 no recipient"
			}
		case "QUIT":
			usual = "221 bye"
		}
		_ = rest
		before := s.faults(verb)
		if !s.answer(conn, verb, usual) {
			return
		}
		if verb == "RSET" || verb == "MAIL" {
			refused = false
		}
		refused = refused || before && verb != "EHLO" || verb == "RCPT" && s.refusesRecipient()
		if verb == "QUIT" {
			return
		}
		if verb == "DATA" && !refused && !s.body(conn, r) {
			return
		}
	}
}

// faults reports whether the next answer to a verb is the fault.
func (s *scripted) faults(verb string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.well && verb == s.verb && (s.at < 0 || s.seen[verb] == s.at)
}

func (s *scripted) refusesRecipient() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.verb == "RSET" && s.seen["RCPT"] == max(s.at, 0)+1
}

// body takes a message; one whose dot is refused with a code is not taken, any other may be.
func (s *scripted) body(conn net.Conn, r *bufio.Reader) bool {
	key := ""
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if value, ok := strings.CutPrefix(line, "X-Restock-Notification: "); ok {
			key = strings.TrimSpace(value)
		}
		if line == ".\r\n" {
			break
		}
	}
	if !s.faults("DOT") || strings.Trim(s.reply, "0123456789") != "" {
		s.mu.Lock()
		s.taken[key]++
		s.mu.Unlock()
	}
	return s.answer(conn, "DOT", "250 2.0.0 queued as "+key)
}

// expected is what an answer to a verb means for the message.
func (s *scripted) expected() (d bot.Delivery) {
	network := strings.Trim(s.reply, "0123456789") != ""
	temporary := strings.HasPrefix(s.reply, "4")
	retry := bot.Delivery{State: bot.Retry, Reason: bot.Unreachable}
	ours := bot.Delivery{State: bot.Retry, Reason: bot.SenderFault, Stop: true}
	switch {
	case s.verb == "QUIT":
		return bot.Delivery{State: bot.Accepted}
	case s.verb == "RSET":
		return bot.Delivery{State: bot.Failed, Reason: bot.DeadAddress}
	case s.verb == "HELLO" || s.verb == "EHLO" || s.verb == "AUTH":
		if !network && !temporary {
			return ours
		}
		retry.Stop = true
		return retry
	case s.verb == "DOT" && network:
		return bot.Delivery{State: bot.Ambiguous, Reason: bot.NoReply}
	case s.reply == "421" && s.at > 0 && s.verb != "DOT": // another line, the same message
		return bot.Delivery{State: bot.Accepted}
	case s.reply == "421":
		retry.Stop = true
		return retry
	case network, temporary, s.verb == "RCPT" && s.reply == "552":
		return retry
	case s.verb == "MAIL", s.reply == "535":
		return ours
	case s.verb == "RCPT" && s.reply == "550":
		return bot.Delivery{State: bot.Failed, Reason: bot.DeadAddress}
	}
	return bot.Delivery{State: bot.Failed, Reason: bot.Refused}
}

// limits are how long the client waits for the answer to a verb (RFC 5321 section 4.5.3.2).
func limits(verb string) time.Duration {
	return map[string]time.Duration{
		"HELLO": 30 * time.Second, "EHLO": 30 * time.Second, "AUTH": 30 * time.Second, "MAIL": 5 * time.Minute, "RCPT": 5 * time.Minute,
		"DATA": 2 * time.Minute, "DOT": 10 * time.Minute, "RSET": 5 * time.Minute, "QUIT": 5 * time.Second,
	}[verb]
}

// TestSMTPOutcomes: every verb x every kind of answer, of the first message and of a later one, with and without pipelining, in
// fake time. What is reported is what the table says; no message is taken twice; and no fault of one message touches another.
func TestSMTPOutcomes(t *testing.T) {
	for _, verb := range []string{"HELLO", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "DOT", "RSET", "QUIT"} {
		t.Run(verb, func(t *testing.T) {
			for _, reply := range []string{"421", "450", "451", "452", "535", "550", "552", "554", "garbage", "drop", "timeout", "truncated"} {
				t.Run(reply, func(t *testing.T) {
					for _, pipelining := range []bool{false, true} {
						for _, at := range []int{0, 2} {
							synctest.Test(t, func(t *testing.T) { outcome(t, verb, reply, at, pipelining) })
						}
					}
				})
			}
		})
	}
}

func outcome(t *testing.T, verb, reply string, at int, pipelining bool) {
	if limits(verb) <= 30*time.Second {
		at = -1 // of each connection
	}
	s := &scripted{pipelining: pipelining, verb: verb, reply: reply, at: at, seen: map[string]int{}, taken: map[string]int{}}
	sender, err := email.New(email.Options{
		Host: "localhost", Port: 25, TLS: "none", From: "shop@shop.example", Auth: "plain", User: "u", Password: func() string { return "p" }, Dial: s.dial,
	}, renderer(t))
	if err != nil {
		t.Fatal(err)
	}
	var batch []bot.Notification
	for i := range 5 {
		batch = append(batch, notification(i))
	}
	desk := &notifytest.Desk{}
	began := time.Now()
	sender.Send(t.Context(), batch, desk)
	if verb == "QUIT" {
		_ = sender.Close()
	}
	took := time.Since(began)
	if limit := limits(verb); reply == "timeout" && (took < limit || took > limit+time.Second) {
		t.Errorf("it waited %s, expected %s", took, limit)
	}
	want := s.expected()
	for i, n := range batch {
		d := desk.Said[n.Key]
		expected := bot.Delivery{State: bot.Accepted}
		switch {
		case i == max(at, 0):
			expected = want
		case i > max(at, 0) && want.Stop:
			expected = bot.Delivery{State: bot.Queued}
		}
		if d.State != expected.State || d.Reason != expected.Reason || d.Stop != expected.Stop {
			t.Errorf("message %d of at %d, pipelining %v: %+v, expected %+v", i, at, pipelining, d, expected)
		}
		switch taken := s.taken[n.Key]; {
		case taken > 1:
			t.Errorf("message %d was taken %d times", i, taken)
		case d.State == bot.Accepted && taken == 0:
			t.Errorf("message %d is accepted and was not taken", i)
		case taken == 1 && d.State != bot.Accepted && d.State != bot.Ambiguous:
			t.Errorf("message %d was taken and is %s", i, d.State)
		}
	}
	for _, bad := range desk.Bad {
		t.Error(bad)
	}
	s.mu.Lock()
	s.well = true
	s.mu.Unlock()
	if d, _ := notifytest.One(t.Context(), sender, notification(9), func() error { return nil }); d.State != bot.Accepted {
		t.Errorf("afterwards: %+v", d)
	}
	_ = sender.Close()
}
