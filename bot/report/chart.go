package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// Of a chart: its size in the units of its own coordinates, and the colours of its series, which show on white and on black.
const (
	chartWidth, chartHeight = 460.0, 170.0
	chartLeft, chartBottom  = 44.0, 26.0
	chartTop                = 10.0
)

func colours() []string { return []string{"#2a9d78", "#b7791f", "#7c6fd0"} }

// series is one colour of a chart.
type series struct {
	name   string
	values []float64
}

// bars draws the series as stacked bars, with a line of labels below. What a bar shows is in its title, which screen readers and mice find;
// the same figures stand in the table below it.
func bars(title string, labels []string, unit func(float64) string, list ...series) template.HTML {
	top := 0.0
	for i := range labels {
		sum := 0.0
		for _, s := range list {
			sum += s.values[i]
		}
		top = math.Max(top, sum)
	}
	if top == 0 || len(labels) == 0 {
		return ""
	}
	step := nice(top / 3)
	top = math.Ceil(top/step) * step
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %.0f %.0f" width="100%%" role="img" aria-label="%s" xmlns="http://www.w3.org/2000/svg" font-family="inherit" font-size="12" fill="currentColor">`,
		chartWidth, chartHeight, template.HTMLEscapeString(title+": a chart of the figures in the table below"))
	y := func(v float64) float64 {
		return chartHeight - chartBottom - v/top*(chartHeight-chartBottom-chartTop)
	}
	for v := 0.0; v <= top+step/2; v += step {
		fmt.Fprintf(&b, `<line x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f" stroke="currentColor" stroke-opacity="0.18"/><text x="%.0f" y="%.1f" text-anchor="end">%s</text>`,
			chartLeft, chartWidth, y(v), y(v), chartLeft-6, y(v)+4, template.HTMLEscapeString(unit(v)))
	}
	slot := (chartWidth - chartLeft) / float64(len(labels))
	width := math.Min(slot*0.7, 44)
	every := int(math.Ceil(float64(len(labels)) * 74 / (chartWidth - chartLeft)))
	for i, label := range labels {
		x := chartLeft + slot*float64(i) + (slot-width)/2
		base := 0.0
		for n, s := range list {
			if s.values[i] <= 0 {
				continue
			}
			high := y(base) - y(base+s.values[i])
			fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"><title>%s</title></rect>`, x, y(base)-high, width, high, colours()[n%3],
				template.HTMLEscapeString(label+", "+s.name+": "+unit(s.values[i])))
			base += s.values[i]
		}
		if i%every == 0 {
			fmt.Fprintf(&b, `<text x="%.1f" y="%.0f" text-anchor="middle">%s</text>`, x+width/2, chartHeight-8, template.HTMLEscapeString(strings.TrimPrefix(label, "week of ")))
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // every text in it is escaped above
}

// nice is a round number not below v: 1, 2, 5, 10, 20, …
func nice(v float64) float64 {
	if v <= 1 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range []float64{1, 2, 5, 10} {
		if n*power >= v {
			return n * power
		}
	}
	return 10 * power
}

// funnel draws how few are left from step to step.
func funnel(steps []step) template.HTML {
	if len(steps) == 0 || steps[0].N == 0 {
		return ""
	}
	const high, width, text = 30.0, 230.0, 115.0
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %.0f %.0f" width="100%%" role="img" aria-label="%s" xmlns="http://www.w3.org/2000/svg" font-family="inherit" font-size="12" fill="currentColor">`,
		chartWidth, high*float64(len(steps)), template.HTMLEscapeString(describe(steps)))
	for i, s := range steps {
		y := float64(i) * high
		fmt.Fprintf(&b, `<text x="0" y="%.0f">%s</text><rect x="%.0f" y="%.0f" width="%.1f" height="22" fill="%s"/><text x="%.1f" y="%.0f">%d (%.0f %%)</text>`,
			y+18, template.HTMLEscapeString(s.Name), text, y+3, math.Max(2, width*float64(s.N)/float64(steps[0].N)), colours()[0],
			text+math.Max(2, width*float64(s.N)/float64(steps[0].N))+8, y+18, s.N, 100*float64(s.N)/float64(steps[0].N))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // every text in it is escaped above
}

// step is one of a funnel.
type step struct {
	Name string
	N    int
}

func describe(steps []step) string {
	var parts []string
	for _, s := range steps {
		parts = append(parts, fmt.Sprintf("%s %d", s.Name, s.N))
	}
	return strings.Join(parts, ", then ")
}
