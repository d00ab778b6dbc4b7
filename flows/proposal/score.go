package proposal

import (
	"fmt"
	"slices"
	"strings"

	"restock/selectors"
)

// choice is how good a candidate for a column is.
type choice struct {
	at       int
	score    float64
	identity float64
	reasons  []string
	values   map[string]string
}

type choices []choice

// score judges the candidates for a column, the best first.
func (f *finder) score(name string, field selectors.Field, was map[string]string, now []map[string]string, list []candidate, oldHeads []string, locale string) choices {
	var all choices
	for i, c := range list {
		if c.other {
			continue
		}
		one := choice{at: i, values: map[string]string{}}
		parsed := 0
		for key, raw := range now[i] {
			if p, ok, err := field.Read(raw, locale); err == nil && ok {
				parsed++
				one.values[key] = p.Value
			}
		}
		share, distinct := agreement(was, now[i])
		heading := 0.0
		if c.key == "header" {
			if slices.Contains(fold(oldHeads), fold([]string{c.value})[0]) {
				continue // it was there before, and was something else
			}
			heading = similar(field.Header, c.value)
		}
		reads := 0.0
		if len(now[i]) > 0 {
			reads = float64(parsed) / float64(len(now[i]))
		}
		if distinct >= fewValues { // a heading that is alike proves nothing by itself: what counts is what stands under it
			one.identity = share
			one.reasons = append(one.reasons, fmt.Sprintf("%.0f%% of its rows say what they said on the last good page", share*100))
		}
		if heading > 0 {
			one.reasons = append(one.reasons, fmt.Sprintf("its heading %q is like %q", c.value, field.Header))
		}
		if reads == 1 {
			one.reasons = append(one.reasons, fmt.Sprintf("each of its %d values reads as %s", len(now[i]), kind(field)))
		}
		one.score = 0.75*one.identity + 0.15*reads + 0.1*min(share, max(heading, share/2))
		if reads < 1 || len(now[i]) == 0 {
			one.score /= 2
		}
		if drift := f.drifts(name, one.values); drift != "" {
			one.score /= 2
			one.reasons = append(one.reasons, "against it: "+drift)
		} else if f.Contract.Readings > 0 {
			one.reasons = append(one.reasons, fmt.Sprintf("it is as the %d earlier readings were", f.Contract.Readings))
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b choice) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	return all
}

func kind(f selectors.Field) string {
	if f.Type == "" {
		return "a text"
	}
	return "a " + f.Type
}

// margin is how far the best is ahead of the next that says something else.
func (c choices) margin() float64 {
	if i := c.next(); i > 0 {
		return c[0].score - c[i].score
	}
	return c[0].score
}

// next is the first that says something else than the best, or -1. Several selectors may lead to the same cell.
func (c choices) next() int {
	for i := 1; i < len(c); i++ {
		if share, _ := agreement(c[0].values, c[i].values); share < 1 || len(c[i].values) != len(c[0].values) {
			return i
		}
	}
	return -1
}

// weak says why the best is no proof.
func (c choices) weak(list []candidate) string {
	name := func(i int) string { return list[c[i].at].key + " " + fmt.Sprintf("%q", list[c[i].at].value) }
	switch {
	case c[0].identity == 0:
		return "no column says what it said on the last good page: pick the element on the picture, if it is there"
	case c[0].identity < leastShare || c[0].score < leastScore:
		return fmt.Sprintf("no column is surely the same; most like it is %s (%s)%s", name(0), percent(c[0].score), because(c[0].reasons))
	case c.margin() < leastMargin:
		return fmt.Sprintf("two columns are nearly as much like it, %s and %s", name(0), name(c.next()))
	}
	return ""
}

func because(reasons []string) string {
	if len(reasons) == 0 {
		return ""
	}
	return ": " + strings.Join(reasons, "; ")
}
