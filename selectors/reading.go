package selectors

import (
	"strconv"
	"strings"
	"time"

	"restock/selectors/strict"
)

// Reading is a flow that reads rows: the stock list, or the waiting subscriptions.
type Reading struct {
	strict.Pos
	Open    Template          `yaml:"open,required"`
	Steps   []Step            `yaml:"steps"` // after open, before the rows: filters, tabs
	Proof   *Condition        `yaml:"proof"` // the right page, before any row is read
	Rows    Element           `yaml:"rows,required"`
	Skip    []Element         `yaml:"skip"` // rows that are no data: they are one of these, or contain it
	Key     Keys              `yaml:"key"`  // what makes a row unlike all others
	Columns map[string]Column `yaml:"columns,required"`
	Where   map[string]string `yaml:"where"`  // only rows whose column reads like this
	Detail  *Detail           `yaml:"detail"` // a page of its own for each row that matters
	Next    *Next             `yaml:"next"`
	Total   *Field            `yaml:"total"`  // the page's own count
	Empty   *Condition        `yaml:"empty"`  // only this is believed as "nothing"
	Absent  string            `yaml:"absent"` // "0": a product that a complete list does not show is out of stock
	Expect  *Expect           `yaml:"expect"`
	Within  time.Duration     `yaml:"within"` // how long one page may take; default 30 s
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

// Detail is the page of one row.
type Detail struct {
	strict.Pos
	Open    []Step            `yaml:"open,required"` // targets are looked for inside the row
	Proof   *Condition        `yaml:"proof,required"`
	Columns map[string]Column `yaml:"columns,required"` // a column that the row has too must read the same
	Back    []Step            `yaml:"back"`             // default: the list is opened again
}

// Next says how the rest of a list is reached.
type Next struct {
	strict.Pos
	Click  *Element // a link or button to the next page
	More   *Element // a button that adds rows to the same page
	Scroll *Element // the element to scroll; it adds rows by itself
	Pages  Template // an address with {n}: 2, 3, …
	None   bool     // there is one page only
}

// DecodeYAML implements strict.Decodable: a target to click, or one of more, scroll, pages, none.
func (x *Next) DecodeYAML(d *strict.Decoder, n *strict.Node) {
	x.Pos = d.PosOf(n)
	if strict.IsScalar(n) && n.Value == "none" {
		x.None = true
		return
	}
	if strict.IsMap(n) && len(n.Content) == 2 {
		value := n.Content[1]
		switch n.Content[0].Value {
		case "more":
			x.More = &Element{}
			d.Into(value, x.More)
			return
		case "scroll":
			x.Scroll = &Element{}
			d.Into(value, x.Scroll)
			return
		case "pages":
			d.Into(value, &x.Pages)
			return
		case "click":
			x.Click = &Element{}
			d.Into(value, x.Click)
			return
		}
	}
	x.Click = &Element{}
	d.Into(n, x.Click)
}

// Expect is what must hold of a whole reading, so that half a list is not taken for the whole one.
type Expect struct {
	strict.Pos
	Min int `yaml:"min"` // rows at least
	Max int `yaml:"max"` // rows at most
	// Change is how many percent the number of rows may differ from the last good reading; 0: any.
	Change Percent `yaml:"change"`
}

// Writing is the follow-up flow: read, write, read back.
type Writing struct {
	strict.Pos
	Open   Template      `yaml:"open,required"`
	Proof  *Condition    `yaml:"proof"`
	Before Check         `yaml:"before,required"`
	Steps  []Step        `yaml:"steps,required"`
	After  Check         `yaml:"after,required"`
	Also   []Check       `yaml:"also"` // further fields that must be so afterwards
	Within time.Duration `yaml:"within"`
}

// Check compares a field of the page with a text.
type Check struct {
	strict.Pos
	Field Element  `yaml:"field,required"`
	Is    Template `yaml:"is,required"` // whole text, "*" for anything, or /…/
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
