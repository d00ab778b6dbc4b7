package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"restock/bot"
	"restock/bot/notify/email"
	"restock/bot/notify/webhook"
	"restock/selectors"
)

// alertLimit bounds the telling: a mail server that hangs must not hold up the next run.
const alertLimit = time.Minute

// report tells who must know how a run ended. What cannot be delivered is tried again after the next run.
func (w *workshop) report(ctx context.Context, run bot.Run) {
	if w.config.Alerts == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), alertLimit)
	defer cancel()
	var alerts []bot.Alert
	err := w.ledger.Update(ctx, run.Job, func(s *bot.JobState) {
		s.Streak, alerts = bot.Decide(s.Streak, run, w.config.Alerts.Repeat)
		alerts = append(s.Streak.Unsent, alerts...)
		s.Streak.Unsent = nil
	})
	if err == nil {
		if unsent := w.alert(ctx, alerts); len(unsent) > 0 {
			err = w.ledger.Update(ctx, run.Job, func(s *bot.JobState) { s.Streak.Unsent = unsent[max(0, len(unsent)-20):] })
		}
	}
	if err == nil && run.Outcome == bot.Done {
		err = w.heartbeat(ctx)
	}
	if err != nil {
		w.a.say("restock: alerts: %v", err)
	}
}

// heartbeat calls the dead-man switch: it raises the alarm when nobody calls any more.
func (w *workshop) heartbeat(ctx context.Context) error {
	if w.config.Alerts.Heartbeat.Empty() {
		return nil
	}
	address, err := w.config.Alerts.Heartbeat.Expand(w.values())
	if err != nil {
		return err
	}
	if err := (webhook.Target{URL: address}).Ping(ctx); err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	return nil
}

// alert delivers alerts and returns those that could not be.
func (w *workshop) alert(ctx context.Context, alerts []bot.Alert) (unsent []bot.Alert) {
	if len(alerts) == 0 || w.config.Alerts == nil {
		return nil
	}
	post, end, err := w.poster()
	if err != nil {
		w.a.say("restock: alerts by mail: %v", err)
	}
	defer end()
	for _, a := range alerts {
		var errs []error
		if to := w.recipients(a.For); len(to) > 0 && post != nil {
			errs = append(errs, post(ctx, to, a.Title, a.Body()))
		} else if len(to) > 0 {
			errs = append(errs, err)
		}
		for _, hook := range w.config.Alerts.Webhooks {
			if len(hook.For) > 0 && !slices.ContainsFunc(a.For, func(r bot.Role) bool { return slices.Contains(hook.For, string(r)) }) {
				continue
			}
			errs = append(errs, w.hook(ctx, hook.URL, hook.Format, a))
		}
		if err := errors.Join(errs...); err != nil {
			w.a.say("restock: the alert %q could not be delivered everywhere: %v", a.Title, err)
			unsent = append(unsent, a)
		}
	}
	return unsent
}

func (w *workshop) hook(ctx context.Context, url selectors.Template, format string, a bot.Alert) error {
	address, err := url.Expand(w.values())
	if err != nil {
		return err
	}
	return webhook.Target{URL: address, Format: format}.Send(ctx, a)
}

// recipients are the addresses of roles; analysts and admins are ops where the file names no others.
func (w *workshop) recipients(roles []bot.Role) []string {
	a := w.config.Alerts
	var list []string
	for _, r := range roles {
		some := a.Ops
		if r == bot.Analyst && len(a.Analyst) > 0 {
			some = a.Analyst
		}
		if r == bot.Admin && len(a.Admin) > 0 {
			some = a.Admin
		}
		list = append(list, some...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// poster opens the mail channel for alerts.
func (w *workshop) poster() (post func(context.Context, []string, string, string) error, end func(), err error) {
	end = func() {}
	if w.config.SMTP == nil {
		return nil, end, nil
	}
	sender, err := w.mailer(w.config.SMTP, nil)
	if err != nil {
		return nil, end, err
	}
	mail, ok := sender.(*email.Sender)
	if !ok {
		return nil, end, fmt.Errorf("%T sends no alerts", sender)
	}
	return mail.Post, func() { _ = mail.Close() }, nil // everything was sent or reported by then
}

// asked tells that only a person can go on.
func (w *workshop) asked(ctx context.Context, job string, q bot.Question) {
	until := q.Deadline.In(w.config.Location).Format("15:04:05")
	w.a.say("restock: %s is needed until %s: run `restock otp %s CODE`", q.Text, until, q.Site)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, alertLimit)
		defer cancel()
		w.alert(ctx, []bot.Alert{{
			Kind: bot.AlertQuestion, For: []bot.Role{bot.Ops}, Job: job, Class: bot.MFA, At: w.a.now(),
			Title: "a code is needed for " + q.Site, Text: "The log-in to " + q.Site + " waits for " + q.Text + ", until " + until + ".",
			Next: "run `restock otp " + q.Site + " CODE`",
		}})
	}()
}

// missed tells that a run did not take place.
func (w *workshop) missed(ctx context.Context, job string, due time.Time) {
	w.alert(ctx, []bot.Alert{{
		Kind: bot.AlertMissed, For: []bot.Role{bot.Ops}, Job: job, At: w.a.now(), Title: "job " + job + " did not run",
		Text: "It was due on " + due.In(w.config.Location).Format("Mon 2 Jan 2006 15:04 MST") + ", and restock was not running then. It is too late to make up for it (catch_up: of the job).",
		Next: "look why restock was down; the next run is by the schedule",
	}})
}

// digests sends the daily summary when its time has come, until ctx ends.
func (w *workshop) digests(ctx context.Context) {
	if w.config.Alerts == nil || w.config.Alerts.Digest == "" {
		return
	}
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		if err := w.digest(ctx, w.a.now()); err != nil && ctx.Err() == nil {
			w.a.say("restock: digest: %v", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// digest sends the summary of the day before, if it was not sent yet.
func (w *workshop) digest(ctx context.Context, now time.Time) error {
	at, err := time.Parse("15:04", w.config.Alerts.Digest)
	if err != nil {
		return err
	}
	now = now.In(w.config.Location)
	due := time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), 0, 0, w.config.Location)
	last, err := w.ledger.Marked(ctx, "digest")
	if err != nil || now.Before(due) || !last.Before(due) {
		return err
	}
	runs, err := w.ledger.History(ctx, "", 10_000)
	if err != nil {
		return err
	}
	var health []string
	if w.config.Alerts.Health == "weekly" && now.Weekday() == time.Monday {
		if health = bot.Health(runs, now.AddDate(0, 0, -7)); health == nil {
			health = []string{"every selector matches by its first alternative"}
		}
	}
	if unsent := w.alert(ctx, []bot.Alert{bot.Digest(runs, due.AddDate(0, 0, -1), due, health)}); len(unsent) > 0 {
		return nil // said already; tried again in a minute
	}
	return w.ledger.Mark(ctx, "digest", now)
}
