package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"restock/bot"
	"restock/bot/config"
	"restock/bot/notify/email"
	"restock/bot/report"
	"restock/bot/schedule"
)

// mailReports mails the reports on their schedule, until ctx ends.
func (w *workshop) mailReports(ctx context.Context) {
	var jobs []schedule.Job
	for i, r := range w.config.Reports {
		jobs = append(jobs, schedule.Job{Name: "report-" + strconv.Itoa(i+1), Spec: r.Spec, CatchUp: 48 * time.Hour})
	}
	p := &schedule.Planner{Store: w.store, Now: w.a.now, Log: w.a.log()}
	for i, job := range jobs {
		if tick, err := p.Tick(ctx, job); err == nil { // else Run says so
			w.a.say("report by %s: next mail %s", w.config.Reports[i].Period, tick.Due.In(w.config.Location).Format("Mon 2 Jan 2006 15:04 MST"))
		}
	}
	err := p.Run(ctx, jobs, func(ctx context.Context, name string, _ time.Time) error {
		i, err := strconv.Atoi(strings.TrimPrefix(name, "report-"))
		if err == nil {
			err = w.mailReport(ctx, w.config.Reports[i-1])
		}
		if err != nil {
			w.failedReport(ctx, name, err)
		}
		return err
	})
	if err != nil && ctx.Err() == nil {
		w.a.say("restock: reports by mail: %v", err)
	}
}

// mailReport mails the report of the last whole period to whoever has not got it yet.
func (w *workshop) mailReport(ctx context.Context, c config.Report) error {
	zone, now := w.config.Location, w.a.now()
	o := w.reportOn("day", c.Job)
	if o.From, o.To = report.Last(now, c.Period, zone); c.Period == "month" {
		o.Per = "week"
	}
	r, err := report.Build(ctx, w.ledger, o)
	if err != nil {
		return err
	}
	m, err := reportMail(r)
	if err != nil {
		return err
	}
	sender, err := w.mailer(w.config.SMTP, nil)
	if err != nil {
		return err
	}
	defer func() { _ = sender.Close() }() // everything was sent or reported by then
	post, ok := sender.(*email.Sender)
	if !ok {
		return fmt.Errorf("%T sends no reports", sender)
	}
	var errs []error
	for _, to := range c.To {
		what := fmt.Sprintf("report/%s/%s/%s/%s", w.ledger.Person(to), c.Job, c.Period, o.From.Format(time.DateOnly))
		sent, err := w.ledger.Marked(ctx, what)
		if err == nil && sent.IsZero() {
			if err = post.PostMail(ctx, to, m); err == nil {
				err = w.ledger.Mark(ctx, what, now)
				w.a.say("the report %s was mailed to %s", r.Title(), bot.Redact(to))
			}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// reportMail is a report as a mail: text, page, and the tables as files.
func reportMail(r report.Report) (m email.Mail, err error) {
	m.Subject = strings.TrimPrefix(r.Shop+": back in stock, "+r.Title(), ": ")
	var text, page, sheet, lines bytes.Buffer
	if err := errors.Join(r.WriteText(&text, "summary"), r.WriteHTML(&page), r.WriteXLSX(&sheet), r.WriteCSV(&lines, "restocks")); err != nil {
		return m, err
	}
	m.Text, m.HTML = text.String(), page.String()
	name := "back-in-stock-" + r.From.Format(time.DateOnly)
	m.Files = []email.File{
		{Name: name + ".xlsx", Type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Data: sheet.Bytes()},
		{Name: name + "-restocks.csv", Type: "text/csv", Data: lines.Bytes()},
	}
	return m, nil
}

// failedReport tells ops that the sales team has not got its report.
func (w *workshop) failedReport(ctx context.Context, name string, err error) {
	w.a.say("restock: %s could not be mailed: %v", name, err)
	w.alert(ctx, []bot.Alert{{
		Kind: bot.AlertFailure, For: []bot.Role{bot.Ops}, Class: bot.Config, At: w.a.now(), Title: "a report could not be mailed", Text: bot.Redact(err.Error()),
		Next: "look at smtp: in restock.yaml and at the mail server; `restock report --period week` shows the figures meanwhile",
	}})
}
