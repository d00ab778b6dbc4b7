package bot

import (
	"context"
	"slices"
)

// Sends are the messages that have left and that match, as far as purchases are put down to them.
func (l *Ledger) Sends(ctx context.Context, match func(n Notification) bool) ([]Send, error) {
	clicks := map[string][]Clicks{}
	for c, err := range l.Clicked(ctx) {
		if err != nil {
			return nil, err
		}
		clicks[c.Key] = append(clicks[c.Key], c)
	}
	var sends []Send
	for n, err := range l.Where(ctx, func(n Notification) bool { return n.State == Accepted && match(n) }) {
		if err != nil {
			return nil, err
		}
		s := l.SendOf(n)
		for _, c := range clicks[n.Key] {
			s.Clicks = append(s.Clicks, c.Human()...)
		}
		sends = append(sends, s)
	}
	return sends, nil
}

// SendOf is a message that has left, without its clicks.
func (l *Ledger) SendOf(n Notification) Send {
	s := Send{Key: n.Key, Of: n.Of, Job: n.Job, SKU: n.Restock.SKU, Episode: n.Restock.Number, Told: n.Told()}
	people := l.addresses(n)
	s.People = PeopleIn(slices.Concat(people, l.aliases(people), n.Aliases)) // orders of before somebody was forgotten name them by these
	return s
}

// addresses are the people of a notification, by each address that is known.
func (l *Ledger) addresses(n Notification) (people []string) {
	for _, address := range []string{n.Address, n.Subscription.Email, E164(n.Subscription.Phone)} {
		if address != "" {
			people = append(people, l.Person(address))
		}
	}
	return PeopleIn(people)
}

// HeldSend is a message that was kept back by lot, as if it had left when it was planned.
func (l *Ledger) HeldSend(n Notification) Send {
	s := l.SendOf(n)
	if len(n.Changes) > 0 {
		s.Told = n.Changes[0].At
	}
	return s
}
