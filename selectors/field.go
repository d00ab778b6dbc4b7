package selectors

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"restock/selectors/strict"
)

// Field is one way to get a value from a row, a record or a page: where it stands, what to take, and how to read it.
type Field struct {
	strict.Pos

	Header  string   `yaml:"header"`  // the column with this heading
	CSS     string   `yaml:"css"`     // an element inside the cell, or inside the row
	XPath   string   `yaml:"xpath"`   //
	Element *Element `yaml:"element"` // an element anywhere on the page
	From    string   `yaml:"from"`    // "address": of the page

	Text        string `yaml:"text"`        // the visible text of this CSS selector
	TextContent string `yaml:"textContent"` // its text, hidden parts too
	Link        string `yaml:"link"`        // where this link leads, as an absolute address
	Attribute   string `yaml:"attribute"`   // take this attribute
	Property    string `yaml:"property"`    // take this property: value, checked, …
	Take        string `yaml:"take"`        // text (default), textContent, value, link

	Match     string  `yaml:"match"` // regular expression; its first group (or all of it) is the value
	Type      string  `yaml:"type"`  // text (default), number, phone
	Locale    string  `yaml:"locale"`
	Decimal   string  `yaml:"decimal"`   // overrides the locale's sign
	Thousands string  `yaml:"thousands"` // overrides the locale's sign
	Unit      string  `yaml:"unit"`      // what may stand after the number: "kg", "*" for any word
	Country   string  `yaml:"country"`   // for phones: calling code put before national numbers, such as 61
	Map       Words   `yaml:"map"`       // texts of the page → words of restock; the first that fits counts
	Default   *string `yaml:"default"`   // where the field is there, but empty

	pattern *regexp.Regexp
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
	if f.Header == "" && f.CSS == "" && f.XPath == "" && f.Element == nil && f.From == "" && f.Text == "" &&
		f.TextContent == "" && f.Link == "" && f.Attribute == "" && f.Property == "" && f.Take == "" {
		d.Report(n, "no place to read from", "header, css, xpath, element, from, text, textContent or link", "")
	}
}

func (f *Field) check(d *strict.Decoder, pair strict.Pair) {
	key, n := pair.Key.Value, pair.Value
	oneOf := func(words ...string) {
		if !slices.Contains(words, n.Value) {
			hint := strict.DidYouMean(n.Value, words)
			d.Report(n, strict.Kind(n), strict.List(words), hint)
		}
	}
	switch key {
	case "css", "text", "textContent", "link":
		checkCSS(d, n)
	case "from":
		oneOf("address")
	case "take":
		oneOf("text", "textContent", "value", "link")
	case "type":
		oneOf("text", "number", "phone")
	case "locale":
		if _, ok := localeOf(n.Value); !ok {
			d.Report(n, strict.Kind(n), "a locale such as en-AU, de-DE or fr-FR", "or give decimal: and thousands:")
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

// Selection is the part of a field that the page must answer.
type Selection struct {
	Header  string   `json:"header,omitempty"`
	CSS     string   `json:"css,omitempty"`
	XPath   string   `json:"xpath,omitempty"`
	Element *Element `json:"element,omitempty"`
	Take    string   `json:"take"` // text, textContent, value, link, address, attribute, property
	Name    string   `json:"name,omitempty"`
	Final   bool     `json:"final,omitempty"` // later alternatives are not looked at once this one is there
}

// Selection compiles the field for the page.
func (f Field) Selection() Selection {
	s := Selection{Header: f.Header, CSS: f.CSS, XPath: f.XPath, Element: f.Element, Take: "text", Final: f.Match == ""}
	switch {
	case f.From == "address":
		s.Take = "address"
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

// Parsed is a value as it was on the page and as restock understands it.
type Parsed struct {
	Raw   string
	Value string
	Unit  string
}

// Read turns the raw text of the page into a value. ok is false where the field's regular expression does not match, so
// that the next alternative is tried; what matches but cannot be read is an error.
func (f Field) Read(raw, locale string) (p Parsed, ok bool, err error) {
	p = Parsed{Raw: raw, Value: strings.TrimSpace(raw)}
	if f.pattern != nil {
		m := f.pattern.FindStringSubmatch(p.Value)
		if m == nil {
			return p, false, nil
		}
		p.Value = strings.TrimSpace(m[min(1, len(m)-1)])
	}
	if p.Value == "" && f.Default != nil {
		p.Value = *f.Default
		return p, true, nil
	}
	if len(f.Map) > 0 {
		word, err := f.mapped(p.Value)
		if err != nil {
			return p, true, err
		}
		p.Value = word
		return p, true, nil
	}
	switch f.Type {
	case "number":
		p.Value, p.Unit, err = f.number(p.Value, locale)
	case "phone":
		p.Value = f.phone(p.Value)
	}
	return p, true, err
}

func (f Field) mapped(text string) (string, error) {
	words := make([]string, 0, len(f.Map))
	for _, w := range f.Map {
		if pattern, err := Pattern(w.Text); err == nil && pattern.MatchString(text) {
			return w.Word, nil
		}
		words = append(words, w.Text)
	}
	return "", fmt.Errorf("%s is not in the map of %s; it knows %s", quote(text), f.Pos, strict.List(words))
}

func (f Field) number(text, locale string) (value, unit string, err error) {
	if f.Locale != "" {
		locale = f.Locale
	}
	format, _ := localeOf(locale)
	if f.Decimal != "" {
		format.Decimal = f.Decimal
	}
	if f.Thousands != "" {
		format.Thousands = f.Thousands
	}
	return format.Parse(text, f.Unit)
}

func (f Field) phone(text string) string {
	if rest, national := strings.CutPrefix(text, "0"); national && f.Country != "" && !strings.HasPrefix(rest, "0") {
		return "+" + f.Country + rest
	}
	return text
}
