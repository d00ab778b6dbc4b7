package web

import (
	"encoding/json"
	"errors"
	"strings"

	"restock/bot"
)

// money is an amount as programs write it: a string or a number.
type money string

// UnmarshalJSON implements json.Unmarshaler.
func (m *money) UnmarshalJSON(b []byte) error {
	var text string
	if len(b) > 0 && b[0] == '"' {
		if err := json.Unmarshal(b, &text); err != nil {
			return err
		}
		*m = money(text)
		return nil
	}
	var n json.Number
	if string(b) == "null" {
		return nil
	}
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*m = money(n.String())
	return nil
}

// in is the amount in the smallest unit of a currency; nothing is 0.
func (m money) in(currency string) (int64, error) {
	if m == "" {
		return 0, nil
	}
	a, err := bot.RoundAmount(string(m), currency)
	return a.Minor, err
}

// sane refuses numbers that no order has.
func sane(o bot.Order) error {
	for _, l := range o.Lines {
		if l.Quantity < 0 || l.Quantity > maxUnits || l.Minor < 0 || l.Minor > maxMinor {
			return errors.New("a line with a number that no order has")
		}
	}
	for _, list := range []map[string]bot.Refund{o.Refunds, o.Parts} {
		for _, r := range list {
			odd := r.Minor < 0 || r.Minor > maxMinor
			for _, l := range r.Lines {
				odd = odd || l.Quantity < 0 || l.Quantity > maxUnits || l.Minor < 0 || l.Minor > maxMinor
			}
			if odd {
				return errors.New("a refund with a number that none has")
			}
		}
	}
	return nil
}

// person names a customer by an address as a shop writes it.
func (k OrderHook) person(address string) string {
	address = strings.TrimSpace(address)
	if !strings.Contains(address, "@") && address != "" && k.Phone != nil {
		address = k.Phone(address)
	}
	if address == "" {
		return ""
	}
	return k.Ledger.Person(address)
}
