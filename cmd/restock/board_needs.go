package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"restock/bot"
	"restock/bot/notify"
	"restock/bot/notify/sms"
	"restock/bot/web/admin"
	"restock/flows/browser"
)

// needsEvery is how often it is looked whether the browser, the mail server and the SMS gateway are there.
const needsEvery = 10 * time.Minute

// leaversEvery is how often it is looked for people who have left and stand in the CRM still.
const leaversEvery = time.Minute

// lookAtNeeds looks again and again at what runs need and at who has left, so that no page has to wait for it.
func (b *board) lookAtNeeds(ctx context.Context, does map[string]bool) {
	var leavers sync.WaitGroup
	defer leavers.Wait()
	leavers.Go(func() {
		for ctx.Err() == nil {
			b.lookAtLeavers(ctx)
			pauseFor(ctx, leaversEvery)
		}
	})
	var refused refusal
	for ctx.Err() == nil {
		needs := b.w.needs(ctx, does, &refused)
		b.mu.Lock()
		b.needs = needs
		b.mu.Unlock()
		pauseFor(ctx, needsEvery)
	}
}

// unknown are the checks before anybody has looked.
func (w *workshop) unknown() []admin.Check {
	list := []admin.Check{{Name: "browser"}, {Name: "mail"}, {Name: "SMS"}}
	for i := range list {
		list[i].Open, list[i].Text = true, "not known yet"
	}
	if w.config.SMTP == nil {
		list[1].Text = "not set up"
	}
	if w.config.SMS == nil {
		list[2].Text = "not set up"
	}
	return list
}

// needs looks whether the browser, the mail server and the SMS gateway are there, as far as this machine has to do with them. Nothing is sent.
func (w *workshop) needs(ctx context.Context, does map[string]bool, refused *refusal) []admin.Check {
	list := w.unknown()
	ctx, cancel := context.WithTimeout(ctx, preflightLimit)
	defer cancel()
	if does[roleSchedule] || does[roleBrowse] {
		list[0] = w.browserNeed(ctx)
	} else {
		list[0].Text = "this machine needs none"
	}
	if !does[roleSchedule] && !does[roleSend] {
		list[1].Text, list[2].Text = "this machine sends nothing", "this machine sends nothing"
		return list
	}
	render, err := notify.Renderer(w.shop())
	if err != nil {
		return append(list, admin.Check{Name: "texts", Text: bot.Clean(err.Error()), Next: "correct what is named"})
	}
	if w.config.SMTP != nil {
		list[1] = w.mailNeed(ctx, render, refused)
	}
	if w.config.SMS != nil {
		sender, err := w.texter(w.config.SMS, render)
		if err == nil {
			err = errors.Join(sender.(*sms.Sender).Reachable(ctx), sender.Close())
		}
		if list[2] = (admin.Check{Name: "SMS", OK: err == nil, Text: "the gateway lets us in"}); err != nil {
			list[2].Text, list[2].Next = bot.Clean(err.Error()), "are account, user and token right, and may this machine reach it?"
		}
	}
	return list
}

// browserNeed finds the browser and judges its version.
func (w *workshop) browserNeed(ctx context.Context) admin.Check {
	found, err := browser.Find(ctx, w.config.Browser.Path)
	if err != nil {
		return admin.Check{Name: "browser", Text: firstLine(err), Next: "run restock browser install"}
	}
	text, ok := browser.CheckVersion(found.Version, w.a.now())
	c := admin.Check{Name: "browser", OK: ok, Text: text}
	if !ok {
		c.Next = "update the browser"
	}
	return c
}

// leavers says who has left and stands in the CRM still.
func (w *workshop) leavers(ctx context.Context) admin.Check {
	list, err := w.ledger.Suppressions(ctx)
	if err != nil {
		return admin.Check{Name: "unsubscriptions", Text: bot.Clean(err.Error())}
	}
	late := bot.Overdue(list, w.a.now(), w.config.Location)
	c := admin.Check{Name: "unsubscriptions", OK: len(late) == 0, Text: fmt.Sprintf("%d are not in the CRM after two working days", len(late))}
	if len(late) > 0 {
		c.Next = "enter them there, then run restock suppressions written --all"
	}
	return c
}
