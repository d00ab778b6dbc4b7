package selectors

import (
	"maps"
	"slices"
	"strings"

	"restock/selectors/strict"
)

// checker finds what is wrong between the keys of a file: names that nothing defines, columns that nothing reads, values
// that a place cannot know.
type checker struct {
	site     *Site
	findings strict.Findings
}

func (c *checker) report(pos strict.Pos, found, expected, hint string) {
	c.findings.Add(pos, found, expected, hint)
}

func (c *checker) check() {
	s := c.site
	if s.Version != 0 && s.Version != 1 {
		c.report(s.At.Of("version", s.Pos), "another version than 1", "version: 1", "this restock knows version 1 only")
	}
	if s.Site != "" && strings.Trim(s.Site, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		c.report(s.At.Of("site", s.Pos), "site "+quote(s.Site), "a name of small letters, digits, - and _", "")
	}
	if _, ok := localeOf(s.Locale); !ok {
		c.report(s.At.Of("locale", s.Pos), "locale "+quote(s.Locale), "a locale such as en-AU, de-DE or fr-FR", "")
	}
	for _, what := range s.Block {
		if !slices.Contains(Blockable(), what) {
			c.report(s.At.Of("block", s.Pos), "block: "+quote(what), strict.List(Blockable()), strict.DidYouMean(what, Blockable()))
		}
	}
	for _, text := range s.Posts {
		if _, err := Pattern(text); err != nil {
			c.report(s.At.Of("posts", s.Pos), "posts: "+quote(text), "an address with * for anything", err.Error())
		}
	}
	for name, e := range s.Elements {
		if e.Ref != "" {
			c.report(e.Pos, "element "+name+" is the word "+quote(e.Ref), "targets such as {css: …}", "")
		}
	}
	r := resolver{elements: s.Elements, report: c.report, text: c.sought}
	r.site(s)
	c.interruptions()
	c.reading("stock", s.Stock, keysOf(StockColumns()), []string{"sku"})
	c.reading("subscribers", s.Subscribers, keysOf(SubscriberColumns()), []string{"id"})
	c.reading("orders", s.Orders, keysOf(OrderColumns()), []string{"order", "at"})
	c.entering(s.Signup)
	if w := c.site.Followup; w != nil && len(w.Find) > 0 && !asksForRecord(w.Proof) {
		c.report(w.Pos, "find without a proof of the record", "proof: with {subscription.id} or {subscription.customer} in it",
			"else the note may be written into another record than the one that was meant")
	}
	c.values()
}

// asksForRecord reports whether a condition names the record at hand.
func asksForRecord(c *Condition) bool {
	return slices.ContainsFunc(conditionWords(c), func(name string) bool { return strings.HasPrefix(name, "subscription.") })
}

// conditionWords are the {words} that a condition asks for: in its targets, addresses and values.
func conditionWords(c *Condition) (names []string) {
	if c == nil {
		return nil
	}
	r := resolver{flow: "proof", report: func(strict.Pos, string, string, string) {}, text: func(t *Template, _ string) {
		names = append(names, t.names(value)...)
	}}
	r.condition(c)
	return append(names, plainWords(c)...)
}

// plainWords are those of addresses and values.
func plainWords(c *Condition) (names []string) {
	texts := []string{c.URL}
	if c.Value != nil {
		texts = append(texts, c.Value.Is)
	}
	for _, text := range texts {
		if t, err := ParseTemplate(text); err == nil {
			names = append(names, t.names(value)...)
		}
	}
	for _, list := range [][]Condition{c.All, c.Any} {
		for i := range list {
			names = append(names, plainWords(&list[i])...)
		}
	}
	return names
}

// Blockable lists what a browser can leave out of a page.
func Blockable() []string { return []string{"images", "fonts", "media"} }

func (c *checker) interruptions() {
	for _, i := range c.site.Interruptions {
		count := 0
		for _, set := range []bool{i.Do != "", i.Click != nil, i.Fail != ""} {
			if set {
				count++
			}
		}
		if count != 1 {
			c.report(i.Pos, "an interruption with several answers, or none", "one of do, click or fail", "")
		}
		if i.Do != "" && i.Do != "login" {
			c.report(i.Pos, "do: "+i.Do, "do: login", "or click: …, or fail: \"what to tell\"")
		}
		if i.Do == "login" && c.site.Login == nil {
			c.report(i.Pos, "do: login", "a login flow in this file", "")
		}
	}
}

// Helper reports whether a column is the file's own, for where:, key:, from: or an address: its name begins with _.
func Helper(column string) bool { return strings.HasPrefix(column, "_") }

func (c *checker) reading(flow string, r *Reading, known, need []string) {
	if r == nil {
		return
	}
	columns := map[string]Column{}
	maps.Copy(columns, r.Columns)
	if r.Detail != nil {
		c.columns(flow, r.Detail.Columns, known)
		maps.Copy(columns, r.Detail.Columns)
	}
	c.columns(flow, r.Columns, known)
	for _, name := range need {
		if columns[name] == nil {
			c.report(r.Pos, "no column "+name, "the column "+name, "every "+flow+" flow needs it")
		}
	}
	if flow == "stock" && columns["quantity"] == nil && columns["availability"] == nil {
		c.report(r.At.Of("columns", r.Pos), "neither quantity nor availability", "one of these columns", "")
	}
	if flow == "subscribers" && columns["sku"] == nil && !r.Open.Asks("sku") {
		c.report(r.Pos, "no column sku", "the column sku, or {sku} in open", "")
	}
	if flow == "orders" {
		c.orders(r, columns)
	}
	for _, key := range r.Key {
		if columns[key] == nil {
			c.report(r.At.Of("key", r.Pos), "key "+quote(key), "one of the columns: "+strict.List(slices.Collect(maps.Keys(columns))), "")
		}
	}
	for name, text := range r.Where {
		if columns[name] == nil {
			c.report(r.At.Of("where", r.Pos), "where "+quote(name), "one of the columns: "+strict.List(slices.Collect(maps.Keys(columns))), "")
		}
		if _, err := Pattern(text); err != nil {
			c.report(r.At.Of("where", r.Pos), "where "+quote(text), "a text, or a regular expression between slashes", err.Error())
		}
	}
	if r.Absent != "" && r.Absent != "0" {
		c.report(r.At.Of("absent", r.Pos), "absent: "+quote(r.Absent), "absent: 0", "")
	}
	if n := r.Next; r.Absent == "0" && r.Total == nil && n != nil && n.Click != nil && n.First == nil {
		c.report(r.At.Of("absent", r.Pos), "absent: 0 without total", "total:, or next: {click: …, first: …}",
			"a list is known to be whole by its own count, or when its first and last page were seen")
	}
	if r.Walk != "" && r.Walk != "fetch" {
		c.report(r.At.Of("walk", r.Pos), "walk: "+quote(r.Walk), "walk: fetch", "")
	}
	c.source(flow, r)
}

// orders checks what only orders need.
func (c *checker) orders(r *Reading, columns map[string]Column) {
	for _, name := range []string{"sku", "amount"} {
		if columns[name] == nil {
			c.report(r.At.Of("columns", r.Pos), "no column "+name, "the column "+name+", here or in detail", "")
		}
	}
	if columns["email"] == nil && columns["phone"] == nil && columns["campaign"] == nil {
		c.report(r.At.Of("columns", r.Pos), "nobody who ordered", "the column email, phone or campaign", "")
	}
	for _, f := range columns["at"] {
		if f.Type != "date" && f.Type != "datetime" {
			c.report(f.Pos, "at without a date", "type: date or datetime", "")
		}
	}
}

// entering checks that a request is looked for by what makes it this one.
func (c *checker) entering(e *Entering) {
	if e == nil {
		return
	}
	texts := e.Open.names(value)
	for s := range Every(e.Find) {
		for i := range s.Fields {
			texts = append(texts, s.Fields[i].Value.names(value)...)
		}
	}
	texts = append(texts, conditionWords(&e.There)...)
	for _, want := range [][]string{{"email", "phone", "key"}, {"sku", "product", "key"}} {
		if !slices.ContainsFunc(want, func(name string) bool { return slices.Contains(texts, name) }) {
			c.report(e.There.Pos, "a request that is not told from others", "{"+strings.Join(want, "} or {")+"} in open, find or there",
				"else the request of somebody else, or for something else, is taken for this one")
		}
	}
	for name := range e.Channels {
		if name != "email" && name != "sms" {
			c.report(e.Pos, "channels: "+name, "email and sms", "")
		}
	}
}

// source checks that the rows fit where they come from.
func (c *checker) source(flow string, r *Reading) {
	answer, file := r.From != nil && r.From.Response != "", r.From != nil && r.From.Download != nil
	switch {
	case file && (r.Rows.JSON != "" || len(r.Rows.Alternatives) > 0 || r.Rows.Ref != ""):
		c.report(r.Rows.Pos, "rows beside from: download", "no rows: every line of the file is one", "")
	case file && !HasDownload(r.Steps):
		c.report(r.Pos, "from: download without a download", "a download step in steps", "")
	case answer && r.Rows.JSON == "":
		c.report(r.Pos, "from: response without the place of the list", "rows: {json: path}", "")
	case !answer && !file && len(r.Rows.Alternatives) == 0 && r.Rows.Ref == "" && r.Rows.JSON == "":
		c.report(r.Pos, "no key rows", "the key rows", "")
	case !answer && r.Rows.JSON != "":
		c.report(r.Rows.Pos, "rows: {json: …}", "a target", "an answer is read with from: {response: address}")
	}
	if !file && r.Next == nil && r.Total == nil {
		c.report(r.Pos, "no next and no total", "next: (how the rest of the list is reached) or next: none",
			"without it restock cannot know whether the list is whole")
	}
	if d := r.Detail; d != nil && d.Rows != nil && d.Next == nil && d.Total == nil {
		c.report(d.Pos, "no next and no total", "next: (how the rest of these rows is reached) or next: none", "")
	}
	if (answer || file) && r.Walk != "" {
		c.report(r.At.Of("walk", r.Pos), "walk beside from", "walk only where rows are read from pages", "")
	}
	for name, column := range r.Columns {
		c.places(flow, name, column, answer, file)
	}
}

// HasDownload reports whether one of the steps takes a file.
func HasDownload(steps []Step) bool {
	for s := range Every(steps) {
		if s.Do == "download" {
			return true
		}
	}
	return false
}

// places checks that a column is read from where its rows are.
func (c *checker) places(flow, name string, column Column, answer, file bool) {
	for _, f := range column {
		switch {
		case f.Join != nil:
			c.places(flow, name, f.Join, answer, file)
		case f.From != "":
		case answer && f.JSON == "":
			c.report(f.Pos, "column "+name+" without json", "json: path", "the rows are those of an answer")
		case file && f.Header == "":
			c.report(f.Pos, "column "+name+" without header", "header: the heading in the file", "the rows are those of a file")
		case !answer && f.JSON != "":
			c.report(f.Pos, "json in column "+name, "a place on the page", "json needs from: {response: address}")
		}
	}
}

func (c *checker) columns(flow string, columns map[string]Column, known []string) {
	for name, column := range columns {
		for _, f := range column {
			c.derived(name, f, columns, known)
		}
		if slices.Contains(known, name) || len(column) == 0 || Helper(name) {
			continue
		}
		hint := strict.DidYouMean(name, known)
		if hint == "" {
			hint = "a column of your own, for where: or from:, begins with _"
		}
		c.report(column[0].Pos, "column "+quote(name)+" in "+flow, strict.List(known), hint)
	}
}

// derived checks a field that takes its value from another column.
func (c *checker) derived(name string, f Field, columns map[string]Column, known []string) {
	for _, group := range f.Groups() {
		if !slices.Contains(known, group) && !Helper(group) {
			c.report(f.Pos, "a group named "+group, strict.List(known), strict.DidYouMean(group, known))
		}
	}
	from := f.Column()
	if from == "" {
		return
	}
	other, ok := columns[from]
	switch {
	case !ok:
		c.report(f.Pos, "from: "+quote(from), "address, or one of the columns: "+strict.List(slices.Collect(maps.Keys(columns))), "")
	case from == name:
		c.report(f.Pos, "from: itself", "another column", "")
	case slices.ContainsFunc(other, func(o Field) bool { return o.Column() != "" }):
		c.report(f.Pos, "from: "+from+", which is itself from another column", "a column that is read from the page", "")
	}
}

// values checks that each {word} is known where it stands, and that secrets stand only where they are typed to log in: anywhere else they
// could come to be seen, in addresses, errors, pictures and messages.
func (c *checker) values() {
	typed := map[*Template]bool{}
	if c.site.Login != nil {
		for s := range Every(c.site.Login.Steps) {
			typed[&s.Secret] = true
			for i := range s.Fields {
				if s.Do != "fill" && s.Do != "type" { // others show it, or take it for a file
					continue
				}
				typed[&s.Fields[i].Value] = true
			}
		}
	}
	c.site.templates(func(t *Template, flow string) {
		c.words(t, flow)
		if t.Secret() && !typed[t] {
			c.report(t.Pos, quote(t.Text), "a text without a secret", "secrets are for what login: types (fill:, otp:), and for nothing else")
		}
	})
}

// sought checks what is looked for on a page.
func (c *checker) sought(t *Template, flow string) {
	if slices.ContainsFunc(t.parts, func(p templatePart) bool { return p.kind == secret || p.kind == environment }) {
		c.report(t.Pos, quote(t.Text), "what is looked for without ${…}", "settings are for addresses, and secrets for what login: types: here they would come to be seen")
		return
	}
	c.words(t, flow)
}

func (c *checker) words(t *Template, flow string) {
	for _, name := range t.names(value) {
		known := c.site.workValues(flow)
		if slices.Contains(known, name) {
			continue
		}
		hint := ""
		if near := strict.Nearest(name, known); near != "" {
			hint = "did you mean {" + near + "}?"
		}
		expected := "no {word} here"
		if len(known) > 0 {
			expected = "one of {" + strings.Join(known, "}, {") + "}"
		}
		c.report(t.Pos, "{"+name+"}", expected, hint)
	}
}
