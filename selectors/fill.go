package selectors

import (
	"regexp"
	"strings"
)

// With puts the values of the work at hand into the texts of a condition: {heading: "Request {subscription.id}"}.
func (c Condition) With(v Values) (Condition, error) {
	var err error
	fill := func(e *Element) *Element {
		if e == nil || err != nil {
			return e
		}
		var filled Element
		filled, err = e.With(v)
		return &filled
	}
	c.Visible, c.Hidden = fill(c.Visible), fill(c.Hidden)
	if err == nil {
		c.URL, err = fillPattern(c.URL, v)
	}
	if c.Value != nil && err == nil {
		is := *c.Value
		is.Of = *fill(&is.Of)
		if err == nil {
			is.Is, err = fillPattern(is.Is, v)
		}
		c.Value = &is
	}
	each := func(list []Condition) []Condition {
		filled := make([]Condition, len(list))
		for i := range list {
			if err == nil {
				filled[i], err = list[i].With(v)
			}
		}
		return filled
	}
	c.Any, c.All = each(c.Any), each(c.All)
	if c.Not != nil && err == nil {
		var not Condition
		not, err = c.Not.With(v)
		c.Not = &not
	}
	return c, err
}

// With puts the values of the work at hand into the texts of an element.
func (e Element) With(v Values) (Element, error) {
	targets := make([]Target, len(e.Alternatives))
	for i, t := range e.Alternatives {
		filled, err := t.with(v)
		if err != nil {
			return e, err
		}
		targets[i] = filled
	}
	e.Alternatives = targets
	return e, nil
}

func (t Target) with(v Values) (Target, error) {
	var err error
	for _, text := range []*string{&t.Text, &t.Label, &t.Placeholder, &t.Name, &t.Title, &t.Alt, &t.TestID, &t.Heading, &t.Frame} {
		if err == nil {
			*text, err = fillPattern(*text, v)
		}
	}
	for _, code := range []*string{&t.CSS, &t.XPath} {
		if err == nil {
			*code, err = fillCode(*code, v)
		}
	}
	for _, e := range []**Element{&t.In, &t.Has, &t.Near} {
		if *e != nil && err == nil {
			var filled Element
			filled, err = (*e).With(v)
			*e = &filled
		}
	}
	return t, err
}

// fillPattern puts values into a pattern. A value is taken literally: the signs that patterns use have no meaning in it.
func fillPattern(text string, v Values) (string, error) {
	if !strings.Contains(text, "{") {
		return text, nil
	}
	t, err := ParseTemplate(text)
	if err != nil || len(t.names(value)) == 0 {
		return text, nil //nolint:nilerr // braces of a regular expression
	}
	if v.Any {
		return t.wild(v), nil
	}
	if strings.HasPrefix(text, "/") {
		return t.expand(v, regexp.QuoteMeta)
	}
	plain, err := t.Expand(v)
	if err != nil {
		return "", err
	}
	special, err := t.expand(v, func(s string) string { return strings.NewReplacer("*", "", "/", "").Replace(s) })
	if err != nil || plain == special {
		return plain, err
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.kind == value {
			b.WriteString(regexp.QuoteMeta(v.Work[p.name]))
			continue
		}
		b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(p.name), `\*`, `[\s\S]*`))
	}
	return "/^" + b.String() + "$/i", nil
}

// wild puts * or .* in the place of words that are not at hand.
func (t Template) wild(v Values) string {
	anything := "*"
	if strings.HasPrefix(t.Text, "/") {
		anything = ".*"
	}
	var b strings.Builder
	for _, p := range t.parts {
		text, known := v.Work[p.name]
		switch {
		case p.kind != value:
			text = p.name
		case !known:
			text = anything
		}
		b.WriteString(text)
	}
	return b.String()
}

// fillCode puts values into a CSS or XPath selector, where they stand between quotes.
func fillCode(text string, v Values) (string, error) {
	if !strings.Contains(text, "{") {
		return text, nil
	}
	t, err := ParseTemplate(text)
	if err != nil {
		return text, nil //nolint:nilerr // braces of the selector itself
	}
	return t.expand(v, func(s string) string {
		return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `\'`, "\n", " ").Replace(s)
	})
}
