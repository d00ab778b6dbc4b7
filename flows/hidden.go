package flows

import (
	"restock/bot"
	"restock/selectors"
)

// hidden is what must not be seen in pictures: the names and addresses that were read, and the columns that hold them.
func (v *visit) hidden() selectors.Hidden {
	h := selectors.Hidden{Names: v.s.names}
	for _, key := range []string{"subscription.customer"} {
		if v.work[key] != "" {
			h.Names = append(h.Names[:len(h.Names):len(h.Names)], v.work[key])
		}
	}
	r := v.site.Subscribers
	if r == nil || r.Rows.JSON != "" || len(r.Rows.Alternatives) == 0 || v.flow != "subscribers" {
		return h
	}
	list := selectors.HiddenList{Rows: r.Rows.Element, Skip: r.Skip}
	for _, name := range []string{"customer", "email", "phone"} {
		var column []selectors.Selection
		for _, field := range r.Columns[name] {
			column = append(column, field.Selection())
		}
		if len(column) > 0 {
			list.Columns = append(list.Columns, column)
		}
	}
	if len(list.Columns) > 0 {
		h.Lists = append(h.Lists, list)
	}
	return h
}

// personal notes names that were read, so that they are covered wherever they show up later.
func (s *Sites) personal(subs []bot.Subscription) {
	for _, sub := range subs {
		for _, text := range []string{sub.Customer, sub.Email, sub.Phone} {
			if text != "" && len(s.names) < maxNames {
				s.names = append(s.names, text)
			}
		}
	}
}
