package selectors

import (
	"maps"
	"slices"
	"strings"

	"restock/selectors/strict"
)

// checker finds what is wrong between the keys of a file: names that nothing defines, columns that nothing reads, values
// that a place cannot know.
type checker struct {
	site     *Site
	findings strict.Findings
}

func (c *checker) report(pos strict.Pos, found, expected, hint string) {
	c.findings.Add(pos, found, expected, hint)
}

func (c *checker) check() {
	s := c.site
	if s.Version != 0 && s.Version != 1 {
		c.report(s.Pos, "another version than 1", "version: 1", "this restock knows version 1 only")
	}
	if s.Site != "" && strings.Trim(s.Site, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		c.report(s.Pos, "site "+quote(s.Site), "a name of small letters, digits, - and _", "")
	}
	if _, ok := localeOf(s.Locale); !ok {
		c.report(s.Pos, "locale "+quote(s.Locale), "a locale such as en-AU, de-DE or fr-FR", "")
	}
	for name, e := range s.Elements {
		if e.Ref != "" {
			c.report(e.Pos, "element "+name+" is the word "+quote(e.Ref), "targets such as {css: …}", "")
		}
	}
	r := resolver{elements: s.Elements, report: c.report, text: c.words}
	r.site(s)
	c.interruptions()
	c.reading("stock", s.Stock, stockColumns(), []string{"sku"})
	c.reading("subscribers", s.Subscribers, subscriberColumns(), []string{"id"})
	c.values()
}

func (c *checker) interruptions() {
	for _, i := range c.site.Interruptions {
		count := 0
		for _, set := range []bool{i.Do != "", i.Click != nil, i.Fail != ""} {
			if set {
				count++
			}
		}
		if count != 1 {
			c.report(i.Pos, "an interruption with several answers, or none", "one of do, click or fail", "")
		}
		if i.Do != "" && i.Do != "login" {
			c.report(i.Pos, "do: "+i.Do, "do: login", "or click: …, or fail: \"what to tell\"")
		}
		if i.Do == "login" && c.site.Login == nil {
			c.report(i.Pos, "do: login", "a login flow in this file", "")
		}
	}
}

func stockColumns() []string {
	return []string{"sku", "name", "url", "quantity", "availability", "unit"}
}

func subscriberColumns() []string {
	return []string{"id", "sku", "customer", "email", "phone", "channel", "consent", "requested", "language", "status", "product"}
}

func (c *checker) reading(flow string, r *Reading, known, need []string) {
	if r == nil {
		return
	}
	columns := map[string]Column{}
	maps.Copy(columns, r.Columns)
	if r.Detail != nil {
		c.columns(flow, r.Detail.Columns, known)
		maps.Copy(columns, r.Detail.Columns)
	}
	c.columns(flow, r.Columns, known)
	for _, name := range need {
		if columns[name] == nil {
			c.report(r.Pos, "no column "+name, "the column "+name, "every "+flow+" flow needs it")
		}
	}
	if flow == "stock" && columns["quantity"] == nil && columns["availability"] == nil {
		c.report(r.Pos, "neither quantity nor availability", "one of these columns", "")
	}
	if flow == "subscribers" && columns["sku"] == nil && !r.Open.Asks("sku") {
		c.report(r.Pos, "no column sku", "the column sku, or {sku} in open", "")
	}
	for _, key := range r.Key {
		if r.Columns[key] == nil {
			c.report(r.Pos, "key "+quote(key), "one of the columns: "+strict.List(slices.Collect(maps.Keys(r.Columns))), "")
		}
	}
	for name := range r.Where {
		if r.Columns[name] == nil {
			c.report(r.Pos, "where "+quote(name), "one of the columns: "+strict.List(slices.Collect(maps.Keys(r.Columns))), "")
		}
	}
	if r.Absent != "" && r.Absent != "0" {
		c.report(r.Pos, "absent: "+quote(r.Absent), "absent: 0", "")
	}
	if r.Next == nil && r.Total == nil {
		c.report(r.Pos, "no next and no total", "next: (how the rest of the list is reached) or next: none",
			"without it restock cannot know whether the list is whole")
	}
}

func (c *checker) columns(flow string, columns map[string]Column, known []string) {
	for name, column := range columns {
		if slices.Contains(known, name) || len(column) == 0 {
			continue
		}
		hint := strict.DidYouMean(name, known)
		c.report(column[0].Pos, "column "+quote(name)+" in "+flow, strict.List(known), hint)
	}
}

// values checks that each {word} is known where it stands.
func (c *checker) values() { c.site.templates(c.words) }

func (c *checker) words(t *Template, flow string) {
	for _, name := range t.names(value) {
		known := workValues(flow)
		if slices.Contains(known, name) {
			continue
		}
		hint := ""
		if near := strict.Nearest(name, known); near != "" {
			hint = "did you mean {" + near + "}?"
		}
		expected := "no {word} here"
		if len(known) > 0 {
			expected = "one of {" + strings.Join(known, "}, {") + "}"
		}
		c.report(t.Pos, "{"+name+"}", expected, hint)
	}
}

// workValues lists the {words} that a flow knows.
func workValues(flow string) []string {
	switch flow {
	case "subscribers":
		return []string{"sku"}
	case "pages":
		return []string{"n", "sku"}
	case "followup":
		return []string{
			"sku", "product.name", "product.url", "subscription.id", "subscription.customer", "subscription.sku",
			"channel", "sent.at", "sent.date", "key", "run",
		}
	}
	return nil
}
