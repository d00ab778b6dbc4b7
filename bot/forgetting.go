package bot

import (
	"slices"
)

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
