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

// rewriteOrders changes orders.
func (l *Ledger) rewriteOrders(ctx context.Context, change func(o *Order) bool) error {
	for entry, err := range l.store.Scan(ctx, Orders, "") {
		if err != nil {
			return err
		}
		if err := l.rewriteOrder(ctx, entry, change); err != nil {
			return err
		}
	}
	return nil
}

func (l *Ledger) rewriteOrder(ctx context.Context, entry Entry, change func(o *Order) bool) error {
	for range mostRaces {
		var o Order
		if err := json.Unmarshal(entry.Value, &o); err != nil {
			return err
		}
		if !change(&o) {
			return nil
		}
		value, err := json.Marshal(o)
		if err != nil {
			return err
		}
		if err = l.apply(ctx, []Write{{Table: Orders, Key: entry.Key, Value: value, Rev: entry.Rev}}); !errors.Is(err, ErrConflict) {
			return err
		}
		if entry, err = l.store.Get(ctx, Orders, entry.Key); err != nil || entry.Rev == 0 { // the shop has told of it at the same moment
			return err
		}
	}
	return ErrConflict
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
