package bot

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Rule says why a request was made by a program and not by a person: mail providers, security gateways and messengers open every
// link, often within seconds and with the name of a real browser. Every request is kept with its evidence, so rules that become
// better judge the old ones too.
type Rule string

// The rules, in the order in which they are tried.
const (
	RuleTrap     Rule = "honeypot"  // followed the link that no person sees, or came within a minute of that
	RuleHead     Rule = "head"      // asked for no page
	RulePrefetch Rule = "prefetch"  // said that it fetches ahead
	RuleNoAgent  Rule = "no_agent"  // did not say what program it is
	RuleAgent    Rule = "agent"     // said that it is a program
	RuleNetwork  Rule = "network"   // came from a network of machines that the file names
	RuleTooSoon  Rule = "too_soon"  // came before a person can have read the message
	RuleScan     Rule = "scan"      // several requests within a second, as link scanners do
	trapReach         = time.Minute // around a hit of the trap
	tooSoon           = 3 * time.Second
	scanReach         = time.Second
	scanHits          = 3
)

// Judge tells requests of people and of programs apart.
type Judge struct {
	Networks []netip.Prefix // of machines
}

// Judge sets the rule of each hit. It is pure, and the same whenever it is done.
func (j Judge) Judge(c *Clicks) {
	for i := range c.Hits {
		c.Hits[i].Rule = j.rule(c, c.Hits[i])
	}
}

// Alone judges a hit of which nothing else is known yet.
func (j Judge) Alone(h Hit, told time.Time) Rule {
	c := Clicks{Told: told, Hits: []Hit{h}}
	j.Judge(&c)
	return c.Hits[0].Rule
}

func (j Judge) rule(c *Clicks, h Hit) Rule {
	switch {
	case h.Trap || slices.ContainsFunc(c.Hits, func(o Hit) bool { return o.Trap && o.At.Sub(h.At).Abs() <= trapReach }):
		return RuleTrap
	case h.Method != "":
		return RuleHead
	case h.Purpose != "":
		return RulePrefetch
	case strings.TrimSpace(h.Agent) == "":
		return RuleNoAgent
	case machine(h.Agent):
		return RuleAgent
	case j.from(h.Net):
		return RuleNetwork
	case !c.Told.IsZero() && h.At.Sub(c.Told) < tooSoon:
		return RuleTooSoon
	case scanned(c.Hits, h.At):
		return RuleScan
	}
	return ""
}

// from reports whether a network is one of those that the file names.
func (j Judge) from(network string) bool {
	p, err := netip.ParsePrefix(network)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(j.Networks, func(m netip.Prefix) bool { return m.Bits() <= p.Bits() && m.Contains(p.Addr()) })
}

// scanned reports whether so many requests came so close together that no person made them.
func scanned(hits []Hit, at time.Time) bool {
	near := 0
	for _, h := range hits {
		if h.At.Sub(at).Abs() <= scanReach {
			near++
		}
	}
	return near >= scanHits
}

// machine reports whether a program says that it is one.
func machine(agent string) bool {
	agent = strings.ToLower(agent)
	return slices.ContainsFunc([]string{
		"bot", "crawl", "spider", "scan", "preview", "headless", "curl/", "wget", "python", "java/", "go-http", "okhttp", "libwww", "axios", "node-fetch",
		"phantom", "selenium", "slurp", "facebookexternalhit", "whatsapp", "telegram", "skypeuripreview", "slack", "discord", "linkedin", "twitter",
		"safelinks", "mimecast", "proofpoint", "barracuda", "urldefense", "symantec", "fireeye", "forcepoint", "trendmicro", "googleimageproxy",
		"mediapartners", "monitor", "pingdom", "uptime", "validator", "apache-httpclient",
	}, func(mark string) bool { return strings.Contains(agent, mark) })
}

// Network is the network of an address, which is all that is kept of it: /24, or /48 of IPv6.
func Network(address netip.Addr) string {
	address = address.Unmap()
	bits := 24
	if address.Is6() {
		bits = 48
	}
	p, err := address.WithZone("").Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}
