package proposal

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"restock/flows"
	"restock/selectors"
	"restock/selectors/recording"
)

// finder works on one case.
type finder struct {
	Case
	good, now flows.Page
	values    selectors.Values
	former    *selectors.Site   // as the good page knows it
	were      []flows.Inspected // what it found there

	proposals []Proposal
	refusals  []Refusal
}

// Find proposes edits for what the file finds on the good page and not on the other. Each proposal builds on those before it.
func Find(ctx context.Context, c Case, good, now flows.Page, values selectors.Values) ([]Proposal, []Refusal, error) {
	f := &finder{Case: c, good: good, now: now, values: values}
	if f.Former == "" {
		f.Former = c.Text
	}
	var err error
	if f.former, err = selectors.Load(c.File, []byte(f.Former)); err != nil {
		return nil, nil, err
	}
	if f.were, err = flows.Inspect(ctx, good, f.former, c.Flow, c.What, values); err != nil {
		return nil, nil, err
	}
	text := c.Text
	for range 8 { // what is mended shows what else there is
		next, err := f.round(ctx, text)
		if err != nil {
			return nil, nil, err
		}
		if next == "" {
			break
		}
		text = next
	}
	return f.proposals, f.refusals, nil
}

// round proposes the first edit that can be proposed for a text, and returns the text with it; "" where there is none.
func (f *finder) round(ctx context.Context, text string) (string, error) {
	site, err := selectors.Load(f.File, []byte(text))
	if err != nil {
		return "", err
	}
	list, err := flows.Inspect(ctx, f.now, site, f.Flow, f.What, f.values)
	if err != nil {
		return "", err
	}
	f.refusals = nil
	for _, in := range list {
		if in.Problem == "" || in.Flow != f.Flow {
			continue
		}
		if !slices.ContainsFunc(f.were, func(w flows.Inspected) bool { return w.What == in.What && w.Problem == "" && w.Matches > 0 }) {
			f.refuse(in, "it finds nothing on the last good page either, so that nobody knows what it was")
			continue
		}
		p, why, err := f.propose(ctx, site, text, in)
		if err != nil {
			return "", err
		}
		if why != "" {
			f.refuse(in, why)
			continue
		}
		p.Line, p.At, p.Flow, p.What = in.Line, lineOf(text, p.Text), in.Flow, in.What
		worse, err := f.worse(ctx, &p, list)
		if err != nil {
			return "", err
		}
		if worse != "" {
			f.refuse(in, worse)
			continue
		}
		f.proposals = append(f.proposals, p)
		return p.Text, nil
	}
	return "", nil
}

func (f *finder) refuse(in flows.Inspected, why string) {
	f.refusals = append(f.refusals, Refusal{Line: in.Line, Flow: in.Flow, What: in.What, Why: why})
}

func (f *finder) propose(ctx context.Context, site *selectors.Site, text string, in flows.Inspected) (Proposal, string, error) {
	if name, ok := strings.CutPrefix(strings.TrimPrefix(in.What, "detail "), "column "); ok {
		return f.column(ctx, site, text, name)
	}
	for _, place := range site.Places(f.Flow) {
		if place.Pos != in.Pos || place.What != in.What {
			continue
		}
		if !place.Looks() || shared(site, place) {
			return Proposal{}, "nothing is proposed for what is clicked or typed into: a wrong guess there writes. Pick the element on the picture", nil
		}
		for _, t := range place.Element.Alternatives {
			if t.In != nil || t.Has != nil || t.Near != nil || t.Frame != "" {
				return Proposal{}, "it is narrowed by in:, has:, near: or frame:, which nobody but you can judge: pick the element on the picture", nil
			}
		}
		return f.place(ctx, site, text, place)
	}
	return Proposal{}, "it is not a selector of its own", nil
}

// shared reports whether the element of a place is one of elements: that something is done with elsewhere.
func shared(site *selectors.Site, place selectors.Place) bool {
	if place.Element.Ref == "" {
		return false
	}
	for _, flow := range append(site.Flows(), "") {
		for _, other := range site.Places(flow) {
			if other.Element.Ref == place.Element.Ref && !other.Looks() {
				return true
			}
		}
	}
	return false
}

// place finds an element again.
func (f *finder) place(ctx context.Context, site *selectors.Site, text string, place selectors.Place) (Proposal, string, error) {
	was, err := f.good.Traits(ctx, []selectors.Element{f.original(place)})
	if err != nil {
		return Proposal{}, "", err
	}
	if was[0] == nil {
		return Proposal{}, "it finds nothing on the last good page either, so that nobody knows what it was", nil
	}
	survey, err := f.now.Survey(ctx, was[0].Count > 1)
	if err != nil {
		return Proposal{}, "", err
	}
	counted := strings.HasSuffix(place.What, "total")
	first, margin, second := best(*was[0], survey, counted)
	if why := weak(first, margin, second, survey); why != "" {
		return Proposal{}, why, nil
	}
	before, err := f.good.Survey(ctx, was[0].Count > 1)
	if err != nil {
		return Proposal{}, "", err
	}
	if stood(survey[first.at], before, *was[0], counted) {
		return Proposal{}, fmt.Sprintf("what is most like it, %s, stood on the last good page too, and was something else: pick the element on the picture, if it is there", survey[first.at].What), nil
	}
	found := survey[first.at]
	if found.CSS, err = f.now.Ways(ctx, first.at); err != nil {
		return Proposal{}, "", err
	}
	p := Proposal{Score: first.score, Margin: margin, Was: was[0].Box, Now: found.Box, Reasons: []string{"it is the same: " + first.reason}}
	if found.Count > 1 {
		p.Reasons = append(p.Reasons, fmt.Sprintf("%d rows; there were %d", found.Count, was[0].Count))
	}
	for _, way := range f.ways(place, found) {
		e, err := selectors.ParseElement(way)
		if err != nil {
			continue
		}
		e.Alternatives[0].Many = found.Count > 1
		if only, err := f.only(ctx, e, found); err != nil || !only {
			continue
		}
		if p.Text, p.Before, p.After, err = put(site, text, place, way, e); err != nil {
			return Proposal{}, err.Error(), nil
		}
		p.Reasons = append(p.Reasons, "it is visible, and nothing else on the page matches "+way)
		return p, "", nil
	}
	return Proposal{}, "it was found again, but no selector would match it alone: pick it on the picture", nil
}

// original is the element of a place as the good page knows it.
func (f *finder) original(place selectors.Place) selectors.Element {
	for _, p := range f.former.Places(f.Flow) {
		if p.What != place.What {
			continue
		}
		if e, err := p.Element.With(f.values); err == nil {
			return e
		}
	}
	return selectors.Element{} // values of the work at hand, which is not at hand: it finds nothing
}

// stood reports whether what was found is more like something else on the good page than like what is looked for: then it is that.
func stood(found selectors.Traits, before []selectors.Traits, was selectors.Traits, counted bool) bool {
	own := compare(found, was, counted).score
	for _, other := range before {
		same := other.Box == was.Box || was.Count <= 1 && nested(other.Box, was.Box) && other.Text == was.Text
		if !same && compare(found, other, counted).score >= own {
			return true
		}
	}
	return false
}

// weak says why a likeness is no proof.
func weak(first likeness, margin float64, second int, survey []selectors.Traits) string {
	switch {
	case first.at < 0 || first.identity < leastIdentity/2:
		return "there is nothing on the page that is surely the same: pick the element on the picture, if it is there"
	case first.identity < leastIdentity || first.score < leastScore:
		return fmt.Sprintf("nothing on the page is surely the same; most like it is %s (%s): pick the element on the picture", survey[first.at].What, percent(first.score))
	case margin < leastMargin:
		return fmt.Sprintf("two things on the page are nearly as much like it, %s (“%.40s”) and %s (“%.40s”): pick the right one on the picture",
			survey[first.at].What, survey[first.at].Text, survey[second].What, survey[second].Text)
	}
	return ""
}

func percent(f float64) string { return fmt.Sprintf("%.0f%% alike", f*100) }

// ways are the ways to find an element, the kind that stands in the file first.
func (f *finder) ways(place selectors.Place, found selectors.Traits) []string {
	if found.Count > 1 {
		list := make([]string, len(found.CSS))
		for i, css := range found.CSS {
			list[i] = "{css: " + recording.Scalar(css) + "}"
		}
		return list
	}
	list := Ways(found)
	first := place.Element.Alternatives[0]
	for _, kind := range []struct {
		key  string
		used bool
	}{{"heading", first.Heading != ""}, {"css", first.CSS != ""}, {"testid", first.TestID != ""}, {"label", first.Label != ""}} {
		if kind.used {
			slices.SortStableFunc(list, func(a, b string) int {
				return cmp.Compare(same(strings.HasPrefix(b, "{"+kind.key+":")), same(strings.HasPrefix(a, "{"+kind.key+":")))
			})
		}
	}
	return list
}

// Ways are the ways to find what is known of an element, as a selector file writes them, the best first.
func Ways(t selectors.Traits) []string {
	if !t.Leaf {
		t.Text = ""
	}
	return recording.Ways(recording.Known{
		TestID: t.TestID, Role: t.Role, Name: t.Name, Label: t.Label, Placeholder: t.Placeholder, Title: t.Title, Alt: t.Alt, Text: t.Text, Field: t.Field, CSS: t.CSS,
	})
}

// only reports whether an element matches exactly what was found.
func (f *finder) only(ctx context.Context, e selectors.Element, found selectors.Traits) (bool, error) {
	seen, err := f.now.Inspect(ctx, []selectors.Element{e})
	if err != nil || seen[0].Error != "" || len(seen[0].Alternatives) == 0 {
		return false, err
	}
	a := seen[0].Alternatives[0]
	return a.Matches == found.Count && len(a.Boxes) > 0 && a.Boxes[0] == found.Box, nil
}

// put writes the way into the file, where the place has its selector.
func put(site *selectors.Site, text string, place selectors.Place, way string, e selectors.Element) (edited, was, is string, err error) {
	if field := totalOf(site, place); field != nil && field.Element == nil {
		css := e.Alternatives[0].CSS
		for _, key := range []struct{ name, value string }{{"css", field.CSS}, {"text", field.Text}, {"textContent", field.TextContent}} {
			if key.value != "" && css != "" {
				return revalue(text, field.Pos, key.name, css)
			}
		}
		return "", "", "", fmt.Errorf("only a CSS selector can be proposed for %s", place.What)
	}
	return retarget(text, place.Element.Alternatives[0], way)
}

func totalOf(site *selectors.Site, place selectors.Place) *selectors.Field {
	r := site.ReadingOf(place.Flow)
	switch {
	case place.What == "total":
		return r.Total
	case place.What == "detail total":
		return r.Detail.Total
	}
	return nil
}

// worse tries a proposal: why it is none, or "".
func (f *finder) worse(ctx context.Context, p *Proposal, had []flows.Inspected) (string, error) {
	site, err := selectors.Load(f.File, []byte(p.Text))
	if err != nil {
		return "the edit would not be a good file: " + err.Error(), nil
	}
	list, err := flows.Inspect(ctx, f.now, site, f.Flow, f.What, f.values)
	if err != nil {
		return "", err
	}
	read, unread := 0, 0
	for _, in := range list {
		if in.Flow != f.Flow {
			continue
		}
		before := slices.ContainsFunc(had, func(h flows.Inspected) bool { return h.What == in.What && h.Problem != "" })
		switch {
		case in.What == p.What && in.Line == p.Line && in.Problem != "":
			return "what is most like it does not do: " + in.Problem, nil
		case strings.HasPrefix(in.What, "column ") && in.Problem == "":
			read++
		case strings.HasPrefix(in.What, "column "):
			unread++
		case in.Problem != "" && !before:
			return fmt.Sprintf("with it, something else would be wrong: %s: %s", in.What, in.Problem), nil
		}
	}
	if p.What == "rows" {
		if read == 0 || read < unread {
			return fmt.Sprintf("of the columns, %d could be read in what is most like it, and %d not", read, unread), nil
		}
		p.Reasons = append(p.Reasons, fmt.Sprintf("%d of %d columns can be read in it", read, read+unread))
	}
	return "", nil
}
