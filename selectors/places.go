package selectors

import (
	"fmt"
	"slices"

	"restock/selectors/strict"
)

// Place is one element of a file: where it stands and what it is for.
type Place struct {
	strict.Pos
	Flow    string // login, stock, subscribers, followup, orders, signup; "" for interruptions
	What    string // "rows", "step 2 (click submit)", "proof"
	Element Element
	// Maybe says that a page may well be without it: it shows up only sometimes, or only before a step was done.
	Maybe bool
	InRow bool // it is looked for inside a row
	Many  bool // several matches are right
}

// Places lists the elements of a flow, in the order of the file. Columns are not among them: see Columns.
func (s *Site) Places(flow string) []Place {
	l := &places{flow: flow}
	switch flow {
	case "":
		for i := range s.Interruptions {
			l.condition("interruption", &s.Interruptions[i].See, true)
			l.add("interruption: click", s.Interruptions[i].Click, true)
		}
	case "login":
		if s.Login != nil {
			l.steps("step", s.Login.Steps, false)
			l.condition("done", &s.Login.Done, true)
			l.condition("refused", s.Login.Refused, true)
		}
	case "followup":
		l.writing(s.Followup)
	case "signup":
		if e := s.Signup; e != nil {
			l.steps("find", e.Find, false)
			l.condition("proof", e.Proof, false)
			l.condition("there", &e.There, true)
			l.condition("absent", &e.Absent, true)
			l.steps("step", e.Steps, false)
		}
	default:
		l.reading(s.ReadingOf(flow))
	}
	slices.SortStableFunc(l.list, func(a, b Place) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return l.list
}

// ReadingOf returns the reading of a flow, or nil.
func (s *Site) ReadingOf(flow string) *Reading {
	switch flow {
	case "stock":
		return s.Stock
	case "subscribers":
		return s.Subscribers
	case "orders":
		return s.Orders
	}
	return nil
}

// Flows lists the flows that a file has.
func (s *Site) Flows() []string {
	has := map[string]bool{"login": s.Login != nil, "stock": s.Stock != nil, "subscribers": s.Subscribers != nil, "followup": s.Followup != nil, "orders": s.Orders != nil, "signup": s.Signup != nil}
	var list []string
	for _, name := range []string{"login", "stock", "subscribers", "followup", "orders", "signup"} {
		if has[name] {
			list = append(list, name)
		}
	}
	return list
}

func (l *places) writing(w *Writing) {
	if w == nil {
		return
	}
	l.steps("find", w.Find, false)
	l.condition("proof", w.Proof, false)
	l.add("before", &w.Before.Field, false)
	l.steps("step", w.Steps, false)
	l.add("after", &w.After.Field, true)
	for i := range w.Also {
		l.add("also", &w.Also[i].Field, true)
	}
	for name, e := range w.events() {
		l.steps(name+": step", e.Steps, false)
		l.add(name+": after", &e.After.Field, true)
		for i := range e.Also {
			l.add(name+": also", &e.Also[i].Field, true)
		}
	}
}

type places struct {
	flow string
	list []Place
}

func (l *places) add(what string, e *Element, maybe bool) {
	if e == nil || len(e.Alternatives) == 0 {
		return
	}
	many := slices.ContainsFunc(e.Alternatives, func(t Target) bool { return t.Many || t.First })
	l.list = append(l.list, Place{Pos: e.Pos, Flow: l.flow, What: what, Element: *e, Maybe: maybe, Many: many})
}

func (l *places) condition(what string, c *Condition, maybe bool) {
	if c == nil {
		return
	}
	before := len(l.list)
	l.add(what, c.Visible, maybe)
	l.add(what+" (hidden)", c.Hidden, true)
	if c.Value != nil {
		l.add(what+" (value)", &c.Value.Of, maybe)
	}
	for i := range c.Any {
		l.condition(what, &c.Any[i], true)
	}
	for i := range c.All {
		l.condition(what, &c.All[i], maybe)
	}
	l.condition(what, c.Not, true)
	for i := range l.list[before:] {
		l.list[before+i].Many = true // a condition asks whether there is any
	}
}

func (l *places) steps(what string, steps []Step, inRow bool) {
	before := len(l.list)
	for i, s := range steps {
		name := fmt.Sprintf("%s %d: %s", what, i+1, s.Do)
		l.add(name, s.Element, true)
		for j := range s.Fields {
			l.add(name, &s.Fields[j].Element, true)
		}
		l.add(name+" options", s.Options, true)
		l.condition(name, s.See, true)
		l.condition(name+" expect", s.Expect, true)
		l.steps(name, s.Try, inRow)
		l.steps(name, s.Then, inRow)
		l.steps(name, s.Else, inRow)
	}
	for i := range l.list[before:] {
		l.list[before+i].InRow = inRow
	}
}

func (l *places) reading(r *Reading) {
	if r == nil {
		return
	}
	l.steps("step", r.Steps, false)
	l.steps("page", r.Page, false)
	l.condition("proof", r.Proof, false)
	if r.Rows.JSON == "" {
		l.add("rows", &r.Rows.Element, r.Empty != nil)
	}
	for i := range r.Skip {
		l.add("skip", &r.Skip[i], true)
		if n := len(l.list); n > 0 && l.list[n-1].What == "skip" {
			l.list[n-1].Many = true
		}
	}
	l.add("tabs", r.Tabs, false)
	if r.Total != nil {
		l.add("total", r.Total.element(), false)
	}
	l.condition("empty", r.Empty, true)
	if n := r.Next; n != nil {
		l.add("next", n.Click, true)
		l.add("next more", n.More, true)
		l.add("next scroll", n.Scroll, false)
		l.add("next first", n.First, true)
	}
	if r.Detail != nil {
		l.steps("detail", r.Detail.Open.Steps, true)
		l.condition("detail proof", r.Detail.Proof, true)
		l.add("detail rows", r.Detail.Rows, true)
		l.condition("detail empty", r.Detail.Empty, true)
		if r.Detail.Total != nil {
			l.add("detail total", r.Detail.Total.element(), true)
		}
		l.steps("back", r.Detail.Back, false)
	}
}

// element is the place of a field that stands on the page itself.
func (f *Field) element() *Element {
	switch s := f.Selection(); {
	case f.Element != nil:
		return f.Element
	case s.CSS != "" || s.XPath != "":
		return &Element{Pos: f.Pos, Alternatives: []Target{{Pos: f.Pos, CSS: s.CSS, XPath: s.XPath, Hidden: true}}}
	}
	return nil
}
