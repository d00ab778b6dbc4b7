package selectors

import (
	"fmt"
	"strings"

	"restock/selectors/strict"
)

// Target is one way to find an element. The keys that are set must all hold. It must match exactly one visible element,
// unless Many, First or Hidden say otherwise.
//
// Texts (Text, Label, Name, …) are compared whole, without regard to case and runs of white space; "*" stands for
// anything; /…/ is a regular expression. What each key means stands in its doc tag, from which the manual and the JSON
// Schema are made.
type Target struct {
	strict.Pos `json:"-"`

	CSS         string `yaml:"css" json:"css,omitempty" doc:"by CSS selector; shadow roots, open and closed, and frames of the same site are looked into"`
	XPath       string `yaml:"xpath" json:"xpath,omitempty" doc:"by XPath 1.0, relative to where it is looked for"`
	Text        string `yaml:"text" json:"text,omitempty" doc:"the innermost element with that text; beside another key: only if it has that text"`
	Label       string `yaml:"label" json:"label,omitempty" doc:"a field by its label, with or without the colon after it"`
	Placeholder string `yaml:"placeholder" json:"placeholder,omitempty" doc:"a field by its placeholder"`
	Role        string `yaml:"role" json:"role,omitempty" doc:"by ARIA role, given or implied by the tag: button, link, textbox, row, …"`
	Name        string `yaml:"name" json:"name,omitempty" doc:"with role: its accessible name, which is what a screen reader says; alone: the name attribute"`
	Title       string `yaml:"title" json:"title,omitempty" doc:"by the title attribute"`
	Alt         string `yaml:"alt" json:"alt,omitempty" doc:"by the alternative text of a picture"`
	TestID      string `yaml:"testid" json:"testid,omitempty" doc:"by data-testid, data-test, data-qa, data-cy, data-test-id, data-qa-id or data-testing"`
	Heading     string `yaml:"heading" json:"heading,omitempty" doc:"a heading with that text"`

	Near   *Element `yaml:"near" json:"near,omitempty" doc:"of several matches, the one that lies closest to this element on the screen"`
	In     *Element `yaml:"in" json:"in,omitempty" doc:"only inside this element: the row with …"`
	Has    *Element `yaml:"has" json:"has,omitempty" doc:"only if it contains this element"`
	Frame  string   `yaml:"frame" json:"frame,omitempty" doc:"only in the frame with this name, id, title or address; needed for frames of another site"`
	Many   bool     `yaml:"many" json:"many,omitempty" doc:"several matches are right"`
	First  bool     `yaml:"first" json:"first,omitempty" doc:"take the first of several matches"`
	Hidden bool     `yaml:"hidden" json:"hidden,omitempty" doc:"invisible ones too"`
}

// String describes the target as the file writes it.
func (t Target) String() string {
	var parts []string
	for _, p := range t.parts() {
		if p.value != "" {
			parts = append(parts, p.key+" "+quote(p.value))
		}
	}
	for _, narrow := range []struct {
		word string
		e    *Element
	}{{" near ", t.Near}, {" in ", t.In}, {" with ", t.Has}} {
		if narrow.e != nil && len(parts) > 0 {
			parts[len(parts)-1] += narrow.word + "(" + narrow.e.String() + ")"
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
		case "xpath":
			checkXPath(d, pair.Value)
		case "role":
			checkRole(d, pair.Value)
		case "many", "first", "hidden", "in", "has", "near":
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

// Full writes the element with its alternatives, where it has a name too.
func (e *Element) Full() string {
	if e == nil || e.Ref == "" || len(e.Alternatives) == 0 {
		return e.String()
	}
	unnamed := Element{Alternatives: e.Alternatives}
	return fmt.Sprintf("%s (%s; line %d)", e.Ref, unnamed.String(), e.Alternatives[0].Pos.Line)
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
