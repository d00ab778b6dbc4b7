package selectors

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"restock/selectors/strict"
)

// resolver replaces the names of elements by their targets.
type resolver struct {
	elements map[string]Element
	report   func(pos strict.Pos, found, expected, hint string)
	text     func(t *Template, flow string) // told of each text of a target
	flow     string                         // being resolved
	depth    int
	visits   int
}

// maxVisits bounds the work on elements that name each other.
const maxVisits = 20_000

func (r *resolver) element(e *Element) {
	if e == nil {
		return
	}
	if e.Ref != "" {
		named, ok := r.elements[e.Ref]
		if !ok {
			known := slices.Collect(maps.Keys(r.elements))
			hint := cmp.Or(strict.DidYouMean(e.Ref, known), "name it under elements:, or write {css: …} here")
			r.report(e.Pos, "element "+quote(e.Ref), "a name from elements: "+strict.List(known), hint)
			return
		}
		e.Alternatives = slices.Clone(named.Alternatives)
	}
	if r.visits++; r.visits > maxVisits || r.depth > 16 {
		if r.visits <= maxVisits+1 {
			r.report(e.Pos, "elements that contain each other", "elements without a circle", "")
		}
		r.visits = max(r.visits, maxVisits+1)
		return
	}
	r.depth++
	for i := range e.Alternatives {
		t := &e.Alternatives[i]
		r.texts(*t)
		t.In, t.Has, t.Near = clone(t.In), clone(t.Has), clone(t.Near)
		r.element(t.In)
		r.element(t.Has)
		r.element(t.Near)
	}
	r.depth--
}

func (r *resolver) texts(t Target) {
	if r.flow == "" { // an entry of elements: looked at where it is used
		return
	}
	for _, p := range t.parts() {
		if parsed, err := ParseTemplate(p.value); err == nil {
			parsed.Pos = t.Pos
			r.text(&parsed, r.flow)
		}
	}
}

// plain looks at a text that is no target.
func (r *resolver) plain(text string, at strict.Pos) {
	if parsed, err := ParseTemplate(text); err == nil && r.text != nil && len(parsed.names(secret))+len(parsed.names(environment)) > 0 {
		parsed.Pos = at
		r.text(&parsed, r.flow)
	}
}

func clone(e *Element) *Element {
	if e == nil {
		return nil
	}
	c := *e
	c.Alternatives = slices.Clone(e.Alternatives)
	return &c
}

func (r *resolver) condition(c *Condition) {
	if c == nil {
		return
	}
	r.element(c.Visible)
	r.element(c.Hidden)
	r.plain(c.URL, c.Pos)
	if c.Value != nil {
		r.element(&c.Value.Of)
		r.plain(c.Value.Is, c.Pos)
	}
	for i := range c.Any {
		r.condition(&c.Any[i])
	}
	for i := range c.All {
		r.condition(&c.All[i])
	}
	r.condition(c.Not)
}

func (r *resolver) steps(steps []Step) {
	for i := range steps {
		s := &steps[i]
		r.element(s.Element)
		for j := range s.Fields {
			r.element(&s.Fields[j].Element)
		}
		r.condition(s.See)
		r.condition(s.Expect)
		r.element(s.Options)
		r.steps(s.Try)
		r.steps(s.Then)
		r.steps(s.Else)
	}
}

func (r *resolver) columns(columns map[string]Column) {
	for _, column := range columns {
		r.fields(column)
	}
}

func (r *resolver) fields(fields []Field) {
	for i := range fields {
		r.element(fields[i].Element)
		r.fields(fields[i].Join)
	}
}

// rows resolves the elements of rows, of which there are always many.
func (r *resolver) rows(e *Element, skip []Element) {
	r.many(e)
	for i := range skip {
		r.element(&skip[i])
	}
}

func (r *resolver) many(e *Element) {
	if e == nil {
		return
	}
	r.element(e)
	for i := range e.Alternatives {
		e.Alternatives[i].Many = true
	}
}

func (r *resolver) reading(x *Reading) {
	if x == nil {
		return
	}
	r.steps(x.Steps)
	r.steps(x.Page)
	r.condition(x.Proof)
	if x.Rows.JSON == "" {
		r.rows(&x.Rows.Element, x.Skip)
	}
	r.many(x.Tabs)
	r.columns(x.Columns)
	r.list(x.Empty, x.Total, x.Next)
	if d := x.Detail; d != nil {
		flow := r.flow
		if flow != "" {
			r.flow = "detail of " + flow
		}
		defer func() { r.flow = flow }()
		r.steps(d.Open.Steps)
		r.condition(d.Proof)
		if d.Rows != nil {
			r.rows(d.Rows, d.Skip)
		}
		r.columns(d.Columns)
		r.list(d.Empty, d.Total, d.Next)
		r.steps(d.Back)
	}
}

func (r *resolver) list(empty *Condition, total *Field, next *Next) {
	r.condition(empty)
	if total != nil {
		r.fields([]Field{*total})
	}
	if next != nil {
		r.element(next.Click)
		r.element(next.More)
		r.element(next.Scroll)
		r.element(next.First)
	}
}

func (r *resolver) site(s *Site) {
	for _, name := range slices.Sorted(maps.Keys(s.Elements)) {
		e := s.Elements[name]
		r.element(&e)
		s.Elements[name] = e
	}
	r.flow = "login"
	for i := range s.Interruptions {
		r.condition(&s.Interruptions[i].See)
		r.element(s.Interruptions[i].Click)
	}
	for i := range s.Mask {
		r.many(&s.Mask[i])
	}
	if s.Login != nil {
		r.steps(s.Login.Steps)
		r.condition(&s.Login.Done)
		r.condition(s.Login.Refused)
		r.condition(s.Login.Locked)
	}
	r.flow = "stock"
	r.reading(s.Stock)
	r.flow = "subscribers"
	r.reading(s.Subscribers)
	r.flow = "orders"
	r.reading(s.Orders)
	r.flow = "followup"
	r.writing(s.Followup)
	r.flow = "signup"
	if e := s.Signup; e != nil {
		r.condition(e.Proof)
		r.condition(&e.There)
		r.condition(&e.Absent)
		r.condition(e.Rejected)
		r.steps(e.Find)
		r.steps(e.Steps)
	}
}

func (r *resolver) writing(w *Writing) {
	if w == nil {
		return
	}
	r.condition(w.Proof)
	r.condition(w.Rejected)
	r.steps(w.Find)
	r.element(&w.Before.Field)
	r.element(&w.After.Field)
	for i := range w.Also {
		r.element(&w.Also[i].Field)
	}
	r.steps(w.Steps)
	r.flow = "event of followup"
	for _, e := range w.events() {
		if e.Before != nil {
			r.element(&e.Before.Field)
		}
		r.element(&e.After.Field)
		for i := range e.Also {
			r.element(&e.Also[i].Field)
		}
		r.condition(e.Rejected)
		r.steps(e.Steps)
	}
}

// templates calls f for every template of the file, with the flow it stands in.
func (s *Site) templates(f func(t *Template, flow string)) {
	f(&s.Base, "")
	for i := range s.Allow {
		f(&s.Allow[i], "")
	}
	if s.Login != nil {
		f(&s.Login.Open, "login")
		f(&s.Login.Kept, "login")
		for i := range s.Login.Origins {
			f(&s.Login.Origins[i], "")
		}
		stepTemplates(s.Login.Steps, "login", f)
	}
	for _, r := range []struct {
		flow    string
		reading *Reading
	}{{"stock", s.Stock}, {"subscribers", s.Subscribers}, {"orders", s.Orders}} {
		if r.reading == nil {
			continue
		}
		f(&r.reading.Open, r.flow)
		stepTemplates(r.reading.Steps, r.flow, f)
		stepTemplates(r.reading.Page, r.flow, f)
		if r.reading.Next != nil {
			f(&r.reading.Next.Pages, "pages of "+r.flow)
		}
		if d := r.reading.Detail; d != nil {
			f(&d.Open.Address, "detail of "+r.flow)
			stepTemplates(d.Open.Steps, "detail of "+r.flow, f)
			stepTemplates(d.Back, "detail of "+r.flow, f)
			if d.Next != nil {
				f(&d.Next.Pages, "pages of detail of "+r.flow)
			}
		}
	}
	if s.Followup != nil {
		s.Followup.templates(f)
	}
	if e := s.Signup; e != nil {
		f(&e.Open, "signup")
		stepTemplates(e.Find, "signup", f)
		stepTemplates(e.Steps, "signup", f)
	}
}

func (w *Writing) templates(f func(t *Template, flow string)) {
	f(&w.Open, "followup")
	stepTemplates(w.Find, "followup", f)
	f(&w.Before.Is, "followup")
	f(&w.After.Is, "followup")
	for i := range w.Also {
		f(&w.Also[i].Is, "followup")
	}
	stepTemplates(w.Steps, "followup", f)
	const event = "event of followup"
	for _, e := range w.events() {
		if e.Before != nil {
			f(&e.Before.Is, event)
		}
		f(&e.After.Is, event)
		for i := range e.Also {
			f(&e.Also[i].Is, event)
		}
		stepTemplates(e.Steps, event, f)
	}
}

// Every returns the steps of a list and those inside them, in the order of the file.
func Every(steps []Step) iter.Seq[*Step] {
	return func(yield func(*Step) bool) {
		var walk func(list []Step) bool
		walk = func(list []Step) bool {
			for i := range list {
				s := &list[i]
				if !yield(s) || !walk(s.Try) || !walk(s.Then) || !walk(s.Else) {
					return false
				}
			}
			return true
		}
		walk(steps)
	}
}

// steps calls f for every step of the file, those inside others too.
func (s *Site) steps(f func(Step)) {
	walk := func(list []Step) {
		for step := range Every(list) {
			f(*step)
		}
	}
	if s.Login != nil {
		walk(s.Login.Steps)
	}
	for _, r := range []*Reading{s.Stock, s.Subscribers, s.Orders} {
		if r == nil {
			continue
		}
		walk(r.Steps)
		walk(r.Page)
		if r.Detail != nil {
			walk(r.Detail.Open.Steps)
			walk(r.Detail.Back)
		}
	}
	if s.Followup != nil {
		walk(s.Followup.Find)
		walk(s.Followup.Steps)
		for _, e := range s.Followup.events() {
			walk(e.Steps)
		}
	}
	if s.Signup != nil {
		walk(s.Signup.Find)
		walk(s.Signup.Steps)
	}
}

func stepTemplates(steps []Step, flow string, f func(t *Template, flow string)) {
	for s := range Every(steps) {
		f(&s.Address, flow)
		f(&s.Secret, flow)
		for j := range s.Fields {
			f(&s.Fields[j].Value, flow)
		}
	}
}
