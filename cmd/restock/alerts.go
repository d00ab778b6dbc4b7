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

// report tells who must know how a run ended. Each alert is remembered before it is sent, and where it has still to go after
// it: what cannot be delivered, there, is tried again after the next run.
func (w *workshop) report(ctx context.Context, run bot.Run) {
	if w.config.Alerts == nil {
		return
	}
	ctx = context.WithoutCancel(ctx)
	err := w.alone(ctx, "alerts/"+run.Job, func() error { return w.decide(ctx, run) })
	if err == nil && run.Outcome == bot.Done {
		err = w.heartbeat(ctx)
	}
	if err != nil {
		w.a.say("restock: alerts: %v", err)
	}
}

// alone does what no other process, and no other job, may do at the same time: what was told is told once.
func (w *workshop) alone(ctx context.Context, what string, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 3*alertLimit)
	defer cancel()
	for {
		release, ok, err := w.ledger.Reserve(ctx, "alone/"+what)
		if err != nil {
			return err
		}
		if ok {
			return errors.Join(do(), release())
		}
		pauseFor(ctx, aloneLook)
		if ctx.Err() != nil {
			return fmt.Errorf("another process has been at %s for %s: %w", what, 3*alertLimit, ctx.Err())
		}
	}
}

// aloneLook is the time between two looks whether another one is done.
const aloneLook = 200 * time.Millisecond

// decide tells what is to be told of a run, and what could not be told before.
func (w *workshop) decide(ctx context.Context, run bot.Run) error {
	var alerts []bot.Alert
	err := w.ledger.Update(ctx, run.Job, func(s *bot.JobState) {
		s.Streak, alerts = bot.Decide(s.Streak, run, w.config.Alerts.Repeat)
		for i := range alerts {
			alerts[i].Left = w.targets(alerts[i])
		}
		alerts = append(s.Streak.Unsent, alerts...)
		s.Streak.Unsent = alerts[max(0, len(alerts)-20):]
	})
	if err == nil && len(alerts) > 0 {
		unsent := w.alert(ctx, alerts)
		err = w.ledger.Update(ctx, run.Job, func(s *bot.JobState) { s.Streak.Unsent = unsent[max(0, len(unsent)-20):] })
	}
	return err
}

// targets are where an alert has to go: "mail", and the places of the webhooks in the file.
func (w *workshop) targets(a bot.Alert) (list []string) {
	if len(w.recipients(a.For)) > 0 {
		list = append(list, "mail")
	}
	for _, hook := range w.config.Alerts.Webhooks {
		if len(hook.For) == 0 || slices.ContainsFunc(a.For, func(r bot.Role) bool { return slices.Contains(hook.For, string(r)) }) {
			list = append(list, hook.String())
		}
	}
	return list
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

// alert delivers alerts, each to where it has to go, and returns those that could not be delivered everywhere.
func (w *workshop) alert(ctx context.Context, alerts []bot.Alert) (unsent []bot.Alert) {
	if len(alerts) == 0 || w.config.Alerts == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, alertLimit)
	defer cancel()
	post, end, err := w.poster()
	if err != nil {
		w.a.say("restock: alerts by mail: %v", err)
	}
	defer end()
	for _, a := range alerts {
		if a.Left == nil {
			a.Left = w.targets(a)
		}
		var left []string
		for _, target := range a.Left {
			if err := w.deliver(ctx, target, a, post); err != nil {
				w.a.say("restock: the alert %q could not be delivered: %v", a.Title, err)
				left = append(left, target)
			}
		}
		if len(left) > 0 {
			a.Left = left
			unsent = append(unsent, a)
		}
	}
	return unsent
}

// nobodyGot reports whether the one alert that was to be told has reached none of its targets.
func (w *workshop) nobodyGot(unsent []bot.Alert) bool {
	return len(unsent) > 0 && len(unsent[0].Left) == len(w.targets(unsent[0]))
}

// deliver brings an alert to one target. One that is not in the file any more needs nothing.
func (w *workshop) deliver(ctx context.Context, target string, a bot.Alert, post postFunc) error {
	if target == "mail" {
		to := w.recipients(a.For)
		if len(to) == 0 {
			return nil
		}
		if post == nil {
			return errors.New("mail cannot be sent")
		}
		return post(ctx, to, a.Title, a.Body())
	}
	for _, hook := range w.config.Alerts.Webhooks {
		if hook.String() == target {
			return w.hook(ctx, hook.URL, hook.Format, a)
		}
	}
	return nil
}

// postFunc sends a plain message to people of our own.
type postFunc func(ctx context.Context, to []string, subject, text string) error

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
func (w *workshop) poster() (post postFunc, end func(), err error) {
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
	due, err := w.digestDue(ctx, now)
	if err != nil || due.IsZero() {
		return err
	}
	return w.alone(ctx, "digest", func() error { return w.sendDigest(ctx, now) })
}

// digestDue is when the summary was due that was not sent yet, or the zero time.
func (w *workshop) digestDue(ctx context.Context, now time.Time) (time.Time, error) {
	at, err := time.Parse("15:04", w.config.Alerts.Digest)
	if err != nil {
		return at, err
	}
	now = now.In(w.config.Location)
	due := time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), 0, 0, w.config.Location)
	last, err := w.ledger.Marked(ctx, "digest")
	if err != nil || now.Before(due) || !last.Before(due) {
		return time.Time{}, err
	}
	return due, nil
}

func (w *workshop) sendDigest(ctx context.Context, now time.Time) error {
	due, err := w.digestDue(ctx, now) // another one may have sent it meanwhile
	if err != nil || due.IsZero() {
		return err
	}
	now = now.In(w.config.Location)
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
	a := bot.Digest(runs, due.AddDate(0, 0, -1), due, health)
	if w.nobodyGot(w.alert(ctx, []bot.Alert{a})) {
		return nil // nobody got it, which was said: tried again in a minute
	}
	return w.ledger.Mark(ctx, "digest", now)
}
