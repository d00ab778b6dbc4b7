package selectors

import (
	"regexp"
	"slices"
	"strings"

	"restock/selectors/strict"
)

// Field is one way to get a value from a row, a record, a page, a file or an answer: where it stands, what to take, and how
// to read it.
type Field struct {
	strict.Pos

	Header  string   `yaml:"header" doc:"the cell in the column with this heading; of several heading rows any counts"`
	CSS     string   `yaml:"css" doc:"an element inside the cell, or inside the row"`
	XPath   string   `yaml:"xpath" doc:"the same by XPath, which can leave the row: following-sibling::tr[1]/td[2]"`
	Element *Element `yaml:"element" doc:"a target inside the row; in a detail page and in total, anywhere on the page"`
	JSON    string   `yaml:"json" doc:"a path in an answer (from: response): stock.available, or names[0]"`
	From    string   `yaml:"from" doc:"address: of the page; or another column, whose match has a group with the name of this one"`
	Join    []Field  `yaml:"join" doc:"several fields, joined by with; those that are empty are left out"`
	With    *string  `yaml:"with" doc:"what stands between joined fields; default: a space"`

	Text        string `yaml:"text" doc:"the visible text of this CSS selector"`
	TextContent string `yaml:"textContent" doc:"its text, hidden parts too, and as it is written rather than as it is shown"`
	Link        string `yaml:"link" doc:"where this link leads, as an absolute address"`
	Attribute   string `yaml:"attribute" doc:"take this attribute, as the page's source has it"`
	Property    string `yaml:"property" doc:"take this property, as it is now: value, checked, href, …"`
	Take        string `yaml:"take" doc:"text (default), textContent, value (of a form field) or link"`

	Match     string  `yaml:"match" doc:"a regular expression (RE2); its first group, or all of it, is the value; (?P<name>…) groups give values to further columns"`
	Type      string  `yaml:"type" doc:"text (default), number, integer, money, date, time, datetime, phone or email"`
	Locale    string  `yaml:"locale" doc:"how numbers and dates are written here, where it is not as in the rest of the site"`
	Format    string  `yaml:"format" doc:"of a date or time: YYYY YY MMMM MMM MM M DD D HH H hh h mm ss A, such as DD.MM.YYYY HH:mm"`
	Decimal   string  `yaml:"decimal" doc:"the decimal sign, where the locale's is wrong"`
	Thousands string  `yaml:"thousands" doc:"the signs between thousands, where the locale's are wrong"`
	Unit      string  `yaml:"unit" doc:"what may stand after a number: kg, or \"*\" for any word"`
	Currency  string  `yaml:"currency" doc:"of money without a sign: AUD"`
	Country   string  `yaml:"country" doc:"whose national phone numbers these are: AU, or the calling code 61; default: the country of the locale"`
	Map       Words   `yaml:"map" doc:"texts of the page to words of restock, such as {In stock: in}; what is not listed is an error"`
	Default   *string `yaml:"default" doc:"the value where the field is there, but empty; an empty number is an error without it"`
	Optional  bool    `yaml:"optional" doc:"the element may be missing: then the field is empty"`
	Bad       string  `yaml:"bad" doc:"keep: what does not parse stays as it is; without it, it is an error"`

	pattern *regexp.Regexp
	plain   bool
}

// Plain is the field for numbers as programs write them, whatever the locale: from JSON or a spreadsheet.
func (f Field) Plain() Field {
	f.plain = true
	return f
}

// Words maps texts to words, in the order of the file.
type Words []struct{ Text, Word string }

// DecodeYAML implements strict.Decodable.
func (w *Words) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	for _, pair := range d.Pairs(n) {
		if _, err := Pattern(pair.Key.Value); err != nil {
			d.Report(pair.Key, strict.Kind(pair.Key), "a text, or a regular expression between slashes", err.Error())
		}
		if word, ok := d.Text(pair.Value); ok {
			*w = append(*w, struct{ Text, Word string }{pair.Key.Value, word})
		}
	}
}

// DecodeYAML implements strict.Decodable.
func (f *Field) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	type plain Field
	d.Struct(n, (*plain)(f))
	f.Pos = d.PosOf(n)
	if !strict.IsMap(n) {
		return
	}
	for _, pair := range d.Pairs(n) {
		f.check(d, pair)
	}
	if f.Header == "" && f.CSS == "" && f.XPath == "" && f.Element == nil && f.JSON == "" && f.From == "" && f.Join == nil && f.Text == "" &&
		f.TextContent == "" && f.Link == "" && f.Attribute == "" && f.Property == "" && f.Take == "" {
		d.Report(n, "no place to read from", "header, css, xpath, element, json, from, join, text, textContent or link", "")
	}
	if f.Format != "" && !slices.Contains([]string{"date", "time", "datetime"}, f.Type) {
		d.Report(n, "format without a date", "type: date, time or datetime beside it", "")
	}
}

// Types lists the types of a field.
func Types() []string {
	return []string{"text", "number", "integer", "money", "date", "time", "datetime", "phone", "email"}
}

func takes() []string { return []string{"text", "textContent", "value", "link"} }

func (f *Field) check(d *strict.Decoder, pair strict.Pair) {
	key, n := pair.Key.Value, pair.Value
	if n.Value == "" {
		return
	}
	oneOf := func(words ...string) {
		if !slices.Contains(words, n.Value) {
			hint := strict.DidYouMean(n.Value, words)
			d.Report(n, strict.Kind(n), strict.List(words), hint)
		}
	}
	switch key {
	case "css", "text", "textContent", "link":
		checkCSS(d, n)
	case "xpath":
		checkXPath(d, n)
	case "take":
		oneOf(takes()...)
	case "type":
		oneOf(Types()...)
	case "bad":
		oneOf("keep")
	case "locale":
		if _, ok := localeOf(n.Value); !ok {
			d.Report(n, strict.Kind(n), "a locale such as en-AU, de-DE or fr-FR", "or give decimal: and thousands:")
		}
	case "format":
		if _, err := layoutOf(n.Value); err != nil {
			d.Report(n, strict.Kind(n), "a form such as DD/MM/YYYY or D. MMMM YYYY HH:mm", err.Error())
		}
	case "country":
		if !KnownCountry(n.Value) {
			d.Report(n, strict.Kind(n), "a country such as AU, or its calling code such as 61", "")
		}
	case "json":
		if _, err := ParsePath(n.Value); err != nil {
			d.Report(n, strict.Kind(n), "a path such as items or stock[0].available", err.Error())
		}
	case "match":
		pattern, err := regexp.Compile(n.Value)
		if err != nil {
			d.Report(n, strict.Kind(n), "a regular expression (RE2)", err.Error())
			return
		}
		f.pattern = pattern
	case "header":
		if _, err := Pattern(n.Value); err != nil {
			d.Report(n, strict.Kind(n), "a text, or a regular expression between slashes", err.Error())
		}
	}
}

// Groups lists the named groups of the field's expression.
func (f Field) Groups() []string {
	if f.pattern == nil {
		return nil
	}
	var names []string
	for _, name := range f.pattern.SubexpNames() {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Column reports the column that the field is derived from, or "".
func (f Field) Column() string {
	if f.From == "address" {
		return ""
	}
	return f.From
}

// Selection is the part of a field that the page must answer.
type Selection struct {
	Header  string      `json:"header,omitempty"`
	CSS     string      `json:"css,omitempty"`
	XPath   string      `json:"xpath,omitempty"`
	Element *Element    `json:"element,omitempty"`
	Path    string      `json:"path,omitempty"` // in an answer
	Take    string      `json:"take"`           // text, textContent, value, link, address, attribute, property, column
	Name    string      `json:"name,omitempty"`
	Join    []Selection `json:"join,omitempty"`
	Final   bool        `json:"final,omitempty"` // later alternatives are not looked at once this one is there
}

// Selection compiles the field for the page.
func (f Field) Selection() Selection {
	s := Selection{Header: f.Header, CSS: f.CSS, XPath: f.XPath, Element: f.Element, Path: f.JSON, Take: "text", Final: f.Match == ""}
	for _, part := range f.Join {
		s.Join = append(s.Join, part.Selection())
	}
	switch {
	case f.From == "address":
		s.Take = "address"
	case f.From != "":
		s.Take, s.Name = "column", f.From
	case f.Text != "":
		s.CSS = f.Text
	case f.TextContent != "":
		s.CSS, s.Take = f.TextContent, "textContent"
	case f.Link != "":
		s.CSS, s.Take = f.Link, "link"
	case f.Attribute != "":
		s.Take, s.Name = "attribute", f.Attribute
	case f.Property != "":
		s.Take, s.Name = "property", f.Property
	case f.Take != "":
		s.Take = f.Take
	}
	return s
}

// joint is what stands between joined fields.
func (f Field) joint() string {
	if f.With == nil {
		return " "
	}
	return *f.With
}

// Joint joins the values of a field's parts.
func (f Field) Joint(parts []string) string {
	var kept []string
	for _, p := range parts {
		if strings.TrimSpace(p) != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, f.joint())
}
