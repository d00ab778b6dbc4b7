package main

import (
	"context"
	"fmt"
	"time"

	"restock/bot"
	"restock/bot/notify/bounce"
)

// receive takes the bounces that have come. What cannot be read is a warning: it is read again by the next run.
func (w *workshop) receive(ctx context.Context, run *bot.Run) {
	c := w.config.Bounces
	if c == nil {
		return
	}
	bounceTo := ""
	if w.config.SMTP != nil {
		bounceTo = w.config.SMTP.Bounce
	}
	take := func(r bot.Receipt) error {
		if _, known, err := w.ledger.Find(ctx, r.Key); err != nil || !known {
			return err // another installation's, or older than what is kept
		}
		return w.ledger.Receive(ctx, r)
	}
	var taken, others int
	var err error
	if c.Maildir != "" {
		taken, others, err = bounce.Maildir(w.config.Path(c.Maildir), bounceTo, w.a.now(), take)
	} else {
		taken, others, err = w.receiveMbox(ctx, w.config.Path(c.Mbox), bounceTo, take)
	}
	if err != nil {
		run.Warnings = append(run.Warnings, "bounces: "+bot.Clean(err.Error()))
	}
	if taken+others > 0 && w.a.verbose {
		w.a.say("bounces: %d report(s) taken, %d other message(s)", taken, others)
	}
}

func (w *workshop) receiveMbox(ctx context.Context, path, bounceTo string, take func(bot.Receipt) error) (taken, others int, err error) {
	const place = "bounces/mbox" // kept as a time: so many nanoseconds since 1970
	at, err := w.ledger.Marked(ctx, place)
	if err != nil {
		return 0, 0, err
	}
	from := int64(0)
	if !at.IsZero() {
		from = at.UnixNano()
	}
	next, taken, others, err := bounce.Mbox(path, bounceTo, from, w.a.now(), take)
	if err == nil && next != from {
		err = w.ledger.Mark(ctx, place, time.Unix(0, next))
	}
	return taken, others, err
}

// hookSilence is how long a shop that told us of orders may be silent: one whose webhook was taken away never speaks again.
const hookSilence = 7 * 24 * time.Hour

// silent warns of shops of which nothing is heard any more.
func (w *workshop) silent(ctx context.Context, run *bot.Run) {
	if w.config.Public == nil {
		return
	}
	for _, name := range []string{"shopify", "woocommerce"} {
		last, err := w.ledger.Marked(ctx, "hook/"+name)
		if err == nil && !last.IsZero() && w.a.now().Sub(last) > hookSilence {
			run.Warnings = append(run.Warnings, fmt.Sprintf("%s has told of no order since %s: is its webhook still there? Shops take away one that failed a few times", name,
				last.In(w.config.Location).Format("Mon 2 Jan 15:04")))
		}
	}
}

// retain forgets once a day who was told long ago.
func (w *workshop) retain(ctx context.Context) {
	const what = "retention"
	last, err := w.ledger.Marked(ctx, what)
	now := w.a.now()
	if err != nil || now.Sub(last) < 24*time.Hour {
		return
	}
	n, err := w.ledger.Retain(ctx, now.Add(-w.config.Retention), w.config.Windows())
	if err == nil {
		err = w.ledger.Mark(ctx, what, now)
	}
	if err != nil {
		w.a.say("restock: who was told long ago could not be forgotten: %v", err)
	}
	if n > 0 {
		w.a.say("%s", fmt.Sprintf("%d person(s) forgotten: nothing was sent to them for longer than retention:", n))
	}
}

// overdue tells ops once a day of people who have left and of whom the CRM does not know.
func (w *workshop) overdue(ctx context.Context, run *bot.Run) {
	const what = "overdue"
	now := w.a.now()
	list, err := w.ledger.Suppressions(ctx)
	if err != nil {
		run.Warnings = append(run.Warnings, "suppressions: "+bot.Clean(err.Error()))
		return
	}
	late := bot.Overdue(list, now, w.config.Location)
	if len(late) == 0 {
		return
	}
	oldest := late[0].At
	for _, s := range late {
		if s.At.Before(oldest) {
			oldest = s.At
		}
	}
	text := fmt.Sprintf("%d unsubscription(s) are not in the CRM, the oldest of %s; the law gives five working days", len(late), oldest.In(w.config.Location).Format("Mon 2 Jan"))
	const next = "enter them there (`restock suppressions`), then run `restock suppressions written --all`"
	run.Warnings = append(run.Warnings, text+"; "+next)
	if last, err := w.ledger.Marked(ctx, what); err != nil || now.Sub(last) < 20*time.Hour {
		return
	}
	err = w.alone(ctx, what, func() error {
		if last, err := w.ledger.Marked(ctx, what); err != nil || now.Sub(last) < 20*time.Hour {
			return err // another one has told it meanwhile
		}
		return w.tellOverdue(ctx, what, text, next)
	})
	if err != nil {
		w.a.say("restock: alerts: %v", err)
	}
}

func (w *workshop) tellOverdue(ctx context.Context, what, text, next string) error {
	now := w.a.now()
	alert := bot.Alert{Kind: bot.AlertLeft, For: []bot.Role{bot.Ops, bot.Admin}, Title: "people have left, and the CRM does not know", Text: text, Next: next, At: now}
	if w.nobodyGot(w.alert(ctx, []bot.Alert{alert})) {
		return nil // said already; told again at the next run
	}
	return w.ledger.Mark(ctx, what, now) // told again tomorrow
}
