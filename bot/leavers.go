package bot

import (
	"context"
	"math"
	"slices"
)

// leavers notes for the CRM who has left: on each of their requests that is known here.
func (b *Bot) leavers(ctx context.Context, people []string) error {
	if len(people) == 0 {
		return nil
	}
	left, newest := map[string]Suppression{}, map[string]map[string]Notification{}
	for _, p := range people {
		for _, c := range []Channel{"", Email, SMS} {
			s, ok, err := get[Suppression](ctx, b.Ledger.store, Suppressions, suppressionKey(p, c))
			if err != nil {
				return err
			}
			if ok && s.Reason == LeftUs && s.Written.IsZero() {
				left[p], newest[p] = s, map[string]Notification{}
			}
		}
	}
	for p := range left { // by the index: a run must not read the whole ledger for a few people
		list, err := b.Ledger.bare().found(ctx, p+"/", math.MaxInt, nil)
		if err != nil {
			return err
		}
		for _, n := range list {
			if n.Reminder > 0 || n.Subscription.ID == "" {
				continue
			}
			request := n.Job + "/" + n.Subscription.ID
			if last, ok := newest[p][request]; !ok || n.Restock.Opened.After(last.Restock.Opened) {
				newest[p][request] = n
			}
		}
	}
	var done []Write
	for _, p := range people {
		known, settled, err := b.leaver(ctx, left[p], newest[p])
		if err != nil {
			return err
		}
		if known {
			if _, err := b.Ledger.Written(ctx, p); err != nil {
				return err
			}
		}
		if entry, err := b.Ledger.store.Get(ctx, Inbox, inboxLeft+p); settled && err == nil && entry.Rev != 0 {
			done = append(done, Write{Table: Inbox, Key: entry.Key, Rev: entry.Rev})
		} else if err != nil {
			return err
		}
	}
	return b.Ledger.attempt(ctx, done)
}

// leaver notes on the requests of one person that they have left. known says that the CRM knows of it on all of them; settled, that
// nothing is left to do here: where it has no request, or takes no such event, it is for ops to enter; see Overdue.
func (b *Bot) leaver(ctx context.Context, s Suppression, requests map[string]Notification) (known, settled bool, err error) {
	if known = len(requests) > 0; !known {
		return false, true, nil
	}
	for _, n := range requests {
		if !slices.Contains(b.Events[n.Job], EventLeft) {
			return false, true, nil
		}
		if i := slices.IndexFunc(n.Notes, func(o Note) bool { return o.Event == EventLeft }); i >= 0 {
			state := n.Notes[i].FollowUp.State
			known = known && state == FollowUpWritten
			continue
		}
		known = false
		if err := b.noteOnce(ctx, n.Key, Note{Event: EventLeft, At: s.At}); err != nil {
			return false, false, err
		}
	}
	return known, known, nil
}

// leftKnown notes who is known by now to have left, after the events were written.
func (b *Bot) leftKnown(ctx context.Context) error {
	in, err := b.Ledger.inbox(ctx)
	if err != nil {
		return err
	}
	return b.leavers(ctx, in.left)
}
