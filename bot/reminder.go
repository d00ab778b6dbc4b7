package bot

import (
	"context"
	"strconv"
	"time"
)

// reminders makes the reminders of planned messages. They are made at once and wait: so that none is lost when a run dies.
func reminders(plan []Notification, after []time.Duration, now time.Time) []Notification {
	var list []Notification
	for _, n := range plan {
		if n.State != Queued || n.Reminder > 0 {
			continue
		}
		for i, wait := range after {
			r := n
			r.Reminder, r.Of, r.Holdout, r.Reason = i+1, n.Key, time.Time{}, ""
			r.Key = Key(n.Job, n.Restock.SKU, n.Restock.Number, n.Subscription.ID+"\x00reminder "+strconv.Itoa(r.Reminder))
			r.Due, r.NotAfter = now.Add(wait), now.Add(wait+n.NotAfter.Sub(now))
			r.Changes = []Change{{At: now, To: Queued, Run: n.Run, Detail: "reminder of " + n.Key}}
			list = append(list, r)
		}
	}
	return list
}

// turnOf says whether a reminder may be sent now: long enough after the message itself, while the product is in stock, and unless
// the customer has bought. Otherwise it waits, or why is the reason for which it never will be.
func (b *Bot) turnOf(ctx context.Context, job Job, n *Notification, levels map[string]Level) (now bool, why Reason, err error) {
	first, ok, err := b.Ledger.Find(ctx, n.Of)
	if err != nil {
		return false, "", err
	}
	level, known := levels[n.Restock.SKU]
	ended := !known || level.Episode != n.Restock.Number || !level.Open
	switch {
	case !ok || first.State != Accepted && !first.State.Open():
		return false, NeverTold, nil
	case !first.Bought.IsZero():
		return false, HasBought, nil
	case ended:
		return false, SoldOut, nil
	case first.State != Accepted || n.Reminder > len(job.Policy.Reminders) || level.Availability != In:
		return false, "", nil
	}
	due := first.Told().Add(job.Policy.Reminders[n.Reminder-1])
	n.NotAfter = due.Add(job.Policy.Life)
	return !b.Now().Before(due), "", nil
}
