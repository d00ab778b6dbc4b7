package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"restock/bot"
	"restock/bot/notify/email"
	"restock/bot/web/admin"
)

// refusedFor is how long a log-in that the mail server refused is not tried again: providers lock out who keeps trying.
const refusedFor = 6 * time.Hour

// refusal is a log-in that the mail server refused.
type refusal struct {
	with  [sha256.Size]byte // user and password
	until time.Time
	check admin.Check
}

// mailNeed looks whether the mail server lets us in. With a user and a password that it has refused it is asked again when they have
// changed, or after refusedFor.
func (w *workshop) mailNeed(ctx context.Context, render bot.Renderer, last *refusal) admin.Check {
	c := w.config.SMTP
	user, userErr := c.User.Expand(w.values())
	password, passwordErr := c.Password.Expand(w.values())
	with := sha256.Sum256(fmt.Appendf(nil, "%q %q", user, password))
	if userErr == nil && passwordErr == nil && with == last.with && w.a.now().Before(last.until) {
		return last.check
	}
	*last = refusal{}
	var found email.Check
	sender, err := w.mailer(c, render)
	if err == nil {
		found, err = sender.(*email.Sender).Reachable(ctx), sender.Close()
	}
	if err != nil {
		return admin.Check{Name: "mail", Text: bot.Clean(err.Error()), Next: "restock doctor says more"}
	}
	check := admin.Check{Name: "mail", OK: found.OK, Text: found.Found}
	switch {
	case found.Refused:
		*last = refusal{with: with, until: w.a.now().Add(refusedFor)}
		check.Next = fmt.Sprintf("correct user and password; with these it is not tried again before %s", last.until.In(w.config.Location).Format("15:04"))
		last.check = check
	case !found.OK:
		check.Next = found.Hint
	}
	return check
}
