package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"restock/bot"
)

// Check is one thing without which mails are refused, or taken for spam.
type Check struct {
	Name  string
	OK    bool
	Found string
	Hint  string
	// Refused says that the server did not take user and password: asked again with the same ones, it may lock us out.
	Refused bool
	// Stop says that nothing must be sent before it is mended: what is signed wrongly is worse than what is not signed.
	Stop bool
}

// Resolver looks things up in the DNS; *net.Resolver does.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupHost(ctx context.Context, host string) ([]string, error)
	LookupAddr(ctx context.Context, address string) ([]string, error)
}

// Preflight looks whether the relay lets us in, and at everything that mailbox providers want of a sender. It sends nothing.
func (s *Sender) Preflight(ctx context.Context, dns Resolver) []Check {
	return append([]Check{s.relay(ctx)}, s.Published(ctx, dns)...)
}

// Reachable looks whether the mail server lets us in. Nothing is sent.
func (s *Sender) Reachable(ctx context.Context) Check { return s.relay(ctx) }

// Published looks at what the DNS says of the sender: SPF, DKIM, DMARC, PTR.
func (s *Sender) Published(ctx context.Context, dns Resolver) []Check {
	domain := domainOf(s.opts.From)
	if reserved(domain) {
		return []Check{{Name: "mail domain", OK: true, Found: domain + " is for examples: the DNS is not asked"}}
	}
	return []Check{s.spf(ctx, dns, domain), s.dkim(ctx, dns), s.dmarc(ctx, dns, domain), s.ptr(ctx, dns)}
}

// reserved are the domains that no DNS has (RFC 2606, RFC 6761).
func reserved(domain string) bool {
	switch domain[strings.LastIndexByte(domain, '.')+1:] {
	case "example", "test", "invalid", "localhost":
		return true
	}
	return domain == "example.com" || strings.HasSuffix(domain, ".example.com")
}

func (s *Sender) relay(ctx context.Context) Check {
	c := Check{Name: "mail server", Hint: "are host, port, tls, user and password right, and may this machine reach it?"}
	l, err := s.connect(ctx)
	if err != nil {
		c.Found, c.Refused = reply(err), refusesLogIn(code(err))
		return c
	}
	defer l.quit()
	c.OK, c.Found = true, fmt.Sprintf("%s lets us in", net.JoinHostPort(s.opts.Host, fmt.Sprint(s.opts.Port)))
	if !l.pipelining {
		c.Found += ", without PIPELINING (slower)"
	}
	return c
}

// unknown is a check of which the DNS gave no answer: that says nothing against the sender.
func unknown(name string, err error) (Check, bool) {
	var e *net.DNSError
	if err == nil || errors.As(err, &e) && e.IsNotFound {
		return Check{}, false
	}
	return Check{Name: name, OK: true, Found: "the DNS does not answer: " + bot.Clean(err.Error())}, true
}

// record returns the one TXT record that begins with a word.
func record(ctx context.Context, dns Resolver, name, begins string) (found []string, err error) {
	all, err := dns.LookupTXT(ctx, name)
	for _, text := range all {
		if strings.HasPrefix(strings.ToLower(strings.ReplaceAll(text, " ", "")), strings.ToLower(begins)) {
			found = append(found, text)
		}
	}
	return found, err
}

func (s *Sender) spf(ctx context.Context, dns Resolver, domain string) Check {
	if s.opts.Bounce != "" {
		domain = domainOf(s.opts.Bounce)
	}
	found, err := record(ctx, dns, domain, "v=spf1")
	if c, no := unknown("SPF", err); no {
		return c
	}
	c := Check{Name: "SPF", Hint: "publish one TXT record at " + domain + " that names the servers which send for it: v=spf1 include:… -all (RFC 7208)"}
	switch {
	case len(found) == 0:
		c.Found = domain + " has none"
	case len(found) > 1:
		c.Found = fmt.Sprintf("%s has %d records: expected one", domain, len(found))
	case strings.Contains(found[0], "+all"):
		c.Found = "everybody may send for " + domain
	default:
		c.OK, c.Found = true, found[0]
	}
	return c
}

func (s *Sender) dkim(ctx context.Context, dns Resolver) Check {
	d := s.opts.DKIM
	if d == nil {
		return Check{Name: "DKIM", OK: true, Found: "not signed here: the provider must, with the domain of " + bot.Redact(s.opts.From)}
	}
	name := d.Selector + "._domainkey." + d.Domain
	found, err := dns.LookupTXT(ctx, name)
	if c, no := unknown("DKIM", err); no {
		return c
	}
	public, err := d.PublicKey()
	c := Check{Name: "DKIM", Stop: true, Hint: "publish the TXT record at " + name + ": v=DKIM1; k=…; p=" + public}
	switch {
	case err != nil:
		c.Found = err.Error()
	case len(found) == 0:
		c.Found = name + " has no record"
	case !strings.Contains(strings.Join(strings.Fields(strings.Join(found, "")), ""), "p="+public):
		c.Found = name + " holds another key"
	default:
		c.OK, c.Stop, c.Found = true, false, name+" holds our key"
	}
	return c
}

// dmarc looks at the domain of the sender, or else at the one above it.
func (s *Sender) dmarc(ctx context.Context, dns Resolver, domain string) Check {
	found, err := record(ctx, dns, "_dmarc."+domain, "v=dmarc1")
	if _, above, ok := strings.Cut(domain, "."); len(found) == 0 && ok && strings.Contains(above, ".") {
		found, err = record(ctx, dns, "_dmarc."+above, "v=dmarc1")
	}
	if c, no := unknown("DMARC", err); no {
		return c
	}
	c := Check{Name: "DMARC", Hint: "publish a TXT record at _dmarc." + domain + ", at least v=DMARC1; p=none (RFC 7489)"}
	if len(found) == 0 {
		c.Found = domain + " has none"
		return c
	}
	c.OK, c.Found = true, found[0]
	if bounce := s.opts.Bounce; bounce != "" && s.opts.DKIM == nil && domainOf(bounce) != domain && !strings.HasSuffix(domainOf(bounce), "."+domain) {
		c.OK, c.Found = false, "the envelope's sender is of "+domainOf(bounce)+", which does not align with "+domain
		c.Hint = "let bounce: be of " + domain + " or below it, or sign with dkim:"
	}
	return c
}

// ptr looks whether the relay's address has a name; providers refuse mail from one that has none.
func (s *Sender) ptr(ctx context.Context, dns Resolver) Check {
	if Loopback(s.opts.Host) {
		return Check{Name: "PTR", OK: true, Found: "the relay is on this machine: look at the address that it sends from"}
	}
	addresses, err := dns.LookupHost(ctx, s.opts.Host)
	if err != nil || len(addresses) == 0 {
		return Check{Name: "PTR", OK: true, Found: "the relay's address is not known"}
	}
	names, err := dns.LookupAddr(ctx, addresses[0])
	if c, no := unknown("PTR", err); no {
		return c
	}
	return Check{
		Name: "PTR", OK: len(names) > 0, Found: fmt.Sprintf("%s is %s", addresses[0], strings.Join(names, ", ")),
		Hint: "ask whoever gives the relay its address for a PTR record",
	}
}
