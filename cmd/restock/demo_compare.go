package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"restock/bot"
	"restock/bot/notify/email"
	"restock/flows/flowtest"
	"restock/state"
)

// compare holds what the ledger says against what the sample systems saw themselves.
func (a *app) compare(ctx context.Context, world *flowtest.World, d *demonstration) (err error) {
	store, err := state.Open(ctx, "bolt://"+filepath.Join(d.Folder, "data"), state.Reader)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	mails, texts, saves := map[string]int{}, map[string]int{}, map[string]int{}
	for _, l := range world.Mail.Accepted() {
		mails[strings.Trim(l.MessageID, "<>")]++
	}
	for _, t := range world.SMS.Sent() {
		texts[t.SID]++
	}
	for _, s := range world.Saves() {
		saves[strconv.Itoa(s.ID)]++
	}
	d.Sinks = sinks{SMTP: len(world.Mail.Accepted()), SMS: len(world.SMS.Sent()), CRM: len(world.Saves()), Orders: len(world.Orders())}
	for _, seen := range []map[string]int{mails, texts} {
		for _, n := range seen {
			d.Duplicates += n - 1
		}
	}
	for n, err := range bot.NewLedger(store, a.now).All(ctx) {
		if err != nil {
			return err
		}
		d.Duplicates += max(0, saves[n.Subscription.ID]-written(n))
		if wrong := difference(n, mails, texts, saves); wrong != "" {
			d.Differences = append(d.Differences, wrong)
		}
	}
	for _, rest := range []struct {
		what string
		seen map[string]int
	}{{"mail", mails}, {"SMS", texts}, {"CRM record", saves}} {
		for id := range rest.seen {
			d.Differences = append(d.Differences, fmt.Sprintf("%s %s is not in the ledger", rest.what, id))
		}
	}
	return nil
}

// written is how often the CRM must have been written to about a notification: for the message, and for each event.
func written(n bot.Notification) int {
	times := 0
	if n.FollowUp.State == bot.FollowUpWritten {
		times++
	}
	for _, note := range n.Notes {
		if note.FollowUp.State == bot.FollowUpWritten {
			times++
		}
	}
	return times
}

// difference compares one notification and takes what it explains off the lists.
func difference(n bot.Notification, mails, texts, saves map[string]int) string {
	told := false
	switch {
	case n.State != bot.Accepted:
	case n.Channel == bot.Email:
		id := email.MessageID(n.Key, "shop@austral-outdoors.example")
		told = mails[id] == 1
		delete(mails, id)
	case n.Channel == bot.SMS:
		sid := n.Changes[len(n.Changes)-1].Detail
		told = texts[sid] == 1
		delete(texts, sid)
	}
	if n.State == bot.Accepted && !told {
		return fmt.Sprintf("%s is accepted in the ledger, but the %s sink has not got it once", n.Key, n.Channel)
	}
	if n.FollowUp.State == bot.FollowUpWritten {
		saved := saves[n.Subscription.ID]
		delete(saves, n.Subscription.ID)
		if saved != written(n) {
			return fmt.Sprintf("%s is written %d times in the ledger, but request %s was saved %d times", n.Key, written(n), n.Subscription.ID, saved)
		}
	} else if n.State == bot.Accepted {
		return fmt.Sprintf("%s was told, but request %s is not followed up", n.Key, n.Subscription.ID)
	}
	return ""
}

func (a *app) printDemo(d demonstration) {
	a.print("")
	for i, r := range d.Runs {
		a.print("run %d  %-9s %3d stock levels, %d back in stock, %2d waiting for them, %2d told%s, %2d written to the CRM", i+1,
			r.Outcome, r.StockLevels, r.Restocks, r.Subscriptions, total(r.Accepted), bracket(channels(r.Accepted)), r.Written)
	}
	reasons := map[bot.Reason]int{}
	for _, r := range d.Runs {
		for _, n := range r.NotTold {
			reasons[n.Reason]++
		}
	}
	var why []string
	for _, reason := range []bot.Reason{bot.NoConsent, bot.NoAddress, bot.BadAddress, bot.AskedTwice} {
		if reasons[reason] > 0 {
			why = append(why, fmt.Sprintf("%d (%s)", reasons[reason], strings.ReplaceAll(string(reason), "_", " ")))
		}
	}
	a.print("       not told: %s", strings.Join(why, ", "))
	a.print("")
	a.print("the other side saw: %d mails, %d SMS, %d saved requests; duplicates: %d, failed: %d, ambiguous: %d", d.Sinks.SMTP, d.Sinks.SMS,
		d.Sinks.CRM, d.Duplicates, d.Failed, d.Ambiguous)
	a.print("the loop:    %d signed up, %d clicked, %d bought for %s %.2f, %d event(s) written to the CRM", d.SignUps, d.Clicks, d.Purchases, d.Currency, d.Revenue, noted(d.Runs))
	if d.OK {
		a.print("the ledger agrees with all of it (%.0f s)", d.Seconds)
	}
	for _, text := range d.Differences {
		a.print("DIFFERENCE: %s", text)
	}
	a.print("")
	a.print("look at it:  %s", filepath.Join(d.Folder, "report.html"))
	a.print("             restock report --config %s", d.Folder)
	a.print("             restock runs --config %s", d.Folder)
	a.print("             restock ledger --config %s", d.Folder)
	a.print("             %s", filepath.Join(d.Folder, "sites"))
}

func bracket(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}
