package bot

import (
	"fmt"
	"maps"
	"slices"
)

// encode writes the record of a notification. The customer's data are in it only as sealed, where the ledger has a vault.
func (n *Notification) encode() []byte {
	w := writer{b: make([]byte, 1, 640)}
	w.b[0] = wireVersion
	w.text(1, n.Key)
	w.text(2, n.Job)
	w.text(3, string(n.Channel))
	w.text(4, string(n.State))
	w.text(5, string(n.Reason))
	w.text(6, n.SameAs)
	w.number(7, int64(n.Attempt))
	w.time(8, n.Due)
	w.time(9, n.NotAfter)
	w.text(10, n.Run)
	w.time(11, n.ToldAt)
	w.flag(12, n.Released)
	if n.FollowUp != (FollowUp{}) {
		w.group(13, func() { n.FollowUp.write(&w) })
	}
	for i := range n.Changes {
		c := &n.Changes[i]
		w.group(14, func() {
			w.time(1, c.At)
			w.text(2, string(c.To))
			w.text(3, c.Run)
			w.text(4, string(c.Reason))
			w.text(5, c.Detail)
		})
	}
	w.group(15, func() { n.Restock.write(&w) })
	w.group(16, func() { n.Subscription.write(&w) })
	if n.sealed != nil {
		w.text(18, string(n.sealed))
	} else if n.Who == "" {
		w.group(17, func() { n.writePersonal(&w) })
	}
	w.text(19, n.Who)
	w.flag(20, n.Resent)
	w.text(21, n.Of)
	w.number(22, int64(n.Reminder))
	w.time(23, n.Bought)
	w.time(24, n.Invited)
	w.time(25, n.Holdout)
	for i := range n.Notes {
		w.group(26, func() { n.Notes[i].write(&w) })
	}
	for _, alias := range n.Aliases {
		w.text(27, alias)
	}
	return w.b
}

func (u *FollowUp) write(w *writer) {
	w.text(1, string(u.State))
	w.time(2, u.At)
	w.text(3, u.Detail)
	w.number(4, int64(u.Attempt))
}

func (o *Note) write(w *writer) {
	w.text(1, string(o.Event))
	w.time(2, o.At)
	w.text(3, o.Detail)
	w.group(4, func() { o.FollowUp.write(w) })
	w.text(5, o.Order)
}

func (r *Restock) write(w *writer) {
	w.text(1, r.SKU)
	w.number(2, int64(r.Number))
	w.text(3, r.Name)
	w.text(4, r.URL)
	if r.Quantity != nil {
		w.text(5, string(fmt.Appendf(nil, "%d", *r.Quantity)))
	}
	w.time(6, r.Opened)
	w.text(7, r.OpenedBy)
	w.time(8, r.Closed)
	w.text(9, r.ClosedBy)
	w.text(10, r.Variant)
	w.text(11, r.Price)
	w.text(12, r.Picture)
}

// write writes what of a subscription is not personal.
func (s *Subscription) write(w *writer) {
	w.text(1, s.ID)
	w.text(2, s.SKU)
	for _, c := range s.Wants {
		w.text(3, string(c))
	}
	w.text(4, string(s.Consent))
	w.text(5, s.Requested)
	w.text(6, s.Language)
	w.flag(7, s.Kept)
}

// writePersonal writes what tells who the customer is.
func (n *Notification) writePersonal(w *writer) {
	s := &n.Subscription
	w.text(1, n.Address)
	w.text(2, s.Customer)
	if s.Email != n.Address {
		w.text(3, s.Email)
	} else {
		w.flag(6, s.Email != "")
	}
	w.text(4, s.Phone)
	for _, name := range slices.Sorted(maps.Keys(s.Fields)) {
		w.group(5, func() {
			w.text(1, name)
			w.text(2, s.Fields[name])
		})
	}
}
