package config

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"restock/bot"
	"restock/bot/schedule"
	"restock/selectors"
	"restock/selectors/strict"
)

// OrderHook is a shop that tells of its orders.
type OrderHook struct {
	strict.Pos
	At     strict.Places
	Secret selectors.Template `yaml:"secret,required"` // ${secret:NAME}: that the shop signs with
	Domain string             `yaml:"domain"`          // of the shop; messages of another one are refused
}

// SignUp is the form by which customers ask to be told.
type SignUp struct {
	strict.Pos
	At      strict.Places
	Job     string `yaml:"job"`     // whose CRM the wishes go into; default: the only one
	Consent string `yaml:"consent"` // what customers agree to; it is kept with each wish
	Confirm bool   `yaml:"confirm"` // a wish counts once a link in a message was followed
	Country string `yaml:"country"` // of phone numbers without a country code; default: AU
	// Countries are those whose mobile numbers are taken besides country: a message to some places costs a hundred times as much.
	Countries []string `yaml:"countries"`
}

// Attribution says how long after a message a purchase is put down to it.
type Attribution struct {
	strict.Pos
	At       strict.Places
	Direct   *time.Duration `yaml:"direct"`   // after a click; default 168h (7 days)
	Assisted *time.Duration `yaml:"assisted"` // after the last message; default 240h (10 days)
}

// Holdout keeps a few back, to see what would have been bought anyway.
type Holdout struct {
	strict.Pos
	At      strict.Places
	Percent int           `yaml:"percent,required"` // of those who wait
	For     time.Duration `yaml:"for"`              // how much later they are told; default 24h
}

// Report is a report that is mailed on a schedule.
type Report struct {
	strict.Pos
	At       strict.Places
	To       []string `yaml:"to,required"`
	Schedule string   `yaml:"schedule"` // cron expression; default: Monday 8:00
	Period   string   `yaml:"period"`   // the day, week (default) or month before
	Job      string   `yaml:"job"`      // default: all

	Spec schedule.Spec `yaml:"-"`
}

// Hosts are the hosts of the shop, to which links in messages lead.
func (c *Config) Hosts() []string {
	var hosts []string
	for _, origin := range c.Origins() {
		if u, err := url.Parse(origin); err == nil {
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}

// Origins are those of the shop: of public.shops, or else of shop.product.
func (c *Config) Origins() []string {
	list := []string{c.Shop.Product}
	if c.Public != nil && len(c.Public.Shops) > 0 {
		list = c.Public.Shops
	}
	var origins []string
	for _, text := range list {
		if u, err := url.Parse(strings.ReplaceAll(text, "{sku}", "x")); err == nil && u.Host != "" {
			host := strings.ToLower(u.Host)
			if u.Scheme == "https" { // as browsers write it
				host = strings.TrimSuffix(host, ":443")
			}
			origins = append(origins, strings.ToLower(u.Scheme)+"://"+host)
		}
	}
	return origins
}

// Judge tells clicks of people and of programs apart.
func (c *Config) Judge() bot.Judge {
	var j bot.Judge
	if c.Public != nil {
		j.Networks = networks(c.Public.Machines)
	}
	return j
}

// Networks are those of proxies on other machines.
func (p *Public) Networks() []netip.Prefix { return networks(p.Proxies) }

func networks(list []string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range list {
		if p, err := netip.ParsePrefix(text); err == nil {
			all = append(all, p.Masked())
		}
	}
	return all
}

// Windows are how long after a message a purchase is put down to it.
func (c *Config) Windows() bot.Windows {
	w := bot.DefaultWindows()
	if a := c.Attribution; a != nil {
		if a.Direct != nil {
			w.Direct = *a.Direct
		}
		if a.Assisted != nil {
			w.Assisted = *a.Assisted
		}
	}
	return w
}

// loop checks what comes back from customers, and the reports.
func (ck *checker) loop() {
	c := ck.c
	if p := c.Public; p != nil {
		ck.public(p)
	}
	for i := range c.Jobs {
		h := c.Jobs[i].Holdout
		if h == nil {
			continue
		}
		if h.Percent < 1 || h.Percent > 50 {
			ck.report(h.At.Of("percent", h.Pos), fmt.Sprintf("percent %d", h.Percent), "1 to 50", "")
		}
		h.For = cmp.Or(h.For, 24*time.Hour)
	}
	for i := range c.Reports {
		r := &c.Reports[i]
		if len(r.To) == 0 {
			ck.report(r.At.Of("to", r.Pos), "a report to nobody", "to: [sales@shop.example.com]", "")
		}
		for _, to := range r.To {
			if !bot.ValidEmail(to) {
				ck.report(r.At.Of("to", r.Pos), fmt.Sprintf("to %q", to), "a mail address", "")
			}
		}
		if c.SMTP == nil {
			ck.report(r.Pos, "a report by mail", "smtp:", "")
		}
		ck.oneOf(r.At.Of("period", r.Pos), "period", r.Period, "", "day", "week", "month")
		r.Period, r.Schedule = cmp.Or(r.Period, "week"), cmp.Or(r.Schedule, map[string]string{"day": "0 8 * * *", "month": "0 8 1 * *"}[r.Period], "0 8 * * 1")
		ck.jobName(r.At.Of("job", r.Pos), r.Job)
		var err error
		if r.Spec, err = schedule.Parse(r.Schedule, c.Location); err != nil {
			ck.report(r.At.Of("schedule", r.Pos), "schedule "+r.Schedule, "a cron expression of five fields", err.Error())
		}
	}
	if a := c.Attribution; a != nil {
		if w := c.Windows(); a.Direct != nil && a.Assisted != nil && w.Direct > w.Assisted {
			ck.report(a.Pos, fmt.Sprintf("direct %s, which is longer than assisted %s", w.Direct, w.Assisted), "assisted at least as long as direct", "else a click would count longer than the message")
		}
		for key, d := range map[string]*time.Duration{"direct": a.Direct, "assisted": a.Assisted} {
			if d != nil && (*d < time.Hour || *d > 400*24*time.Hour) {
				ck.report(a.At.Of(key, a.Pos), fmt.Sprintf("%s %s", key, *d), "from 1h to 9600h, such as 168h (7 days)", "")
			}
		}
	}
}

func (ck *checker) jobName(pos strict.Pos, name string) {
	var names []string
	for _, j := range ck.c.Jobs {
		names = append(names, j.Name)
	}
	if name != "" && !slices.Contains(names, name) {
		ck.report(pos, fmt.Sprintf("job %q", name), strict.List(names), strict.DidYouMean(name, names))
	}
}

// links checks that links in messages lead somewhere: to the hosts of the shop only.
func (ck *checker) links(p *Public) {
	c := ck.c
	if p.Links != nil && !*p.Links {
		return
	}
	u, err := url.Parse(strings.ReplaceAll(c.Shop.Product, "{sku}", "x"))
	switch {
	case c.Shop.Product == "" && len(p.Shops) == 0:
		ck.report(p.Pos, "links that lead nowhere", "shops: the addresses of the shop, such as [https://shop.example.com]", "or links: false, then messages link to the product itself")
	case c.Shop.Product != "" && len(p.Shops) > 0 && err == nil && !slices.Contains(c.Hosts(), strings.ToLower(u.Host)):
		ck.report(p.At.Of("shops", p.Pos), "shops without "+u.Host, "the host of shop.product among them", "links in messages lead to shops only")
	}
}

func (ck *checker) public(p *Public) {
	c := ck.c
	ck.listens(p.At.Of("listen", p.Pos), p.Listen, "127.0.0.1:8480")
	if u, err := url.Parse(p.URL); p.URL != "" && (err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil) {
		ck.report(p.At.Of("url", p.Pos), fmt.Sprintf("url %q", p.URL), "an address such as https://news.shop.example.com", "")
	}
	p.URL = strings.TrimRight(p.URL, "/")
	if p.SendGrid != "" {
		if key, err := base64.StdEncoding.DecodeString(p.SendGrid); err != nil || len(key) < 50 {
			ck.report(p.At.Of("sendgrid", p.Pos), "a key that is none", "the public key that SendGrid shows for its signed event webhook, in base64", "")
		}
	}
	for _, text := range p.Shops {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Path != "" && u.Path != "/" || u.Scheme != "https" && !strings.HasPrefix(u.Host, "127.0.0.1") && u.Hostname() != "localhost" {
			ck.report(p.At.Of("shops", p.Pos), fmt.Sprintf("shops %q", text), "an address without a path, such as https://shop.example.com", "")
		}
	}
	for _, text := range p.Machines {
		prefix, err := netip.ParsePrefix(text)
		switch {
		case err != nil:
			ck.report(p.At.Of("machines", p.Pos), fmt.Sprintf("machines %q", text), "a network such as 203.0.113.0/24", "")
		case prefix.Addr().Is4() && prefix.Bits() > 24 || prefix.Addr().Is6() && prefix.Bits() > 48:
			ck.report(p.At.Of("machines", p.Pos), fmt.Sprintf("machines %q", text), "at most /24, or /48 of IPv6", "so much is kept of the addresses of clicks, and no more")
		case prefix.Bits() < 8:
			ck.report(p.At.Of("machines", p.Pos), fmt.Sprintf("machines %q", text), "at least /8", "else nearly every click is a program's")
		}
	}
	for _, text := range p.Proxies {
		prefix, err := netip.ParsePrefix(text)
		switch {
		case err != nil:
			ck.report(p.At.Of("proxies", p.Pos), fmt.Sprintf("proxies %q", text), "a network such as 10.0.3.0/24, or 10.0.3.7/32 for one proxy", "")
		case prefix.Bits() < 8:
			ck.report(p.At.Of("proxies", p.Pos), fmt.Sprintf("proxies %q", text), "at least /8", "else everybody could say who they are")
		}
	}
	for key, h := range map[string]*OrderHook{"shopify": p.Shopify, "woocommerce": p.WooCommerce} {
		if h == nil {
			continue
		}
		ck.secretOnly(h.Secret, "secret")
		if h.Domain = strings.ToLower(h.Domain); strings.ContainsAny(h.Domain, "/: ") {
			ck.report(h.At.Of("domain", h.Pos), fmt.Sprintf("domain %q of %s", h.Domain, key), "a host such as example.myshopify.com", "")
		}
	}
	ck.links(p)
	if s := p.SignUp; s != nil {
		ck.jobName(s.At.Of("job", s.Pos), s.Job)
		if !selectors.KnownCountry(cmp.Or(s.Country, "AU")) {
			ck.report(s.At.Of("country", s.Pos), fmt.Sprintf("country %q", s.Country), "a country such as AU, or its calling code such as 61", "")
		}
		for _, country := range s.Countries {
			if !selectors.KnownCountry(country) {
				ck.report(s.At.Of("countries", s.Pos), fmt.Sprintf("countries %q", country), "countries such as [NZ, SG]", "")
			}
		}
		if s.Job == "" && len(c.Jobs) > 1 {
			ck.report(s.Pos, "signup without a job", "job: the job whose CRM the wishes go into", "")
		}
		if s.Job == "" && len(c.Jobs) == 1 {
			s.Job = c.Jobs[0].Name
		}
		shop := cmp.Or(c.Shop.Name, "the shop")
		s.Consent = cmp.Or(s.Consent, "Yes, "+shop+" may tell me once when this product is back. I can leave at any time.")
		s.Country = cmp.Or(s.Country, "AU")
		if len(c.Origins()) == 0 && c.Shop.Product == "" && len(p.Shops) == 0 { // else the address has a finding
			ck.report(s.Pos, "signup without a shop", "shop.product, or public.shops: the addresses of the shop", "")
		}
	}
}
