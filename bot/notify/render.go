package notify

import (
	"bytes"
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"restock/bot"
)

// Shop is what the messages say about the sender. Australian law wants the sender named, with a way to reach and to leave it.
type Shop struct {
	Name        string // "Austral Outdoors"
	Product     string // address of a product's page, with {sku} in it
	Contact     string // postal address, phone or e-mail address
	Unsubscribe string // mailto: or https: address
	// Leave, if set, gives the address by which the recipient of a notification leaves with one click.
	Leave func(n bot.Notification) string
	// Link, if set, gives the address that leads to the product and counts who followed it; "" is the product's own.
	Link func(n bot.Notification) string
	// Trap, if set, gives the address that no person sees: whoever follows it is a program.
	Trap func(n bot.Notification) string
	// Templates, if set, is a folder with texts of one's own: see README.md.
	Templates string
}

// Facts are what a template can show. Every one but Product and Link may be empty.
type Facts struct {
	Shop, Contact, Unsubscribe string
	Product, Variant, SKU      string
	Price, Picture, Link       string
	Customer, Language         string
	Trap                       string
	Reminder                   int // 1 or 2 where it is one
}

// Renderer returns the function that writes messages for a shop. It refuses texts that cannot be written: each is tried with
// everything there and with everything that may be missing gone.
func Renderer(shop Shop) (bot.Renderer, error) {
	set, err := load(shop.Templates)
	if err != nil {
		return nil, err
	}
	return func(n bot.Notification) (bot.Message, error) {
		f, err := shop.facts(n)
		if err != nil {
			return bot.Message{}, err
		}
		var m bot.Message
		if shop.Leave != nil {
			m.Unsubscribe = f.Unsubscribe
			if strings.HasPrefix(shop.Unsubscribe, "mailto:") {
				m.Mailto = shop.Unsubscribe
			}
		}
		return m, set.write(&m, f)
	}, nil
}

// write fills in the texts.
func (s *texts) write(m *bot.Message, f Facts) error {
	var b bytes.Buffer
	b.Grow(2 << 10)
	for _, part := range []struct {
		name string
		into *string
	}{{"subject.txt", &m.Subject}, {"mail.txt", &m.Text}, {"sms.txt", &m.SMS}} {
		b.Reset()
		if err := s.text(part.name, f.Language).Execute(&b, f); err != nil {
			return err
		}
		*part.into = strings.TrimSpace(b.String())
	}
	b.Reset()
	err := s.page("mail.html", f.Language).Execute(&b, f)
	m.HTML = b.String()
	return err
}

func (s Shop) facts(n bot.Notification) (Facts, error) {
	f := Facts{
		Shop: oneLine(s.Name), Contact: oneLine(s.Contact), Unsubscribe: s.Unsubscribe, Language: n.Subscription.Language,
		Product: oneLine(n.Restock.Name), SKU: oneLine(n.Restock.SKU), Customer: oneLine(n.Subscription.Customer),
		Variant: oneLine(n.Restock.Variant), Price: oneLine(n.Restock.Price), Reminder: n.Reminder,
	}
	if f.Product == "" {
		f.Product = f.SKU
	}
	if u, err := url.Parse(n.Restock.Picture); err == nil && u.Scheme == "https" && u.Host != "" {
		f.Picture = u.String()
	}
	if s.Leave != nil {
		f.Unsubscribe = s.Leave(n)
	}
	var err error
	if f.Link, err = s.Target(n.Restock); err != nil {
		return f, err
	}
	if s.Link != nil {
		f.Link = cmp.Or(s.Link(n), f.Link)
	}
	if s.Trap != nil {
		f.Trap = s.Trap(n)
	}
	return f, nil
}

// Target is where the product is bought: the shop's own address scheme, or else what the stock list said.
func (s Shop) Target(r bot.Restock) (string, error) {
	address := r.URL
	if s.Product != "" {
		address = strings.ReplaceAll(s.Product, "{sku}", url.PathEscape(r.SKU))
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", fmt.Errorf("product %s has no link that a customer could follow: set shop.product in restock.yaml, "+
			"for example https://shop.example.com/products/{sku}", r.SKU)
	}
	return u.String(), nil
}

// oneLine makes a text from a page safe for a header, a line or a short message: no control characters, no direction
// overrides, at most 200 characters.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0xfeff:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:199]) + "…"
	}
	return s
}
