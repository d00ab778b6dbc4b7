package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"restock/bot"
	"restock/selectors"
	"restock/selectors/strict"
)

// DKIM says how mails are signed.
type DKIM struct {
	strict.Pos
	Domain   string             `yaml:"domain"` // default: that of from
	Selector string             `yaml:"selector,required"`
	Key      selectors.Template `yaml:"key,required"` // ${secret:NAME}: private key in PEM
}

// Waves says how many of those who wait are told at once.
type Waves struct {
	strict.Pos
	Multiplier *Factor       `yaml:"multiplier"` // people invited for each unit in stock; default 3; 0: everybody at once
	Interval   time.Duration `yaml:"interval"`   // how long an invitation counts as open; default 1h
	Unknown    *int          `yaml:"unknown"`    // open invitations where the stock has no numbers; default 50
	Order      string        `yaml:"order"`      // oldest (default) or newest request first
}

// Enough is what must be in stock before anybody is told.
type Enough struct {
	strict.Pos
	Units *Factor           `yaml:"units"` // of every product
	SKU   map[string]Factor `yaml:"sku"`   // of some
}

// Quiet are hours in which nobody is told.
type Quiet struct {
	strict.Pos
	From     string   `yaml:"from,required"` // "20:00", by the clock of the customer
	To       string   `yaml:"to,required"`
	Channels []string `yaml:"channels"` // default: all
}

// Public is the listener for customers: links in messages, unsubscribing, signing up, and what shops and gateways report.
type Public struct {
	strict.Pos
	At     strict.Places
	Listen string `yaml:"listen,required"` // address of this machine
	URL    string `yaml:"url,required"`    // address under which customers reach it
	// SendGrid is the public key of its signed event webhook.
	SendGrid    string     `yaml:"sendgrid"`
	Shops       []string   `yaml:"shops"`    // addresses of the shop: links lead nowhere else, sign-ups come from nowhere else; default: that of shop.product
	Links       *bool      `yaml:"links"`    // false: messages link to the product itself, and clicks are not counted
	Machines    []string   `yaml:"machines"` // networks whose clicks are no person's
	Proxies     []string   `yaml:"proxies"`  // networks of proxies whose X-Forwarded-For is believed; those of this machine are always
	Shopify     *OrderHook `yaml:"shopify"`
	WooCommerce *OrderHook `yaml:"woocommerce"`
	SignUp      *SignUp    `yaml:"signup"`
}

// Bounces says where mail servers send back what they cannot deliver.
type Bounces struct {
	strict.Pos
	Maildir string `yaml:"maildir"` // folder with new and cur
	Mbox    string `yaml:"mbox"`    // file
}

// Factor is a number with decimals, kept in hundredths.
type Factor int

// DecodeYAML implements strict.Decodable.
func (f *Factor) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	text, ok := d.Text(n)
	if !ok {
		return
	}
	value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || value < 0 || value > 10000 {
		d.Report(n, strict.Kind(n), "a number such as 2 or 1.5", "")
		return
	}
	*f = Factor(value*100 + 0.5)
}

func (f Factor) quantity() bot.Quantity { return bot.Units(int64(f)) / 100 }

// waves puts what a job says over what all jobs have, and that over the defaults.
func waves(list ...*Waves) bot.Waves {
	w := bot.DefaultWaves()
	for _, one := range list {
		if one == nil {
			continue
		}
		if one.Multiplier != nil {
			w.Percent = int(*one.Multiplier)
		}
		if one.Interval > 0 {
			w.Interval = one.Interval
		}
		if one.Unknown != nil {
			w.Unknown = *one.Unknown
		}
		if one.Order != "" {
			w.Newest = one.Order == "newest"
		}
	}
	return w
}

func enough(list ...*Enough) bot.Enough {
	e := bot.Enough{SKU: map[string]bot.Quantity{}}
	for _, one := range list {
		if one == nil {
			continue
		}
		if one.Units != nil {
			e.Units = one.Units.quantity()
		}
		for sku, f := range one.SKU {
			e.SKU[sku] = f.quantity()
		}
	}
	return e
}

func clock(text string) (time.Duration, error) {
	at, err := time.Parse("15:04", text)
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, err
}

// delivery checks how customers are told.
func (ck *checker) delivery() {
	c := ck.c
	for i := range c.Jobs {
		j := &c.Jobs[i]
		for _, w := range []*Waves{c.Waves, j.Waves} {
			if w != nil {
				ck.oneOf(w.Pos, "order", w.Order, "", "oldest", "newest")
			}
		}
		j.resend = ck.resend()
		if n := len(j.Reminders); n > 2 || n == 2 && j.Reminders[1] <= j.Reminders[0] || n > 0 && j.Reminders[0] < time.Hour {
			ck.report(j.Pos, fmt.Sprintf("reminders %v", j.Reminders), "one or two times, the second one later, such as [48h, 120h]", "")
		}
		j.waves, j.enough = waves(c.Waves, j.Waves), enough(c.Enough, j.Enough)
		for _, q := range []*Quiet{c.Quiet, j.Quiet} {
			if q != nil {
				j.quiet = ck.quiet(q)
			}
		}
	}
	if c.Retention == 0 {
		c.Retention = 400 * 24 * time.Hour
	}
	if b := c.Bounces; b != nil && (b.Maildir == "") == (b.Mbox == "") {
		ck.report(b.Pos, "bounces", "either maildir: or mbox:", "")
	}
	if c.SMTP != nil {
		ck.smtp(c.SMTP)
	}
	if p := c.Public; p != nil && !strings.HasPrefix(p.URL, "https://") && !strings.HasPrefix(p.URL, "http://127.0.0.1") && !strings.HasPrefix(p.URL, "http://localhost") {
		ck.report(p.Pos, fmt.Sprintf("url %q", p.URL), "an https address", "mail providers unsubscribe over https only (RFC 8058); a proxy before restock can speak it")
	}
}

// resend says which channels send an ambiguous message once more, and after how long.
func (ck *checker) resend() map[bot.Channel]time.Duration {
	list := map[bot.Channel]time.Duration{}
	add := func(pos strict.Pos, c bot.Channel, what string, after time.Duration) {
		ck.oneOf(pos, "ambiguous", what, "", "hold", "resend_once")
		if after == 0 {
			after = 6 * time.Hour
		}
		if what == "resend_once" {
			list[c] = after
		}
	}
	if s := ck.c.SMTP; s != nil {
		add(s.Pos, bot.Email, s.Ambiguous, s.AmbiguousAfter)
	}
	if s := ck.c.SMS; s != nil {
		if _, _, ok := s.Cost(); !ok {
			ck.report(s.Pos, fmt.Sprintf("price %q", s.Price), `an amount and a currency such as "0.0515 AUD"`, "")
		}
		add(s.Pos, bot.SMS, s.Ambiguous, s.AmbiguousAfter)
	}
	return list
}

func (ck *checker) quiet(q *Quiet) bot.Quiet {
	from, err := clock(q.From)
	to, err2 := clock(q.To)
	if err != nil || err2 != nil || from == to {
		ck.report(q.Pos, fmt.Sprintf("quiet from %q to %q", q.From, q.To), `two times of day such as "20:00" and "08:00"`, "")
	}
	quiet := bot.Quiet{From: from, To: to, Zone: ck.c.Location}
	for _, name := range q.Channels {
		ck.oneOf(q.Pos, "channel", name, string(bot.Email), string(bot.SMS))
		quiet.Channels = append(quiet.Channels, bot.Channel(name))
	}
	return quiet
}

func (ck *checker) smtp(s *SMTP) {
	ck.oneOf(s.Pos, "auth", s.Auth, "", "plain", "login", "scram", "xoauth2")
	if s.Connections < 0 || s.Connections > 50 || s.PerConnection < 0 || s.Rate != nil && *s.Rate <= 0 {
		ck.report(s.Pos, "connections, per_connection or rate", "numbers above 0; at most 50 connections", "")
	}
	if s.DKIM != nil {
		ck.secretOnly(s.DKIM.Key, "key")
		domain := s.From[strings.LastIndexByte(s.From, '@')+1:]
		if s.DKIM.Domain == "" {
			s.DKIM.Domain = domain
		}
		if domain != s.DKIM.Domain && !strings.HasSuffix(domain, "."+s.DKIM.Domain) {
			ck.report(s.DKIM.Pos, fmt.Sprintf("domain %q", s.DKIM.Domain), "the domain of from ("+domain+") or one above it", "a signature of another domain does not count for DMARC")
		}
	}
}

// Cost is the price of a segment and its currency; without one it is 0.
func (s *SMS) Cost() (price float64, currency string, ok bool) {
	if s.Price == "" {
		return 0, "", true
	}
	amount, currency, ok := strings.Cut(s.Price, " ")
	price, err := strconv.ParseFloat(amount, 64)
	return price, currency, ok && err == nil && price >= 0 && len(currency) == 3
}
