package bot

import "strconv"

// customers tells which addresses are of one customer, of those who were told of one restock: whoever shares an address with another
// one is the same. Each address leads to a smaller one, and the smallest to none.
type customers map[string]string

func customersOf(sends []Send) customers {
	c := customers{}
	for _, s := range sends {
		for _, p := range s.People {
			a, b := c.root(s.about()+s.People[0]), c.root(s.about()+p)
			if a != b {
				c[max(a, b)] = min(a, b)
			}
		}
	}
	return c
}

func (c customers) root(address string) string {
	for c[address] != "" {
		address = c[address]
	}
	return address
}

// group is who was told of which restock of what: only their first purchase counts.
func (c customers) group(s Send) string {
	if len(s.People) == 0 {
		return s.about() + s.Key
	}
	return c.root(s.about() + s.People[0])
}

// about is which restock of what a message was about.
func (s Send) about() string {
	return s.Job + "\x00" + s.SKU + "\x00" + strconv.Itoa(s.Episode) + "\x00"
}
