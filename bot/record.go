package bot

import (
	"encoding/json"
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
		w.group(13, func() {
			w.text(1, string(n.FollowUp.State))
			w.time(2, n.FollowUp.At)
			w.text(3, n.FollowUp.Detail)
			w.number(4, int64(n.FollowUp.Attempt))
		})
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
	return w.b
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

func (r *Restock) read(f field) error {
	switch f.tag {
	case 1:
		r.SKU = f.text()
	case 2:
		r.Number = int(f.number)
	case 3:
		r.Name = f.text()
	case 4:
		r.URL = f.text()
	case 5:
		var q Quantity
		if _, err := fmt.Sscan(f.text(), (*int64)(&q)); err != nil {
			return errWire
		}
		r.Quantity = &q
	case 6:
		r.Opened = f.time()
	case 7:
		r.OpenedBy = f.text()
	case 8:
		r.Closed = f.time()
	case 9:
		r.ClosedBy = f.text()
	case 10:
		r.Variant = f.text()
	case 11:
		r.Price = f.text()
	case 12:
		r.Picture = f.text()
	}
	return nil
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
}

func (s *Subscription) read(f field) error {
	switch f.tag {
	case 1:
		s.ID = f.text()
	case 2:
		s.SKU = f.text()
	case 3:
		s.Wants = append(s.Wants, Channel(f.text()))
	case 4:
		s.Consent = Consent(f.text())
	case 5:
		s.Requested = f.text()
	case 6:
		s.Language = f.text()
	}
	return nil
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

func (n *Notification) readPersonal(b []byte) error {
	s := &n.Subscription
	return each(b, func(f field) error {
		switch f.tag {
		case 1:
			n.Address = f.text()
		case 2:
			s.Customer = f.text()
		case 3:
			s.Email = f.text()
		case 4:
			s.Phone = f.text()
		case 5:
			var name, value string
			err := each(f.bytes, func(f field) error {
				if f.tag == 1 {
					name = f.text()
				} else {
					value = f.text()
				}
				return nil
			})
			if s.Fields == nil {
				s.Fields = map[string]string{}
			}
			s.Fields[name] = value
			return err
		case 6:
			s.Email = n.Address
		}
		return nil
	})
}

// decode reads a record, without what is sealed in it.
func (n *Notification) decode(b []byte) error {
	if len(b) > 0 && b[0] == '{' { // written by an earlier restock
		return json.Unmarshal(b, n)
	}
	if len(b) == 0 || b[0] != wireVersion {
		return errWire
	}
	err := each(b[1:], n.read)
	n.Restock.Job = n.Job
	return err
}

func (n *Notification) read(f field) error {
	switch f.tag {
	case 1:
		n.Key = f.text()
	case 2:
		n.Job = f.text()
	case 3:
		n.Channel = Channel(f.text())
	case 4:
		n.State = State(f.text())
	case 5:
		n.Reason = Reason(f.text())
	case 6:
		n.SameAs = f.text()
	case 7:
		n.Attempt = int(f.number)
	case 8:
		n.Due = f.time()
	case 9:
		n.NotAfter = f.time()
	case 10:
		n.Run = f.text()
	case 11:
		n.ToldAt = f.time()
	case 12:
		n.Released = f.number == 1
	case 13:
		return each(f.bytes, n.FollowUp.read)
	case 14:
		var c Change
		err := each(f.bytes, c.read)
		n.Changes = append(n.Changes, c)
		return err
	case 15:
		return each(f.bytes, n.Restock.read)
	case 16:
		return each(f.bytes, n.Subscription.read)
	case 17:
		return n.readPersonal(f.bytes)
	case 18:
		n.sealed = slices.Clone(f.bytes)
	case 19:
		n.Who = f.text()
	}
	return nil
}

func (u *FollowUp) read(f field) error {
	switch f.tag {
	case 1:
		u.State = FollowUpState(f.text())
	case 2:
		u.At = f.time()
	case 3:
		u.Detail = f.text()
	case 4:
		u.Attempt = int(f.number)
	}
	return nil
}

func (c *Change) read(f field) error {
	switch f.tag {
	case 1:
		c.At = f.time()
	case 2:
		c.To = State(f.text())
	case 3:
		c.Run = f.text()
	case 4:
		c.Reason = Reason(f.text())
	case 5:
		c.Detail = f.text()
	}
	return nil
}
