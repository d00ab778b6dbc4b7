package bot

import (
	"context"
	"slices"
)

// forgetting is who is forgotten, by each address that orders name them by.
type forgetting struct {
	gone   map[string]bool // addresses of those who are forgotten
	needed map[string]bool // addresses of others too
}

// alias stands for an address of somebody who was forgotten, on their messages and on their orders: purchases count as before, and nobody
// can tell who it was.
func (v *Vault) alias(person string) string { return "forgotten/" + v.Who("forgotten/"+person) }

// aliases are those of some addresses.
func (l *Ledger) aliases(people []string) (list []string) {
	if l.Vault == nil {
		return nil
	}
	for _, p := range people {
		list = append(list, l.Vault.alias(p))
	}
	return list
}

// forgetPeople takes people off their messages and orders, for the figures of which only aliases stay. It comes before their keys are
// deleted, and can be done again. also are addresses that are forgotten in any case.
func (l *Ledger) forgetPeople(ctx context.Context, gone func(who string) bool, also ...string) error {
	f := forgetting{gone: map[string]bool{}, needed: map[string]bool{}}
	var changed []*Notification
	for n, err := range l.Where(ctx, func(n Notification) bool { return n.State == Accepted || !n.Holdout.IsZero() }) {
		if err != nil {
			return err
		}
		people := l.addresses(n)
		if !gone(n.Who) {
			for _, p := range people {
				f.needed[p] = true
			}
			continue
		}
		for _, p := range people {
			f.gone[p] = true
		}
		if names := l.aliases(people); len(names) > 0 && !slices.Equal(names, n.Aliases) {
			n.Aliases = names
			changed = append(changed, &n)
		}
	}
	for _, p := range also {
		f.gone[p] = true
		delete(f.needed, p)
	}
	for part := range slices.Chunk(changed, batch) {
		if _, err := l.saveAll(ctx, part); err != nil { // one that somebody else changes at this moment is forgotten the next time
			return err
		}
	}
	if len(f.gone) == 0 {
		return nil
	}
	return l.rewriteOrders(ctx, func(o *Order) bool { return f.of(l, o) })
}

// of rewrites the people of an order.
func (f forgetting) of(l *Ledger, o *Order) bool {
	var people []string
	for _, p := range o.People {
		if f.gone[p] {
			people = append(people, l.aliases([]string{p})...)
		}
		if !f.gone[p] || f.needed[p] {
			people = append(people, p)
		}
	}
	if people = PeopleIn(people); slices.Equal(people, o.People) {
		return false
	}
	o.People, o.Number = people, "" // the ID stays, or the next message about it would be another order
	return true
}

// stayForgotten takes off an order what a later message about it says of people who were taken off it.
func (l *Ledger) stayForgotten(o, known *Order) {
	if l.Vault == nil {
		return
	}
	off := false
	o.People = slices.DeleteFunc(o.People, func(p string) bool {
		gone := !slices.Contains(known.People, p) && slices.Contains(known.People, l.Vault.alias(p))
		off = off || gone
		return gone
	})
	if off {
		o.Number = known.Number
	}
}
