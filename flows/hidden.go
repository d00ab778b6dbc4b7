package flows

import (
	"strings"

	"restock/selectors"
)

// hidden is what must not be seen in pictures: the names and addresses that were read, and the columns that hold them.
func (v *visit) hidden() selectors.Hidden {
	h := selectors.Hidden{Names: v.s.names}
	if customer := v.work["subscription.customer"]; customer != "" {
		h.Names = append(h.Names[:len(h.Names):len(h.Names)], customer)
	}
	r := v.site.ReadingOf(v.flow)
	if r == nil || r.Rows.JSON != "" || len(r.Rows.Alternatives) == 0 || v.flow == "stock" {
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

// personal notes what was read of a customer, so that it is covered wherever it shows up later.
func (s *Sites) personal(row record) {
	for _, column := range []string{"customer", "email", "phone"} {
		s.hide(row.text(column))
		if raw := row.cells[column].Raw; raw != row.text(column) {
			s.hide(raw)
		}
	}
}

// hide keeps texts out of pictures.
func (s *Sites) hide(texts ...string) {
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" && len(s.names) < maxNames {
			s.names = append(s.names, text)
		}
	}
}
