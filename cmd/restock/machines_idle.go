package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"restock/bot"
)

// nobodyAfter is how long no machine may run jobs before ops are told; and again after nobodyAgain.
const (
	nobodyAfter = 3 * time.Minute
	nobodyAgain = 12 * time.Hour
)

// nobodyRuns tells ops when no machine of a cluster has run jobs for a while: nothing would tell them otherwise.
func (w *workshop) nobodyRuns(ctx context.Context, since time.Time) time.Time {
	if w.config.Cluster == nil || w.config.Alerts == nil || len(w.scheduled()) == 0 {
		return time.Time{}
	}
	list, err := w.ledger.Machines(ctx)
	if err != nil || runsJobs(list) {
		return time.Time{}
	}
	now := w.a.now()
	if since.IsZero() || now.Sub(since) < nobodyAfter {
		return cmp.Or(since, now)
	}
	const what = "nobody runs jobs"
	err = w.alone(ctx, what, func() error {
		if last, err := w.ledger.Marked(ctx, what); err != nil || now.Sub(last) < nobodyAgain {
			return err
		}
		alert := bot.Alert{
			Kind: bot.AlertMissed, For: []bot.Role{bot.Ops}, At: now, Title: "no machine runs jobs", Text: "None of the machines that are at work has had the role schedule for " + nobodyAfter.String() + ".",
			Next: "start restock serve with the role schedule on one of them; what is due is made up for (catch_up:)",
		}
		if w.nobodyGot(w.alert(ctx, []bot.Alert{alert})) {
			return nil // said already
		}
		return w.ledger.Mark(ctx, what, now)
	})
	if err != nil && ctx.Err() == nil {
		w.a.say("restock: alerts: %v", err)
	}
	return since
}

// runsJobs reports whether one of the machines has the role schedule.
func runsJobs(list []bot.Machine) bool {
	return slices.ContainsFunc(list, func(m bot.Machine) bool { return slices.Contains(strings.Split(m.Roles, ","), roleSchedule) })
}
