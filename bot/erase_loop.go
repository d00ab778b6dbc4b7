package bot

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// forgetOrder takes the numbers and amounts of orders off the notes of a notification.
func (n *Notification) forgetOrder() bool {
	changed := false
	for i := range n.Notes {
		changed = changed || n.Notes[i].Order != "" || n.Notes[i].Detail != ""
		n.Notes[i].Order, n.Notes[i].Detail = "", ""
	}
	return changed
}

// forgetting is who is forgotten, by each address that orders name them by, and what stands for it then.
type forgetting struct {
	names  map[string][]string // address → names of those who were forgotten
	needed map[string]bool     // addresses of others too
}

func newForgetting() forgetting {
	return forgetting{names: map[string][]string{}, needed: map[string]bool{}}
}

// forget takes what is known of the person of a notification.
func (f forgetting) forget(l *Ledger, n Notification) {
	if n.Who == "" || l.Vault == nil {
		return
	}
	name := l.Vault.forgottenName(n.Who)
	for _, p := range l.SendOf(n).People {
		if !slices.Contains(f.names[p], name) && p != name {
			f.names[p] = append(f.names[p], name)
		}
	}
}

// keep notes that the person of a notification is not forgotten.
func (f forgetting) keep(l *Ledger, n Notification) {
	for _, p := range l.SendOf(n).People {
		f.needed[p] = true
	}
}

// of rewrites the people of an order.
func (f forgetting) of(o *Order) bool {
	var people []string
	for _, p := range o.People {
		names, forgotten := f.names[p]
		if people = append(people, names...); !forgotten || f.needed[p] {
			people = append(people, p)
		}
	}
	if people = PeopleIn(people); slices.Equal(people, o.People) {
		return false
	}
	o.People, o.Number = people, "" // the ID stays, or the next message about it would be another order
	return true
}

// rewriteOrders changes orders. One that the shop says something of at the same moment is left as it is.
func (l *Ledger) rewriteOrders(ctx context.Context, change func(o *Order) bool) error {
	for entry, err := range l.store.Scan(ctx, Orders, "") {
		if err != nil {
			return err
		}
		var o Order
		if err := json.Unmarshal(entry.Value, &o); err != nil {
			return err
		}
		if !change(&o) {
			continue
		}
		value, err := json.Marshal(o)
		if err != nil {
			return err
		}
		if err := l.apply(ctx, []Write{{Table: Orders, Key: entry.Key, Value: value, Rev: entry.Rev}}); err != nil && !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return nil
}

// forgetSignUps ends the sign-ups of a person. It returns how many there were.
func (l *Ledger) forgetSignUps(ctx context.Context, address string) (n int, err error) {
	list, err := l.AllSignUps(ctx)
	if err != nil {
		return 0, err
	}
	for _, s := range list {
		if normal(s.Address) != address {
			continue
		}
		n++
		s.Cancelled = Forgotten
		if err := l.SaveSignUp(ctx, &s); err != nil {
			return n, err
		}
	}
	return n, nil
}

// orderMemory is how long it is kept who made an order that belongs to no message: as long as one could still be put down to one.
const orderMemory = 60 * 24 * time.Hour

// tidy drops what is needed no more: who made orders that no message led to, and sign-ups that were never confirmed.
func (l *Ledger) tidy(ctx context.Context, windows Windows) error {
	now := l.now()
	var orders []Order
	for o, err := range l.AllOrders(ctx) {
		if err != nil {
			return err
		}
		orders = append(orders, o)
	}
	sends, err := l.Sends(ctx, func(Notification) bool { return true })
	if err != nil {
		return err
	}
	var held []Send
	var longest time.Duration
	for n, err := range l.Where(ctx, func(n Notification) bool { return !n.Holdout.IsZero() }) {
		if err != nil {
			return err
		}
		s := l.HeldSend(n)
		held, longest = append(held, s), max(longest, n.Holdout.Sub(s.Told))
	}
	needed := map[string]bool{}
	for _, s := range slices.Concat(Attribute(orders, sends, windows), Attribute(orders, held, Windows{Assisted: longest})) {
		needed[orderKey(s.Shop, s.Order)] = true
	}
	if err := l.rewriteOrders(ctx, func(o *Order) bool {
		if len(o.People) == 0 || needed[orderKey(o.Shop, o.ID)] || now.Sub(o.At) < orderMemory {
			return false
		}
		o.People = nil
		return true
	}); err != nil {
		return err
	}
	list, err := l.AllSignUps(ctx)
	if err != nil {
		return err
	}
	var writes []Write
	for _, s := range list {
		if s.State() == "unconfirmed" && now.Sub(s.At) > 2*ConfirmFor {
			writes = append(writes, Write{Table: SignUps, Key: s.ID, Rev: s.rev})
		}
	}
	return l.attempt(ctx, writes)
}
