package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"restock/bot"
	"restock/flows/flowtest"
)

// later lets what is to be tried again be due.
func later(s *shop) { s.clock += 20 * time.Minute }

func senderFaults() []fault {
	var list []fault
	for n, stage := range []string{"MAIL", "RCPT", "DATA", "DOT"} {
		for i, code := range []int{421, 450, 451, 452} {
			if os.Getenv("RESTOCK_LONG") == "" && i != n {
				continue
			}
			list = append(list, fault{id: fmt.Sprintf("S1-%s-%d", stage, code), name: "not now", survives: true, arm: verdict(stage, func() error {
				return flowtest.Refuse(code, [3]int{4, 0, 0}, "later")
			}), after: waits, mend: calm})
		}
	}
	for _, code := range []int{550, 553, 554} {
		list = append(list, fault{id: fmt.Sprintf("S2-%d", code), name: "never", survives: true, arm: refuseOne(code), after: func(s *shop, run bot.Run) {
			want(s, "failed", count(s, bot.Failed), 1)
			s.world.Mail.Verdict(nil)
			s.failedOK = true
		}})
	}
	for _, stage := range []string{"MAIL", "RCPT"} {
		list = append(list, fault{id: "S6-" + stage, name: "the line drops", survives: true, arm: verdict(stage, func() error { return flowtest.ErrDrop }), after: waits, mend: calm})
	}
	return append(list,
		fault{id: "S3", name: "the mail server refuses the log-in", arm: withRawMail(noLogIn), survives: true, after: channelStops("535", 1), mend: mailBack},
		fault{
			id: "S4", name: "no encryption", arm: func(s *shop) { s.edit("restock.yaml", "smtp: {", "smtp: {tls: starttls, ") }, survives: true, after: channelStops("STARTTLS", 0),
			mend: func(s *shop) { s.edit("restock.yaml", "smtp: {tls: starttls, ", "smtp: {"); later(s) },
		},
		fault{id: "S5", name: "greylisting", survives: true, arm: greylist, after: waits, mend: later},
		fault{id: "S6-DATA", name: "the line drops during the message", survives: true, arm: verdict("DATA", func() error { return flowtest.ErrDrop }), after: func(s *shop, run bot.Run) {
			// The dot may have left already: then nobody can know.
			if run.Retry+run.Ambiguous == 0 || len(s.world.Mail.Accepted()) > 0 || count(s, bot.Failed) > 0 {
				s.t.Errorf("%+v", run.Counts)
			}
		}, mend: calm},
		fault{id: "S6-DOT", name: "the line drops before the verdict", survives: true, arm: verdictOnce("DOT", flowtest.ErrDrop), after: ambiguous(0), mend: calm},
		fault{id: "S6-accepted", name: "the line drops after the message was taken", survives: true, arm: verdictOnce("DOT", flowtest.ErrDropAccepted), after: ambiguous(1), mend: calm},
		fault{id: "S7", name: "odd replies", arm: withRawMail(odd), survives: true, after: func(s *shop, run bot.Run) {
			if run.Accepted[bot.Email] == 0 || run.Ambiguous > 0 {
				s.t.Errorf("%+v", run.Counts)
			}
			s.elsewhere = run.Accepted[bot.Email]
		}, mend: mailBack},
		fault{id: "S8-429", name: "the SMS gateway has enough", survives: true, arm: gateway(429), after: func(s *shop, _ bot.Run) { want(s, "ambiguous", count(s, bot.Ambiguous), 0) }, mend: gatewayBack},
		fault{id: "S8-500", name: "the SMS gateway fails", survives: true, arm: gateway(500), after: func(s *shop, _ bot.Run) {
			if count(s, bot.Ambiguous) == 0 {
				s.t.Error("nothing is ambiguous: a gateway that fails may have sent")
			}
		}, mend: gatewayBack},
		fault{id: "S8-reset", name: "the SMS gateway drops the line", survives: true, arm: func(s *shop) {
			s.world.SMS.Answer(func(rw http.ResponseWriter, _ string) bool {
				if h, ok := rw.(http.Hijacker); ok {
					if conn, _, err := h.Hijack(); err == nil {
						_ = conn.Close()
					}
				}
				return true
			})
		}, after: func(s *shop, _ bot.Run) {
			if count(s, bot.Ambiguous) == 0 {
				s.t.Error("nothing is ambiguous: it may have been sent")
			}
		}, mend: gatewayBack},
	)
}

func verdict(stage string, answer func() error) func(*shop) {
	return func(s *shop) {
		s.world.Mail.Verdict(func(at, _ string) error {
			if at == stage {
				return answer()
			}
			return nil
		})
	}
}

func verdictOnce(stage string, answer error) func(*shop) {
	var once sync.Once
	return verdict(stage, func() (err error) {
		once.Do(func() { err = answer })
		return err
	})
}

func calm(s *shop) {
	s.world.Mail.Verdict(nil)
	later(s)
}

// waits: nothing is lost, nothing was sent by mail, and the next run does not hurry.
func waits(s *shop, run bot.Run) {
	if run.Retry == 0 || len(s.world.Mail.Accepted()) > 0 || count(s, bot.Failed)+count(s, bot.Ambiguous) > 0 {
		s.t.Errorf("%d to be tried again, %d mails, %d failed, %d ambiguous", run.Retry, len(s.world.Mail.Accepted()), count(s, bot.Failed), count(s, bot.Ambiguous))
	}
}

func refuseOne(code int) func(*shop) {
	var once sync.Once
	return verdict("RCPT", func() (err error) {
		once.Do(func() { err = flowtest.Refuse(code, [3]int{5, 1, 1}, "no such user") })
		return err
	})
}

// greylist refuses each recipient once.
func greylist(s *shop) {
	seen := map[string]bool{}
	s.world.Mail.Verdict(func(stage, address string) error {
		if stage == "RCPT" && !seen[address] {
			seen[address] = true
			return flowtest.Refuse(450, [3]int{4, 2, 0}, "greylisted, come again")
		}
		return nil
	})
}

// ambiguous: one message is, it was delivered or not, and it is never sent again by itself.
func ambiguous(delivered int) func(*shop, bot.Run) {
	return func(s *shop, run bot.Run) {
		want(s, "ambiguous", count(s, bot.Ambiguous), 1)
		want(s, "mails", len(s.world.Mail.Accepted())-run.Accepted[bot.Email], delivered)
	}
}

func withRawMail(answer func(*shop) func(string) string) func(*shop) {
	return func(s *shop) {
		host, port := rawMail(s.t, answer(s))
		_, old, _ := strings.Cut(s.world.Mail.Addr(), ":")
		s.edit("restock.yaml", "port: "+old, "port: "+port)
		_ = host
		s.rawPort = port
	}
}

func mailBack(s *shop) {
	_, old, _ := strings.Cut(s.world.Mail.Addr(), ":")
	s.edit("restock.yaml", "port: "+s.rawPort, "port: "+old)
	later(s)
}

// noLogIn is a server that wants everybody to log in, and lets nobody.
func noLogIn(s *shop) func(string) string {
	return func(command string) string {
		if strings.HasPrefix(strings.ToUpper(command), "MAIL") {
			s.asked++
			return "535 5.7.8 authentication failed"
		}
		return polite(command)
	}
}

// odd talks much and strangely, and takes everything.
func odd(*shop) func(string) string {
	return func(command string) string {
		switch {
		case command == "HELLO":
			return "220-" + strings.Repeat("welcome ", 2000) + "\n220 mail.example"
		case command == "DOT":
			return "250-2.0.0 \x1b[31mtaken\x1b[0m \u202e\n250 2.0.0 id=<script>"
		}
		return polite(command)
	}
}

// channelStops: the first refusal that is our own fault stops the channel; no customer is taken for unreachable.
func channelStops(text string, asked int) func(*shop, bot.Run) {
	return func(s *shop, run bot.Run) {
		want(s, "failed", count(s, bot.Failed), 0)
		if asked > 0 {
			want(s, "messages offered", s.asked, asked)
		}
		if run.Retry == 0 || !strings.Contains(strings.Join(run.Warnings, "\n"), text) {
			s.t.Errorf("%d to be tried again, warnings %v", run.Retry, run.Warnings)
		}
	}
}

func gateway(status int) func(*shop) {
	return func(s *shop) {
		s.world.SMS.Answer(func(rw http.ResponseWriter, _ string) bool {
			rw.WriteHeader(status)
			fmt.Fprintf(rw, `{"code":20500,"message":"x","status":%d}`, status)
			return true
		})
	}
}

func gatewayBack(s *shop) {
	s.world.SMS.Answer(nil)
	later(s)
}
