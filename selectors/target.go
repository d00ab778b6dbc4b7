package selectors

import (
	"fmt"
	"regexp"
	"strings"

	"restock/selectors/strict"
)

// Target is one way to find an element. The keys that are set must all hold. It must match exactly one visible element,
// unless Many, First or Hidden say otherwise.
//
// Texts (Text, Label, Name, …) are compared whole, without regard to case and runs of white space; "*" stands for
// anything; /…/ is a regular expression.
type Target struct {
	strict.Pos `json:"-"`

	CSS         string `yaml:"css" json:"css,omitempty"`
	XPath       string `yaml:"xpath" json:"xpath,omitempty"`
	Text        string `yaml:"text" json:"text,omitempty"`               // its text; alone: the innermost element with that text
	Label       string `yaml:"label" json:"label,omitempty"`             // a field by its label
	Placeholder string `yaml:"placeholder" json:"placeholder,omitempty"` // a field by its placeholder
	Role        string `yaml:"role" json:"role,omitempty"`               // ARIA role, given or implied by the tag
	Name        string `yaml:"name" json:"name,omitempty"`               // with role: accessible name; alone: name attribute
	Title       string `yaml:"title" json:"title,omitempty"`
	Alt         string `yaml:"alt" json:"alt,omitempty"`
	TestID      string `yaml:"testid" json:"testid,omitempty"`   // data-testid, data-test, data-qa, data-cy, …
	Heading     string `yaml:"heading" json:"heading,omitempty"` // a heading (h1-h6 or role) with that text

	In     *Element `yaml:"in" json:"in,omitempty"`   // only inside this element
	Has    *Element `yaml:"has" json:"has,omitempty"` // only if it contains this element
	Many   bool     `yaml:"many" json:"many,omitempty"`
	First  bool     `yaml:"first" json:"first,omitempty"`
	Hidden bool     `yaml:"hidden" json:"hidden,omitempty"` // invisible ones too
}

// String describes the target as the file writes it.
func (t Target) String() string {
	var parts []string
	for _, p := range t.parts() {
		if p.value != "" {
			parts = append(parts, p.key+" "+quote(p.value))
		}
	}
	return strings.Join(parts, " + ")
}

type part struct{ key, value string }

func (t Target) parts() []part {
	return []part{
		{"css", t.CSS},
		{"xpath", t.XPath},
		{"text", t.Text},
		{"label", t.Label},
		{"placeholder", t.Placeholder},
		{"role", t.Role},
		{"name", t.Name},
		{"title", t.Title},
		{"alt", t.Alt},
		{"testid", t.TestID},
		{"heading", t.Heading},
	}
}

// DecodeYAML implements strict.Decodable.
func (t *Target) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	type plain Target
	d.Struct(n, (*plain)(t))
	t.Pos = d.PosOf(n)
	if !strict.IsMap(n) {
		return
	}
	empty := true
	for _, p := range t.parts() {
		empty = empty && p.value == ""
	}
	if empty {
		d.Report(n, "no way to find an element", "one of "+strict.List(targetKeys()), "")
	}
	for _, pair := range d.Pairs(n) {
		text := pair.Value.Value
		switch pair.Key.Value {
		case "css":
			checkCSS(d, pair.Value)
		case "xpath", "role", "many", "first", "hidden", "in", "has":
		default:
			if _, err := Pattern(text); err != nil {
				d.Report(pair.Value, quote(text), "a text, or a regular expression between slashes", err.Error())
			}
		}
	}
}

func targetKeys() []string {
	var keys []string
	for _, p := range (Target{}).parts() {
		keys = append(keys, p.key)
	}
	return keys
}

// checkCSS finds what YAML or a typing slip made of a selector; the browser has the last word on its syntax.
func checkCSS(d *strict.Decoder, n *strict.Node) {
	text := n.Value
	if c := n.LineComment; strict.IsScalar(n) && len(c) > 1 && c[1] != ' ' && c[1] != '#' {
		d.Report(n, fmt.Sprintf("%s, cut off before %s", quote(text), c), "a whole selector",
			fmt.Sprintf("YAML takes %s for a comment: put the selector in \"double quotes\"", c))
	}
	for _, pair := range []struct{ open, close string }{{"[", "]"}, {"(", ")"}} {
		if strings.Count(text, pair.open) != strings.Count(text, pair.close) {
			d.Report(n, quote(text), "a CSS selector", fmt.Sprintf("%s and %s do not match", pair.open, pair.close))
		}
	}
	if strings.HasPrefix(text, "//") || strings.HasPrefix(text, "(//") {
		d.Report(n, quote(text), "a CSS selector", "this is XPath: write xpath: instead of css:")
	}
}

// Pattern compiles a text of a selector file: whole text, case and white space ignored, "*" for anything, or /…/.
func Pattern(s string) (*regexp.Regexp, error) {
	if len(s) > 1 && s[0] == '/' {
		if i := strings.LastIndexByte(s, '/'); i > 0 && strings.Trim(s[i+1:], "i") == "" {
			flags := ""
			if s[i+1:] != "" {
				flags = "(?i)"
			}
			return regexp.Compile(flags + s[1:i])
		}
	}
	words := strings.Fields(s)
	for i, w := range words {
		words[i] = strings.ReplaceAll(regexp.QuoteMeta(w), `\*`, `[\s\S]*`)
	}
	return regexp.Compile(`(?i)^\s*` + strings.Join(words, `\s+`) + `\s*$`)
}

// Element is a named target: alternatives, tried in order. In a file it is one target, a list of targets, or the name of
// an entry of elements.
type Element struct {
	strict.Pos   `json:"-"`
	Ref          string   `json:"-"` // name in elements, until it is resolved
	Alternatives []Target `json:"alternatives"`
}

// String describes the element as the file writes it.
func (e *Element) String() string {
	if e == nil {
		return "nothing"
	}
	if e.Ref != "" {
		return e.Ref
	}
	texts := make([]string, len(e.Alternatives))
	for i, t := range e.Alternatives {
		texts[i] = t.String()
	}
	return strings.Join(texts, ", else ")
}

// DecodeYAML implements strict.Decodable.
func (e *Element) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	e.Pos = d.PosOf(n)
	switch {
	case strict.IsMap(n):
		e.Alternatives = make([]Target, 1)
		d.Into(n, &e.Alternatives[0])
	case strict.IsList(n):
		d.Into(n, &e.Alternatives)
		if len(e.Alternatives) == 0 {
			d.Report(n, "an empty list", "at least one target", "")
		}
	default:
		e.Ref, _ = d.Text(n)
	}
}

func quote(s string) string {
	if len(s) > 80 {
		s = s[:77] + "…"
	}
	return fmt.Sprintf("%q", s)
}
