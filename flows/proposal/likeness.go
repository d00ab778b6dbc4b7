package proposal

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"restock/selectors"
)

// likeness is how much something on a page is like what is looked for.
type likeness struct {
	at       int // in the survey
	score    float64
	identity float64
	reason   string // the strongest sign of identity
}

// compare tells how alike two elements are. A text that has changed says nothing: another heading may be that of another page. Of
// counts only the words are compared, for the number changes.
func compare(was, now selectors.Traits, counted bool) likeness {
	var l likeness
	sign := func(weight float64, reason string) {
		if weight > l.identity {
			l.identity, l.reason = weight, reason
		}
	}
	for _, s := range []struct {
		what, was, now string
		weight         float64
	}{
		{"test id", was.TestID, now.TestID, 1},
		{"name", was.Name, now.Name, 1},
		{"label", was.Label, now.Label, 1},
		{"text", was.Text, now.Text, 1},
		{"placeholder", was.Placeholder, now.Placeholder, 0.9},
		{"title", was.Title, now.Title, 0.9},
		{"alternative text", was.Alt, now.Alt, 0.9},
		{"id", was.ID, now.ID, 0.8},
		{"name attribute", was.Field, now.Field, 0.8},
	} {
		if s.was == "" || s.now == "" || was.Count > 1 && s.what != "test id" { // the first of many rows may say anything
			continue
		}
		if alike(s.was, s.now, counted) {
			sign(s.weight, fmt.Sprintf("its %s is %q", s.what, s.now))
		}
	}
	if len(was.Heads) > 0 && len(now.Heads) > 0 {
		sign(jaccard(fold(was.Heads), fold(now.Heads)), "the headings over it: "+strings.Join(now.Heads[:min(len(now.Heads), 6)], ", "))
	}
	if len(was.Texts) > 1 && len(now.Texts) > 1 {
		sign(jaccard(words(was.Texts), words(now.Texts)), "what is written in its rows")
	}
	l.score = 0.65*l.identity + 0.35*structure(was, now)
	return l
}

// alike compares two texts, of a count without its numbers.
func alike(was, now string, counted bool) bool {
	if counted {
		was, now = numbers(was), numbers(now)
	}
	return fold([]string{was})[0] == fold([]string{now})[0]
}

func numbers(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsDigit(r) || r == ',' || r == '.' }), "#")
}

// structure is how alike two elements stand in their pages: 0 to 1.
func structure(was, now selectors.Traits) float64 {
	alike := 0.25*same(was.Tag == now.Tag) + 0.25*same(was.Role == now.Role) + 0.15*jaccard(was.Classes, now.Classes) + 0.1*jaccard(was.Path, now.Path)
	if was.Count > 1 || now.Count > 1 {
		return alike + 0.25*float64(min(was.Count, now.Count))/float64(max(was.Count, now.Count))
	}
	const far = 600 // pixels
	return alike + 0.25*max(0, 1-float64(abs(was.Box[0]-now.Box[0])+abs(was.Box[1]-now.Box[1]))/far)
}

// best returns what is most like an element, and how far it is ahead of the next; what lies around or inside it is not the next.
func best(was selectors.Traits, survey []selectors.Traits, counted bool) (first likeness, margin float64, second int) {
	second = -1
	list := make([]likeness, 0, len(survey))
	for i, now := range survey {
		l := compare(was, now, counted)
		l.at = i
		list = append(list, l)
	}
	slices.SortStableFunc(list, func(a, b likeness) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return survey[a.at].Box[2]*survey[a.at].Box[3] - survey[b.at].Box[2]*survey[b.at].Box[3]
	})
	if len(list) == 0 {
		return likeness{at: -1}, 0, -1
	}
	first, margin = list[0], list[0].score
	for _, next := range list[1:] {
		if was.Count <= 1 && nested(survey[first.at].Box, survey[next.at].Box) {
			continue
		}
		return first, first.score - next.score, next.at
	}
	return first, margin, second
}

func nested(a, b selectors.Box) bool { return inside(a, b) || inside(b, a) }

func inside(a, b selectors.Box) bool {
	return a[0] >= b[0] && a[1] >= b[1] && a[0]+a[2] <= b[0]+b[2] && a[1]+a[3] <= b[1]+b[3]
}

// similar is how many words two texts share: 0 to 1.
func similar(a, b string) float64 { return jaccard(words([]string{a}), words([]string{b})) }

func words(list []string) []string {
	var out []string
	for _, text := range list {
		out = append(out, strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsSymbol(r) && r != '%' && r != '#'
		})...)
	}
	return out
}

func jaccard(a, b []string) float64 {
	a, b = distinct(a), distinct(b)
	if len(a) == 0 && len(b) == 0 {
		return 0
	}
	common := 0
	for _, w := range a {
		if _, ok := slices.BinarySearch(b, w); ok {
			common++
		}
	}
	return float64(common) / float64(len(a)+len(b)-common)
}

func distinct(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func fold(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ToLower(strings.Join(strings.Fields(s), " "))
	}
	return out
}

func same(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func abs(n int) int { return max(n, -n) }
