package selectors

import (
	"slices"
	"time"

	"restock/selectors/strict"
)

// Step is one thing to do on a page. In a file it is a mapping with one action and, if wanted, expect (what must be so
// afterwards), within (how long to wait for it; default 10 s) and at (which of the site's languages).
type Step struct {
	strict.Pos
	Do      string        // the action: click, fill, …
	Address Template      // open
	Element *Element      // click, doubleclick, hover, check, uncheck, press, scroll
	Fields  []FieldValue  // fill, type, select, append
	Key     string        // press
	Secret  Template      // otp
	See     *Condition    // wait, if
	Then    []Step        // if
	Else    []Step        // if
	Dialog  string        // dialog: accept or dismiss
	Expect  *Condition    // proof that it worked
	Within  time.Duration // how long the step may take
}

// FieldValue is a form field and what to put into it.
type FieldValue struct {
	Element Element
	Value   Template
}

// String names the step as people say it: "click submit".
func (s Step) String() string {
	switch {
	case s.Do == "open":
		return "open " + s.Address.Text
	case s.Do == "press":
		return "press " + s.Key
	case s.Element != nil:
		return s.Do + " " + s.Element.String()
	case len(s.Fields) > 0:
		return s.Do + " " + s.Fields[0].Element.String()
	case s.See != nil:
		return s.Do + " " + s.See.String()
	}
	return s.Do
}

func actions() []string {
	return []string{
		"open", "click", "doubleclick", "hover", "check", "uncheck", "scroll", "fill", "type", "select", "append",
		"press", "wait", "if", "dialog", "otp",
	}
}

func options() []string { return []string{"expect", "within", "then", "else"} }

// DecodeYAML implements strict.Decodable.
func (s *Step) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	s.Pos = d.PosOf(n)
	allowed := append(actions(), options()...)
	for _, pair := range d.Pairs(n) {
		key, value := pair.Key.Value, pair.Value
		switch {
		case slices.Contains(actions(), key):
			if s.Do != "" {
				d.Report(pair.Key, "a second action "+key, "one action a step", "begin a new step with \"- \"")
				continue
			}
			s.Do = key
			s.action(d, value)
		case key == "expect":
			s.Expect = &Condition{}
			d.Into(value, s.Expect)
		case key == "within":
			d.Into(value, &s.Within)
		case key == "then":
			d.Into(value, &s.Then)
		case key == "else":
			d.Into(value, &s.Else)
		default:
			hint := strict.DidYouMean(key, allowed)
			d.Report(pair.Key, "key "+quote(key), strict.List(allowed), hint)
		}
	}
	switch {
	case !strict.IsMap(n):
	case s.Do == "":
		d.Report(n, "a step without an action", strict.List(actions()), "")
	case s.Do == "if" && s.Then == nil:
		d.Report(n, "if without then", "the key then with steps", "")
	case s.Do != "if" && (s.Then != nil || s.Else != nil):
		d.Report(n, s.Do+" with then or else", "then and else only after if", "")
	}
}

func (s *Step) action(d *strict.Decoder, n *strict.Node) {
	switch s.Do {
	case "open":
		d.Into(n, &s.Address)
	case "fill", "type", "select", "append":
		s.fields(d, n)
	case "wait", "if":
		s.See = &Condition{}
		d.Into(n, s.See)
	case "press":
		s.press(d, n)
	case "dialog":
		d.Into(n, &s.Dialog)
		if s.Dialog != "accept" && s.Dialog != "dismiss" {
			d.Report(n, strict.Kind(n), "accept or dismiss", "")
		}
	case "otp":
		otp := struct {
			Element Element  `yaml:"element,required"`
			Secret  Template `yaml:"secret,required"`
		}{}
		d.Struct(n, &otp)
		s.Element, s.Secret = &otp.Element, otp.Secret
	default:
		s.Element = &Element{}
		d.Into(n, s.Element)
	}
}

// fields reads {user: text, …}, whose keys are names of elements, or {element: …, value: …}.
func (s *Step) fields(d *strict.Decoder, n *strict.Node) {
	pairs := d.Pairs(n)
	inline := slices.ContainsFunc(pairs, func(p strict.Pair) bool { return p.Key.Value == "element" })
	if inline {
		one := struct {
			Element Element  `yaml:"element,required"`
			Value   Template `yaml:"value,required"`
		}{}
		d.Struct(n, &one)
		s.Fields = []FieldValue{{one.Element, one.Value}}
		return
	}
	for _, p := range pairs {
		field := FieldValue{Element: Element{Pos: d.PosOf(p.Key), Ref: p.Key.Value}}
		d.Into(p.Value, &field.Value)
		s.Fields = append(s.Fields, field)
	}
}

// press reads a key ("Enter", "Control+a"), or {element: …, key: …}.
func (s *Step) press(d *strict.Decoder, n *strict.Node) {
	if !strict.IsMap(n) {
		d.Into(n, &s.Key)
		return
	}
	both := struct {
		Element *Element `yaml:"element"`
		Key     string   `yaml:"key,required"`
	}{}
	d.Struct(n, &both)
	s.Element, s.Key = both.Element, both.Key
}
