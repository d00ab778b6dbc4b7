package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"restock/bot"
	"restock/selectors"
	"restock/selectors/strict"
)

// Guards are the limits within which a reading of the stock is believed without a person.
type Guards struct {
	strict.Pos
	Rows     *selectors.Percent `yaml:"rows"`     // the number of rows may differ by this from the last reading; default 20%
	Restocks *selectors.Percent `yaml:"restocks"` // of the catalogue may come back at once; default 25%
	SoldOut  *selectors.Percent `yaml:"sold_out"` // of what is in stock may be out at once; default 30%
	BadRows  *selectors.Percent `yaml:"bad_rows"` // of the rows may have a quantity that cannot be read; default 1%
	Confirm  string             `yaml:"confirm"`  // unusual (default): a second reading of what is unusual; always: of every restock
}

// Limits bound the messages of a job. 0 is no limit.
type Limits struct {
	strict.Pos
	Run    *int `yaml:"run"`    // messages per run; default 1000
	Hour   *int `yaml:"hour"`   // default 2000
	Day    *int `yaml:"day"`    // default 5000
	Person *int `yaml:"person"` // to one address per day; default 5
}

// Evidence says how long the evidence of runs is kept. Whatever comes first ends it.
type Evidence struct {
	strict.Pos
	Days int  `yaml:"days"` // default 14
	Runs int  `yaml:"runs"` // with evidence; default 200
	Size Size `yaml:"size"` // of all of it; default 2GB
}

// Size is a number of bytes, written 500MB or 2GB.
type Size int64

// DecodeYAML implements strict.Decodable.
func (s *Size) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	text, ok := d.Text(n)
	if !ok {
		return
	}
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}} {
		number, ok := strings.CutSuffix(strings.ToUpper(strings.TrimSpace(text)), unit.name)
		if f, err := strconv.ParseFloat(strings.TrimSpace(number), 64); ok && err == nil && f > 0 && f < math.MaxInt32 {
			*s = Size(f * float64(unit.bytes))
			return
		}
	}
	d.Report(n, strict.Kind(n), "a size such as 500MB or 2GB", "")
}

// Alerts says who is told when something is wrong.
type Alerts struct {
	strict.Pos
	Ops       []string           `yaml:"ops"`       // mail addresses: schedules, servers, secrets, limits
	Analyst   []string           `yaml:"analyst"`   // selector files; default: those of ops
	Admin     []string           `yaml:"admin"`     // what stands in the systems; default: those of ops
	Repeat    int                `yaml:"repeat"`    // told again after so many further failures; default 10
	Digest    string             `yaml:"digest"`    // time of a daily summary to ops, such as "07:30"; default: none
	Health    string             `yaml:"health"`    // weekly: a line in Monday's digest on the selectors that need a fallback
	Heartbeat selectors.Template `yaml:"heartbeat"` // address that is called after each good run: a dead-man switch
	Webhooks  []Webhook          `yaml:"webhooks"`
}

// Webhook is an address that alerts are sent to.
type Webhook struct {
	strict.Pos
	URL    selectors.Template `yaml:"url,required"`
	Format string             `yaml:"format"` // json (default), slack, teams
	For    []string           `yaml:"for"`    // ops, analyst, admin; default: all
}

// guards puts what a job says over what all jobs have, and that over the defaults.
func guards(list ...*Guards) bot.Guards {
	g := bot.DefaultGuards()
	for _, one := range list {
		if one == nil {
			continue
		}
		for _, set := range []struct {
			from *selectors.Percent
			to   *int
		}{{one.Rows, &g.Rows}, {one.Restocks, &g.Restocks}, {one.SoldOut, &g.SoldOut}, {one.BadRows, &g.BadRows}} {
			if set.from != nil {
				*set.to = int(*set.from)
			}
		}
		if one.Confirm != "" {
			g.Confirm = one.Confirm == "always"
		}
	}
	return g
}

func limits(list ...*Limits) bot.Limits {
	l := bot.DefaultLimits()
	for _, one := range list {
		if one == nil {
			continue
		}
		for _, set := range []struct{ from, to *int }{{one.Run, &l.Run}, {one.Hour, &l.Hour}, {one.Day, &l.Day}, {one.Person, &l.Person}} {
			if set.from != nil {
				*set.to = *set.from
			}
		}
	}
	return l
}

func (ck *checker) safety() {
	c := ck.c
	for i := range c.Jobs {
		j := &c.Jobs[i]
		for _, g := range []*Guards{c.Guards, j.Guards} {
			if g != nil {
				ck.oneOf(g.Pos, "confirm", g.Confirm, "", "unusual", "always")
			}
		}
		for _, l := range []*Limits{c.Limits, j.Limits} {
			if l == nil {
				continue
			}
			for _, n := range []*int{l.Run, l.Hour, l.Day, l.Person} {
				if n != nil && *n < 0 {
					ck.report(l.Pos, fmt.Sprintf("a limit of %d", *n), "a number of messages, or 0 for no limit", "")
				}
			}
		}
		j.guards, j.limits = guards(c.Guards, j.Guards), limits(c.Limits, j.Limits)
	}
	for set, value := range map[*int]int{&c.Evidence.Days: 14, &c.Evidence.Runs: 200} {
		if *set == 0 {
			*set = value
		}
	}
	if c.Evidence.Size == 0 {
		c.Evidence.Size = 2 << 30
	}
	if c.Alerts != nil {
		ck.alerts(c.Alerts)
	}
}

func (ck *checker) alerts(a *Alerts) {
	if a.Repeat == 0 {
		a.Repeat = 10
	}
	for _, list := range [][]string{a.Ops, a.Analyst, a.Admin} {
		for _, address := range list {
			if !bot.ValidEmail(address) {
				ck.report(a.Pos, fmt.Sprintf("%q", address), "a mail address", "")
			}
		}
	}
	if len(a.Ops)+len(a.Analyst)+len(a.Admin) > 0 && ck.c.SMTP == nil {
		ck.report(a.Pos, "alerts by mail", "smtp:", "add smtp:, or use webhooks: only")
	}
	if len(a.Ops) == 0 && len(a.Webhooks) == 0 && a.Heartbeat.Empty() {
		ck.report(a.Pos, "alerts for nobody", "ops: with a mail address, or webhooks:", "")
	}
	if a.Digest != "" {
		if _, err := time.Parse("15:04", a.Digest); err != nil {
			ck.report(a.Pos, fmt.Sprintf("digest %q", a.Digest), `a time of day such as "07:30"`, "")
		}
	}
	ck.oneOf(a.Pos, "health", a.Health, "", "weekly")
	for _, w := range a.Webhooks {
		ck.oneOf(w.Pos, "format", w.Format, "", "json", "slack", "teams")
		for _, role := range w.For {
			ck.oneOf(w.Pos, "for", role, string(bot.Ops), string(bot.Analyst), string(bot.Admin))
		}
	}
}
