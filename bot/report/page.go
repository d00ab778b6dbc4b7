package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"restock/bot"
)

//go:embed templates/report.html
var files embed.FS

//go:embed templates/report.css
var style string

// PartStyle is the style of the report for a page that it is a part of, in an element of the class report.
func PartStyle() string {
	var lines []string
	for line := range strings.SplitSeq(style, "\n") {
		if line == "" || strings.HasPrefix(line, ":root") || strings.HasPrefix(line, "body") || strings.HasPrefix(line, "main") || strings.HasPrefix(line, "h1") {
			continue // the page's own
		}
		lines = append(lines, strings.ReplaceAll(line, "body{color:#e6eaee;background:#16191d}", ""))
	}
	return strings.Join(lines, "\n")
}

// spoken is the report without the days on which nothing happened, for people.
func (r Report) spoken() Report {
	r.Periods = slices.DeleteFunc(slices.Clone(r.Periods), func(p Period) bool { return p.quiet() })
	return r
}

// view is what the page shows.
type view struct {
	Report
	Title       string
	Tiles       []tile
	Funnel      template.HTML
	Charts      []chart
	Tables      []tableView
	Definitions []string
	CSS         template.CSS
	Part        bool // of another page
}

// tile is one figure in large letters.
type tile struct{ Name, Value, Change string }

type chart struct {
	Title  string
	Legend []legend
	SVG    template.HTML
}

type legend struct {
	Name, Class string
}

type tableView struct {
	Name, Title string
	Header      []string
	Rows        [][]string
	Numbers     []bool // columns of numbers
	Part        []bool // rows that are part of the one before
}

// WriteHTML writes the report as one page, which is also the HTML of the mail: no scripts, nothing that is loaded.
func (r Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report.html").ParseFS(files, "templates/report.html")
	if err != nil {
		return err
	}
	return t.Execute(w, r.view())
}

// Body writes the report without the page around it.
func (r Report) Body() (template.HTML, error) {
	t, err := template.New("report.html").ParseFS(files, "templates/report.html")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	v := r.view()
	v.Part = true
	err = t.ExecuteTemplate(&b, "body", v)
	return template.HTML(b.String()), err //nolint:gosec // made by html/template
}

func (r Report) view() view {
	f, b := r.Figures, r.Before
	rate, _ := f.Rate()
	then, _ := b.Rate()
	v := view{Report: r, Title: r.Title(), Definitions: r.Definitions(), CSS: template.CSS(style)} //nolint:gosec // ours
	money := func(s Sales) string {
		if len(s.Revenue) == 0 {
			return "0"
		}
		return text(s.Revenue, r.zone())
	}
	v.Tiles = []tile{
		{"told", fmt.Sprint(f.Told), change(float64(f.Told), float64(b.Told))},
		{"clicked", fmt.Sprint(f.Clicked), change(float64(f.Clicked), float64(b.Clicked))},
		{"direct revenue", money(f.Direct), changeOf(f.Direct.Revenue, b.Direct.Revenue)},
		{"assisted revenue", money(f.Assisted), changeOf(f.Assisted.Revenue, b.Assisted.Revenue)},
		{"conversion", orDash(text(f.share(), r.zone())), change(rate, then)},
		{"known to wait", fmt.Sprint(r.Waiting), ""},
		{"sign-ups", fmt.Sprint(f.SignUps), change(float64(f.SignUps), float64(b.SignUps))},
		{"lost to a sell-out", fmt.Sprint(f.Lost), change(float64(f.Lost), float64(b.Lost))},
		{"half told within", orDash(text(f.P50, r.zone())), change(f.P50.Seconds(), b.P50.Seconds())},
	}
	v.Funnel = funnel([]step{{"told", f.Told}, {"clicked", f.Clicked}, {"bought (direct)", f.Converted}})
	v.Charts = r.charts()
	for _, t := range r.spoken().Tables() {
		if len(t.Rows) > 0 {
			v.Tables = append(v.Tables, r.tableView(t))
		}
	}
	return v
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func (r Report) charts() []chart {
	var labels []string
	mail, sms, human, machine := series{name: "e-mail"}, series{name: "SMS"}, series{name: "people"}, series{name: "programs"}
	direct, assisted := series{name: "direct"}, series{name: "assisted"}
	currencies := map[string]bool{}
	for _, p := range r.Periods {
		labels = append(labels, strings.TrimSuffix(p.label(r.Per, r.zone()), p.Start.In(r.zone()).Format(" 2006")))
		mail.values, sms.values = append(mail.values, float64(p.ByWay[bot.Email])), append(sms.values, float64(p.ByWay[bot.SMS]))
		human.values, machine.values = append(human.values, float64(p.HumanClicks)), append(machine.values, float64(p.AllClicks-p.HumanClicks))
		direct.values, assisted.values = append(direct.values, units(p.Direct, currencies)), append(assisted.values, units(p.Assisted, currencies))
	}
	count := func(v float64) string { return fmt.Sprintf("%.0f", v) }
	list := []chart{{Title: "Told", SVG: bars("Told", labels, count, mail, sms)}, {Title: "Clicks", SVG: bars("Clicks", labels, count, human, machine)}}
	list[0].Legend, list[1].Legend = legends(mail, sms), legends(human, machine)
	if len(currencies) == 1 { // amounts of several currencies are not drawn on one scale
		for currency := range currencies {
			title := "Revenue in " + currency
			money := func(v float64) string {
				return strings.TrimSuffix(bot.Amount{Minor: int64(v), Currency: currency}.Decimal(), ".00")
			}
			list = append(list, chart{Title: title, SVG: bars(title, labels, money, direct, assisted), Legend: legends(direct, assisted)})
		}
	}
	var drawn []chart
	for _, c := range list {
		if c.SVG != "" {
			drawn = append(drawn, c)
		}
	}
	return drawn
}

// units is the revenue of the only currency, in its smallest unit.
func units(s Sales, seen map[string]bool) float64 {
	sum := int64(0)
	for _, a := range s.Revenue {
		seen[a.Currency] = true
		sum += a.Minor
	}
	return float64(sum)
}

func legends(list ...series) []legend {
	var l []legend
	for i, s := range list {
		l = append(l, legend{s.name, fmt.Sprintf("c%d", i)})
	}
	return l
}

func (r Report) tableView(t Table) tableView {
	v := tableView{Name: t.Name, Title: t.Title}
	columns := t.used()
	for _, i := range columns {
		v.Header = append(v.Header, t.Header[i])
		v.Numbers = append(v.Numbers, i > 0 && t.Header[i] != "Product")
	}
	for _, row := range t.Rows {
		var cells []string
		for _, i := range columns {
			cells = append(cells, text(row[i], r.zone()))
		}
		v.Part = append(v.Part, strings.HasPrefix(cells[0], "  "))
		v.Rows = append(v.Rows, cells)
	}
	return v
}
