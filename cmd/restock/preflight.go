package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"restock/bot"
	"restock/bot/notify"
	"restock/bot/notify/email"
)

// preflightLimit is how long the checks before sending may take.
const preflightLimit = 20 * time.Second

// preflight looks at what mails need to arrive. Texts that cannot be written are an error.
func (w *workshop) preflight(ctx context.Context) ([]email.Check, error) {
	render, err := notify.Renderer(w.shop())
	if err != nil {
		return nil, err
	}
	sender, err := w.mailer(w.config.SMTP, render)
	if err != nil {
		return nil, err
	}
	return sender.(*email.Sender).Preflight(ctx, net.DefaultResolver), sender.Close()
}

// cleared looks once a day, before anything is sent, at what the DNS says of the sender. What is wrong is a warning; a signature that
// is wrong keeps the mails back, because every one of them would be refused.
func (w *workshop) cleared(ctx context.Context, b *bot.Bot, run *bot.Run) {
	const what = "preflight"
	mailer, ok := b.Senders[bot.Email].(*email.Sender)
	if !ok {
		return
	}
	now := w.a.now()
	if last, err := w.ledger.Marked(ctx, what); err == nil && now.Sub(last) < 24*time.Hour {
		return
	}
	limited, cancel := context.WithTimeout(ctx, preflightLimit)
	defer cancel()
	well := true
	for _, c := range mailer.Published(limited, net.DefaultResolver) {
		if c.OK {
			continue
		}
		well = false
		run.Warnings = append(run.Warnings, fmt.Sprintf("%s: %s; %s", c.Name, c.Found, c.Hint))
		if c.Stop {
			delete(b.Senders, bot.Email)
			run.Warnings = append(run.Warnings, "no mail is sent before that is mended; what waits keeps its place")
		}
	}
	if well {
		_ = w.ledger.Mark(ctx, what, now) // looked at again by the next run, if it cannot be noted
	}
}
