package bot

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// Policy says whom to tell and for how long the news is good.
type Policy struct {
	Channels []Channel     // configured channels, in order of preference
	Life     time.Duration // a message not delivered within this time is not sent any more
	Consent  bool          // true: unknown consent counts as refused
	CoolDown time.Duration // a product that is out for less than this goes on with the same restock
	Guards   Guards
	Limits   Limits
	Waves    Waves
	Enough   Enough
	Quiet    Quiet
	// Resend says of a channel after how long an ambiguous message is sent once more; a channel that is not there holds it.
	Resend    map[Channel]time.Duration
	Reminders []time.Duration // after the message, while the product is in stock and not bought
	Holdout   Holdout
	Wishes    time.Duration // a request older than this has expired; 0: never
}

// Plan makes the notifications of the opened restocks: one for each waiting subscription, those that cannot be told
// included, with the reason. unfinished are the job's notifications that are not finished: who has one of an earlier restock
// gets no second one, and who has one of this restock was planned by a run that was cut off. It is pure, and the order of
// subs does not matter.
func Plan(job, run string, opened []Restock, subs []Subscription, unfinished []Notification, p Policy, now time.Time) []Notification {
	bySKU := make(map[string]Restock, len(opened))
	for _, r := range opened {
		bySKU[r.SKU] = r
	}
	sorted := append([]Subscription(nil), subs...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].ID < sorted[j].ID })
	told := map[string]string{} // person and product → key
	stored, waiting := map[string]bool{}, map[string]bool{}
	for _, n := range unfinished {
		if n.Reminder > 0 {
			continue
		}
		stored[n.Key] = true
		if r, ok := bySKU[n.Restock.SKU]; ok && r.Number == n.Restock.Number && (n.State.Open() || n.State == Accepted) {
			told[person(n)] = n.Key
		}
		if n.State != Accepted || !keeps(subs, n.Subscription.ID) { // whose place was kept was told, whatever is still to be written
			waiting[n.Restock.SKU+"\x00"+n.Subscription.ID] = true
		}
	}
	var plan []Notification
	for _, s := range sorted {
		r, ok := bySKU[s.SKU]
		if !ok {
			continue
		}
		n := Notification{
			Key: Key(job, s.SKU, r.Number, s.ID), Job: job, Restock: r, Subscription: s,
			State: Queued, Due: now, NotAfter: now.Add(p.Life), Run: run,
		}
		if p.Consent && s.Consent != ConsentGiven {
			s.Consent = ConsentRefused
		}
		n.Channel, n.Address, n.Reason = s.Choose(p.Channels)
		if at := asked(s); n.Reason == "" && p.Wishes > 0 && !at.IsZero() && now.Sub(at) > p.Wishes {
			n.Reason = WishExpired
		}
		if stored[n.Key] {
			continue
		}
		if n.Reason == "" && waiting[s.SKU+"\x00"+s.ID] {
			n.Reason = Unsettled
		}
		if n.Reason == "" {
			if first, twice := told[person(n)]; twice {
				n.Reason, n.SameAs = AskedTwice, first
			} else {
				told[person(n)] = n.Key
			}
		}
		if n.Reason != "" {
			n.State = Suppressed
		} else {
			p.Holdout.apply(&n)
		}
		n.Changes = []Change{{At: now, To: n.State, Run: run, Reason: n.Reason}}
		plan = append(plan, n)
	}
	return plan
}

// keeps reports whether a request is one whose place was kept.
func keeps(subs []Subscription, id string) bool {
	return slices.ContainsFunc(subs, func(s Subscription) bool { return s.Kept && s.ID == id })
}

// person names who gets a message about what: two customers may share a phone, one customer may ask twice.
func person(n Notification) string {
	return strings.Join([]string{string(n.Channel), strings.ToLower(n.Address), n.Subscription.Customer, n.Restock.SKU}, "\x00")
}
