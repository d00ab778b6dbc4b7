package bot

import (
	"encoding/json"
	"fmt"
	"slices"
)

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
	case 20:
		n.Resent = f.number == 1
	case 21:
		n.Of = f.text()
	case 22:
		n.Reminder = int(f.number)
	case 23:
		n.Bought = f.time()
	case 24:
		n.Invited = f.time()
	case 25:
		n.Holdout = f.time()
	case 26:
		var o Note
		err := each(f.bytes, o.read)
		n.Notes = append(n.Notes, o)
		return err
	case 27:
		n.Aliases = append(n.Aliases, f.text())
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

func (o *Note) read(f field) error {
	switch f.tag {
	case 1:
		o.Event = Event(f.text())
	case 2:
		o.At = f.time()
	case 3:
		o.Detail = f.text()
	case 4:
		return each(f.bytes, o.FollowUp.read)
	case 5:
		o.Order = f.text()
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
	case 7:
		s.Kept = f.number == 1
	}
	return nil
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
