package bot

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Erase forgets a person: the key to everything that is kept of them is deleted, so that no copy of the records can be read any
// more; what waits for them is not sent; and nothing is sent to that address later, of which only a keyed hash is kept. It
// returns how many notifications were about them.
func (l *Ledger) Erase(ctx context.Context, address string) (found int, err error) {
	address = normal(address)
	if err := l.Suppress(ctx, Suppression{Who: l.Person(address), Reason: Forgotten, Source: "forgotten"}); err != nil {
		return 0, err
	}
	people := map[string]bool{}
	if l.Vault != nil {
		people[l.Vault.Who(address)] = true // of sign-ups
	}
	for n, err := range l.All(ctx) {
		if err != nil {
			return found, err
		}
		if normal(n.Address) != address && normal(n.Subscription.Email) != address && normal(n.Subscription.Phone) != address {
			continue
		}
		found++
		if n.Who == "" { // a record of an earlier restock: seal it first
			if _, err := l.saveAll(ctx, []*Notification{&n}); err != nil {
				return found, err
			}
		}
		people[n.Who] = true
		if len(n.Notes) > 0 { // the number of an order leads to whoever ordered
			if err := l.note(ctx, n.Key, (*Notification).forgetOrder); err != nil {
				return found, err
			}
			if n, _, err = l.Find(ctx, n.Key); err != nil {
				return found, err
			}
		}
		if n.State == Queued || n.State == Retry || n.State == Held {
			to := Suppressed
			if n.State == Held {
				to = Failed
			}
			if _, err := l.Move(ctx, []Notification{n}, Change{To: to, Reason: Forgotten}); err != nil {
				return found, err
			}
		}
	}
	signUps, err := l.forgetSignUps(ctx, address)
	if err != nil {
		return found, err
	}
	found += signUps
	if err := l.forgetPeople(ctx, func(who string) bool { return people[who] }, l.Person(address)); err != nil {
		return found, err
	}
	for who := range people {
		if err := l.forgetKey(ctx, who); err != nil {
			return found, err
		}
	}
	return found, nil
}

// SealAll seals the records that an earlier restock has left open. It returns how many.
func (l *Ledger) SealAll(ctx context.Context) (int, error) {
	const sealed = "sealed"
	if l.Vault == nil {
		return 0, nil
	}
	if at, err := l.Marked(ctx, sealed); err != nil || !at.IsZero() {
		return 0, err
	}
	var open []*Notification
	for n, err := range l.records(ctx) {
		if err != nil {
			return 0, err
		}
		if n.Who == "" {
			open = append(open, &n)
		}
	}
	for part := range slices.Chunk(open, batch) {
		if _, err := l.saveAll(ctx, part); err != nil {
			return 0, err
		}
	}
	return len(open), l.Mark(ctx, sealed, l.now())
}

func normal(address string) string {
	if phone := E164(address); ValidPhone(phone) {
		return phone
	}
	return strings.ToLower(strings.TrimSpace(address))
}

func (l *Ledger) forgetKey(ctx context.Context, who string) error {
	entry, err := l.store.Get(ctx, People, who)
	if err != nil || entry.Rev == 0 {
		return err
	}
	return l.apply(ctx, []Write{{Table: People, Key: who, Rev: entry.Rev}})
}

// Retain forgets everybody of whom nothing is open and nothing was changed since a time. The figures stay: only who it was is
// gone. Who made an order is kept while a message of these windows led to it. It returns how many people were forgotten.
func (l *Ledger) Retain(ctx context.Context, since time.Time, windows Windows) (int, error) {
	if l.Vault == nil {
		return 0, nil
	}
	last := map[string]bool{} // person → still needed
	for n, err := range l.records(ctx) {
		if err != nil {
			return 0, err
		}
		if n.Who != "" {
			recent := n.Open() || len(n.Changes) > 0 && n.Changes[len(n.Changes)-1].At.After(since)
			last[n.Who] = last[n.Who] || recent
		}
	}
	if err := l.tidy(ctx, windows); err != nil {
		return 0, err
	}
	signUps, err := l.AllSignUps(ctx)
	if err != nil {
		return 0, err
	}
	for _, s := range signUps {
		if s.Who != "" {
			last[s.Who] = last[s.Who] || s.due() || s.At.After(since)
		}
	}
	if err := l.forgetPeople(ctx, func(who string) bool { needed, known := last[who]; return known && !needed }); err != nil {
		return 0, err
	}
	forgotten := 0
	for entry, err := range l.store.Scan(ctx, People, "") {
		if err != nil {
			return forgotten, err
		}
		if needed, known := last[entry.Key]; known && !needed {
			if err := l.apply(ctx, []Write{{Table: People, Key: entry.Key, Rev: entry.Rev}}); err != nil {
				return forgotten, err
			}
			forgotten++
		}
	}
	return forgotten, nil
}
