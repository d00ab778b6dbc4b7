package selectors

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"restock/selectors/strict"
)

// Reading is a flow that reads rows: the stock list, the waiting subscriptions, or the orders.
type Reading struct {
	strict.Pos
	At      strict.Places
	Open    Template          `yaml:"open,required" doc:"the address of the list, relative to base"`
	Steps   []Step            `yaml:"steps" doc:"what to do after open, before the rows: filters, tabs, an export"`
	Page    []Step            `yaml:"page" doc:"what to do on each page before its rows are read: scroll until all are there"`
	Frame   string            `yaml:"frame" doc:"the list is in the frame with this name, id, title or address"`
	Proof   *Condition        `yaml:"proof" doc:"the right page, before any row is believed"`
	From    *Source           `yaml:"from" doc:"page (default); download: the file that a step of steps took; {response: address}: the page's own JSON answers"`
	Rows    Rows              `yaml:"rows" doc:"the rows: a target with several matches; in an answer {json: path}; in a file none"`
	Skip    []Element         `yaml:"skip" doc:"rows that are no data: they are one of these, or contain it"`
	Key     Keys              `yaml:"key" doc:"the column, or several, that make a row unlike all others"`
	Columns map[string]Column `yaml:"columns,required" doc:"what to read of each row"`
	Where   map[string]string `yaml:"where" doc:"only rows whose column reads like this"`
	Detail  *Detail           `yaml:"detail" doc:"a page of its own for each row"`
	Tabs    *Element          `yaml:"tabs" doc:"tabs in the page, each with a list of its own: all are clicked, one after the other"`
	Next    *Next             `yaml:"next" doc:"how the rest of the list is reached"`
	Total   *Field            `yaml:"total" doc:"the page's own count: what was read must equal it"`
	Empty   *Condition        `yaml:"empty" doc:"only this is believed as nothing, after a second look"`
	Absent  string            `yaml:"absent" doc:"0: a known product that a whole list does not show is out of stock"`
	Expect  *Expect           `yaml:"expect" doc:"what must hold of a whole reading"`
	Walk    string            `yaml:"walk" doc:"fetch: further pages are fetched in the background instead of being opened, where that proves to give the same rows"`
	Within  time.Duration     `yaml:"within" doc:"how long one page may take; default 30s"`
}

// Rows are the rows of a page, or the place of the list in an answer.
type Rows struct {
	Element
	JSON string `doc:"the path to the list in an answer"`
}

// DecodeYAML implements strict.Decodable.
func (r *Rows) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	if strict.IsMap(n) && len(n.Content) == 2 && n.Content[0].Value == "json" {
		r.Pos = d.PosOf(n)
		d.Into(n.Content[1], &r.JSON)
		if _, err := ParsePath(r.JSON); err != nil {
			d.Report(n.Content[1], strict.Kind(n.Content[1]), "a path such as items or data.rows", err.Error())
		}
		return
	}
	r.Element.DecodeYAML(d, n)
}

// Source says where the rows of a reading come from, if not from the page.
type Source struct {
	strict.Pos
	Download *File  `yaml:"download" doc:"how to read the file that a download step took"`
	Response string `yaml:"response" doc:"the address of the answers, with * for anything"`
}

// File says how a downloaded list is written.
type File struct {
	strict.Pos
	Format    string `yaml:"format" doc:"csv or xlsx; default: by the file's name"`
	Separator string `yaml:"separator" doc:"between the columns of a CSV file; default: found out among , ; tab and |"`
	Encoding  string `yaml:"encoding" doc:"utf-8 (default, UTF-16 with its mark too), windows-1252"`
	Sheet     string `yaml:"sheet" doc:"of a workbook; default: the first"`
	Header    int    `yaml:"header" doc:"the line of the headings; default 1"`
}

// DecodeYAML implements strict.Decodable: page, download, or a mapping.
func (s *Source) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	s.Pos = d.PosOf(n)
	if strict.IsMap(n) {
		type plain Source
		d.Struct(n, (*plain)(s))
		if (s.Download == nil) == (s.Response == "") {
			d.Report(n, "no source, or two", "download or response", "")
		}
		if _, err := Pattern(s.Response); err != nil {
			d.Report(n, quote(s.Response), "an address with * for anything", err.Error())
		}
		return
	}
	switch text, ok := d.Text(n); {
	case !ok || text == "page":
	case text == "download":
		s.Download = &File{Pos: s.Pos}
	default:
		d.Report(n, strict.Kind(n), "page, download, {download: …} or {response: address}", strict.DidYouMean(text, []string{"page", "download"}))
	}
}

// DecodeYAML implements strict.Decodable.
func (f *File) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	type plain File
	d.Struct(n, (*plain)(f))
	f.Pos = d.PosOf(n)
	for _, c := range []struct {
		name, value string
		allowed     []string
	}{
		{"format", f.Format, []string{"csv", "xlsx"}},
		{"encoding", f.Encoding, []string{"utf-8", "windows-1252"}},
	} {
		if c.value != "" && !slices.Contains(c.allowed, c.value) {
			d.Report(n, c.name+" "+quote(c.value), strict.List(c.allowed), strict.DidYouMean(c.value, c.allowed))
		}
	}
	if len([]rune(f.Separator)) > 1 {
		d.Report(n, "separator "+quote(f.Separator), "one character", "")
	}
}

// Keys names the columns that make a row unique.
type Keys []string

// DecodeYAML implements strict.Decodable: a name or a list of names.
func (k *Keys) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	if strict.IsList(n) {
		var list []string
		d.Into(n, &list)
		*k = list
		return
	}
	if text, ok := d.Text(n); ok {
		*k = Keys{text}
	}
}

// Column is a value of a row: fields, tried in order; the first that is there and matches is taken.
type Column []Field

// DecodeYAML implements strict.Decodable: one field or a list of fields.
func (c *Column) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	if strict.IsList(n) {
		var list []Field
		d.Into(n, &list)
		*c = list
		return
	}
	*c = make(Column, 1)
	d.Into(n, &(*c)[0])
}

// Detail is the page of one row. With Rows it is a list itself: each customer's page with that customer's requests, say.
type Detail struct {
	strict.Pos
	Open    Way               `yaml:"open,required" doc:"steps, whose targets are looked for inside the row; or an address with columns in it: /customers/{_id}"`
	Frame   string            `yaml:"frame" doc:"it is in this frame"`
	Proof   *Condition        `yaml:"proof,required" doc:"that it is the right page"`
	Rows    *Element          `yaml:"rows" doc:"the page is a list of its own: each of its rows is a record, with the columns of the outer row"`
	Skip    []Element         `yaml:"skip" doc:"rows that are no data"`
	Next    *Next             `yaml:"next" doc:"with rows: how the rest of them is reached"`
	Total   *Field            `yaml:"total" doc:"with rows: the page's own count"`
	Empty   *Condition        `yaml:"empty" doc:"with rows: the page's sign that there are none"`
	Columns map[string]Column `yaml:"columns,required" doc:"what to read; a column that the outer row has too must read the same"`
	Back    []Step            `yaml:"back" doc:"how to return to the list; default: it is opened again"`
}

// Way is how a detail page is reached: by steps, or by an address.
type Way struct {
	Steps   []Step
	Address Template
}

// DecodeYAML implements strict.Decodable.
func (w *Way) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	if strict.IsScalar(n) {
		d.Into(n, &w.Address)
		return
	}
	d.Into(n, &w.Steps)
}

// Next says how the rest of a list is reached.
type Next struct {
	strict.Pos
	Click  *Element `yaml:"click" doc:"a link or button to the next page"`
	More   *Element `yaml:"more" doc:"a button that adds rows to the same page"`
	Scroll *Element `yaml:"scroll" doc:"what to scroll: rows are added, or the shown ones are replaced; window is the page itself"`
	Pages  Template `yaml:"pages" doc:"an address with {n}: 2, 3, …"`
	First  *Element `yaml:"first" doc:"a link or button to the first page, for sites that remember the page"`
	None   bool     // there is one page only
}

// DecodeYAML implements strict.Decodable: none, a target to click, or a mapping with these keys.
func (x *Next) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	x.Pos = d.PosOf(n)
	if strict.IsScalar(n) && n.Value == "none" {
		x.None = true
		return
	}
	ways := []string{"click", "more", "scroll", "pages"}
	target := slices.ContainsFunc(d.Keys(n), func(key string) bool { return slices.Contains(targetKeys(), key) }) // {css: …, first: true}
	if !strict.IsMap(n) || target && !slices.ContainsFunc(d.Keys(n), func(key string) bool { return slices.Contains(ways, key) }) {
		x.Click = &Element{}
		d.Into(n, x.Click)
		return
	}
	type plain Next
	d.Struct(n, (*plain)(x))
	if x.Scroll != nil && x.Scroll.Ref == "window" {
		x.Scroll = window(x.Scroll.Pos)
	}
	found := 0
	for _, set := range []bool{x.Click != nil, x.More != nil, x.Scroll != nil, !x.Pages.Empty()} {
		if set {
			found++
		}
	}
	if found != 1 {
		d.Report(n, "no way to further rows, or several", "one of click, more, scroll or pages", "")
	}
}

// window is the page itself, as something to scroll.
func window(at strict.Pos) *Element {
	return &Element{Pos: at, Alternatives: []Target{{Pos: at, CSS: ":root"}}}
}

// Expect is what must hold of a whole reading, so that half a list is not taken for the whole one.
type Expect struct {
	strict.Pos
	Min    int     `yaml:"min" doc:"rows at least"`
	Max    int     `yaml:"max" doc:"rows at most"`
	Change Percent `yaml:"change" doc:"how much the number of rows may differ from the last good reading: 20%"`
}

// Percent is written "20%".
type Percent int

// DecodeYAML implements strict.Decodable.
func (p *Percent) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	text, ok := d.Text(n)
	if !ok {
		return
	}
	digits, percent := strings.CutSuffix(text, "%")
	number, err := strconv.Atoi(strings.TrimSpace(digits))
	if !percent || err != nil || number < 0 || number > 1000 {
		d.Report(n, strict.Kind(n), "a share such as 20%", "")
		return
	}
	*p = Percent(number)
}
