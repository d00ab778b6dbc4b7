package proposal_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/flows"
	"restock/flows/browser"
	"restock/flows/proposal"
	"restock/selectors"
)

const tableFile = `version: 1
site: ims
base: "https://ims.example"
stock:
  open: /
  proof: {heading: Products}
  rows: {css: "table.stock tbody tr"}
  key: sku
  columns:
    sku:      {header: SKU}
    name:     {header: Product, text: a}
    quantity: {header: On hand, type: number}
  total: {css: ".count", match: "([0-9]+) products"}
  next: none
`

const cardFile = `version: 1
site: shop
base: "https://shop.example"
stock:
  open: /
  proof:
    visible: {css: "h1.title"}
  rows: {css: "article.card"}
  key: sku
  columns:
    sku: {css: ".code"}
    quantity: # how many there are
      css: ".left"
      type: number
    name: {text: "h2"}
  next: none
`

// tablePage is the list of products; shift makes some of the quantities others than they were.
func tablePage(shift int) string {
	var b strings.Builder
	b.WriteString(`<html><body><header><a href="/out">Log out</a></header><main><h1>Products</h1><p class="count">24 products</p>` +
		`<p class="hint">Prices in AUD</p><table class="stock"><thead><tr><th>SKU</th><th>Product</th><th>On hand</th><th>Reserved</th><th>Bin</th></tr></thead><tbody>`)
	for i := range 24 {
		n := i * i % 37
		if shift > 0 && i%shift == 0 {
			n += 2
		}
		fmt.Fprintf(&b, `<tr><td>AO-%d</td><td><a href="/p/%d">Tent %c</a></td><td>%d</td><td>%d</td><td>K-%d</td></tr>`, 1000+i, i, 'A'+rune(i), n, i*7%11, i%5)
	}
	return b.String() + `</tbody></table><table class="sums"><thead><tr><th>Bin</th><th>Sum</th></tr></thead><tbody><tr><td>K-1</td><td>90</td></tr><tr><td>K-2</td><td>80</td></tr></tbody></table></main></body></html>`
}

func cardPage(int) string {
	var b strings.Builder
	b.WriteString(`<html><body><nav><ul><li><a href="/">Home</a></li><li><a href="/c">Cart</a></li></ul></nav><h1 class="title">All products</h1><h1 class="sub">Contact us</h1><section class="grid">`)
	for i := range 12 {
		fmt.Fprintf(&b, `<article class="card"><h2>Lamp %c</h2><span class="code">L-%d</span><span class="left">%d</span><span class="weight">%d</span></article>`, 'A'+rune(i), 100+i, i*5%13, 3+i*i%17)
	}
	return b.String() + `</section></body></html>`
}

// twoTables has a second list of the same form, with other quantities.
func twoTables(shift int) string {
	first := tablePage(shift)
	second := strings.NewReplacer(`class="stock"`, `class="perth"`, `<p class="count">`, `<p class="other">`, "<h1>Products</h1>", "").Replace(tablePage(3))
	return strings.Replace(first, `<table class="sums">`, second[strings.Index(second, `<table class="perth">`):strings.Index(second, `<table class="sums">`)]+`<table class="sums">`, 1)
}

// linked has the heading's text in its navigation too.
func linked(shift int) string {
	return strings.Replace(tablePage(shift), `<header>`, `<header><a href="/products">Products</a>`, 1)
}

// neighbour has a column beside that nearly always says the same.
func neighbour(int) string {
	page := strings.NewReplacer("<th>Reserved</th>", "<th>Expected</th>").Replace(tablePage(0))
	for i := range 24 {
		n := i * i % 37
		row := fmt.Sprintf("<td>%d</td><td>%d</td>", n, i*7%11)
		other := n
		if i%8 == 0 {
			other = n + 1
		}
		page = strings.Replace(page, row, fmt.Sprintf(`<td class="q">%d</td><td>%d</td>`, n, other), 1)
	}
	return page
}

const numbered = `version: 1
site: ims
base: "https://ims.example"
stock:
  open: /
  proof: {heading: Products}
  rows: {css: "table.stock tbody tr"}
  key: sku
  columns:
    sku:      {header: SKU}
    quantity: {header: Warehouse 1, type: number}
  next: none
`

func warehouses(shift int) string {
	return strings.NewReplacer("On hand", "Warehouse 1", "Reserved", "Warehouse 2").Replace(tablePage(shift))
}

func inStock(shift int) string {
	return strings.Replace(tablePage(shift), "<h1>Products", "<h1>Products in stock", 1)
}

// incoming has a part in each card that often says the same as another.
func incoming(int) string {
	page := cardPage(0)
	for i := range 12 {
		n := i * 5 % 13
		other := n
		if i%4 == 0 {
			other++
		}
		page = strings.Replace(page, fmt.Sprintf(`<span class="left">%d</span><span class="weight">`, n), fmt.Sprintf(`<span class="left">%d</span><i class="incoming">%d</i><span class="weight">`, n, other), 1)
	}
	return page
}

const tabFile = `version: 1
site: ims
base: "https://ims.example"
elements:
  tab: {css: "a.tab"}
stock:
  open: /
  steps:
    - click: tab
  proof:
    visible: tab
  rows: {css: "table.stock tbody tr"}
  key: sku
  columns:
    sku:      {header: SKU}
    quantity: {header: On hand, type: number}
  next: none
`

func tabPage(shift int) string {
	return strings.Replace(tablePage(shift), "<header>", `<header><a class="tab" href="/all">Show all products</a>`, 1)
}

// TestProposals changes pages in the ways that sites change, and in ways in which nothing may be proposed.
func TestProposals(t *testing.T) {
	b := open(t)
	gone := "it is gone: nothing may be proposed"
	for name, c := range map[string]struct {
		file   string
		page   func(int) string
		change []string // of the page: what, by what, …
		shift  int
		want   []string // lines, as they would be; gone
		why    string   // of a refusal
	}{
		"a heading renamed":               {file: tableFile, page: tablePage, change: []string{"On hand", "Available"}, shift: 5, want: []string{"quantity: {header: Available, type: number}"}},
		"a heading with a word more":      {file: tableFile, page: tablePage, change: []string{"On hand", "Qty on hand"}, shift: 5, want: []string{`quantity: {header: Qty on hand, type: number}`}},
		"the key renamed":                 {file: tableFile, page: tablePage, change: []string{"<th>SKU", "<th>Item code"}, want: []string{"sku:      {header: Item code}"}},
		"a column gone":                   {file: tableFile, page: tablePage, change: []string{"<th>On hand</th>", "<th>Colour</th>", "<td>0</td>", "<td>red</td>"}, shift: 1, want: []string{gone}, why: "no column says what it said"},
		"all values others, and the name": {file: tableFile, page: tablePage, change: []string{"On hand", "Colli"}, shift: 1, want: []string{gone}, why: "no column says what it said"},
		"the table's class renamed":       {file: tableFile, page: tablePage, change: []string{`class="stock"`, `class="inventory"`}, shift: 4, want: []string{`rows: {css: table.inventory tbody tr}`}},
		"table and heading":               {file: tableFile, page: tablePage, change: []string{`class="stock"`, `class="inventory"`, "On hand", "Available"}, shift: 6, want: []string{`rows: {css: table.inventory tbody tr}`, "quantity: {header: Available, type: number}"}},
		"the table gone":                  {file: tableFile, page: tablePage, change: []string{`<table class="stock"`, `<table hidden class="stocks"`}, want: []string{gone}, why: "surely the same"},
		"the page's heading longer":       {file: tableFile, page: tablePage, change: []string{"<h1>Products", "<h1>Products in stock"}, want: []string{gone}, why: "surely the same"},
		"the page's heading, a word more": {file: tableFile, page: tablePage, change: []string{"<h1>Products", "<h1>Our products"}, want: []string{gone}, why: "surely the same"},
		"the count's class renamed":       {file: tableFile, page: tablePage, change: []string{`class="count"`, `class="summary"`}, want: []string{`total: {css: "p.summary", match: "([0-9]+) products"}`}},
		"the count gone":                  {file: tableFile, page: tablePage, change: []string{`<p class="count">24 products</p>`, ""}, want: []string{gone}, why: "was something else"},
		"cards renamed":                   {file: cardFile, page: cardPage, change: []string{`class="card"`, `class="tile"`}, want: []string{`rows: {css: article.tile}`}},
		"cards of another build":          {file: cardFile, page: cardPage, change: []string{`class="card"`, `class="css-1x8y9z"`, `class="grid"`, `class="css-77aa1"`}, want: []string{`rows: {css: section article}`}},
		"a part of the cards renamed":     {file: cardFile, page: cardPage, change: []string{`class="left"`, `class="available"`}, want: []string{`css: "span.available"`}},
		"two parts alike":                 {file: cardFile, page: cardPage, change: []string{`class="left"`, `class="other"`, `<span class="weight">`, `<span class="weight">7</span><span class="x">`}, want: []string{`css: "span.other"`}},
		"a title replaced by another":     {file: cardFile, page: cardPage, change: []string{`<h1 class="title">All products</h1>`, ""}, want: []string{gone}, why: "surely the same"},
		"the title's class renamed":       {file: cardFile, page: cardPage, change: []string{`class="title"`, `class="head"`}, want: []string{"visible: {css: h1.head}"}},
		"another table takes its place":   {file: tableFile, page: twoTables, change: []string{`<table class="stock">`, `<table hidden>`}, want: []string{gone}, why: "stood on the last good page too"},
		"a link in the heading's place":   {file: tableFile, page: linked, change: []string{"<h1>Products", "<h1>Inventory"}, want: []string{gone}, why: "stood on the last good page too"},
		"a link, and drafts":              {file: tableFile, page: linked, change: []string{"<h1>Products</h1>", "<h1>Stocktake drafts</h1>"}, want: []string{gone}, why: "stood on the last good page too"},
		"a neighbour of equal values":     {file: tableFile, page: neighbour, change: []string{"<th>On hand</th>", "", `<td class="q">`, `<td hidden class="q">`}, want: []string{gone}, why: "was something else"},
		"another number in the heading":   {file: numbered, page: warehouses, change: []string{"<th>Warehouse 1</th>", "<th>Warehouse 3</th>"}, shift: 1, want: []string{gone}, why: "no column says what it said"},
		"a sign more, and the true one":   {file: tableFile, page: tablePage, change: []string{"<th>On hand", "<th>Available", "<th>Reserved", "<th>On hand %"}, shift: 6, want: []string{"quantity: {header: Available, type: number}"}},
		"the opposite heading":            {file: strings.Replace(tableFile, "heading: Products", "heading: Products in stock", 1), page: inStock, change: []string{"Products in stock", "Products not in stock"}, want: []string{gone}, why: "surely the same"},
		"a part that took its place":      {file: cardFile, page: incoming, change: []string{`<span class="left">`, `<i hidden>`}, want: []string{gone}, why: "was something else"},
		"narrowed rows":                   {file: strings.Replace(tableFile, `{css: "table.stock tbody tr"}`, `{css: "table.stock tbody tr", has: {css: a}}`, 1), page: tablePage, change: []string{`class="stock"`, `class="inventory"`}, want: []string{gone}, why: "narrowed by"},
		"a transparent table":             {file: tableFile, page: tablePage, change: []string{`<table class="stock">`, `<table class="stocks" style="opacity:0">`}, want: []string{gone}, why: "surely the same"},
		"clicked elsewhere":               {file: tabFile, page: tabPage, change: []string{`class="tab"`, `class="tabs"`}, want: []string{gone}, why: "a wrong guess there writes"},
	} {
		t.Run(name, func(t *testing.T) {
			now := strings.NewReplacer(c.change...).Replace(c.page(c.shift))
			proposals, refusals := find(t, b, proposal.Case{File: "x.yaml", Text: c.file, Flow: "stock", What: "list"}, c.page(0), now)
			var got []string
			for _, p := range proposals {
				got = append(got, p.After)
				if len(p.Reasons) < 2 || p.Was == (selectors.Box{}) || p.Now == (selectors.Box{}) || p.Line == 0 {
					t.Errorf("a proposal without its reasons or places: %+v", p)
				}
			}
			want := c.want
			if want[0] == gone {
				want = nil
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("got %q\nwant %q\nrefused %+v", got, want, refusals)
			}
			if c.why != "" && (len(refusals) == 0 || !strings.Contains(refusals[0].Why, c.why)) {
				t.Errorf("refused %+v, want %q", refusals, c.why)
			}
			if len(proposals) > 0 && strings.Count(proposals[0].Text, "\n") != strings.Count(c.file, "\n") {
				t.Errorf("the file would be\n%s", proposals[0].Text)
			}
		})
	}
}

// TestHalfMended: where somebody has mended the rows by hand, the columns are found again all the same.
func TestHalfMended(t *testing.T) {
	b := open(t)
	c := proposal.Case{File: "x.yaml", Former: tableFile, Text: strings.Replace(tableFile, "table.stock", "table.inventory", 1), Flow: "stock", What: "list"}
	now := strings.NewReplacer(`class="stock"`, `class="inventory"`, "On hand", "Available").Replace(tablePage(5))
	proposals, refusals := find(t, b, c, tablePage(0), now)
	if len(proposals) != 1 || proposals[0].After != "quantity: {header: Available, type: number}" {
		t.Errorf("%+v, %+v", proposals, refusals)
	}
}

// TestNeverForWriting: nothing is proposed for what is clicked or typed into, however alike it is.
func TestNeverForWriting(t *testing.T) {
	b := open(t)
	file := tableFile + `followup:
  open: /requests/{subscription.id}
  proof: {heading: Products}
  before: {field: {css: ".state"}, is: "Open"}
  steps:
    - click: {css: ".save"}
  after: {field: {css: ".state"}, is: "Done"}
`
	page := `<html><body><h1>Products</h1><p class="state">Open</p><button class="save">Save</button></body></html>`
	proposals, refusals := find(t, b, proposal.Case{File: "x.yaml", Text: file, Flow: "followup", What: "list"}, page, strings.Replace(page, `class="state"`, `class="status"`, 1))
	if len(proposals) > 0 || len(refusals) == 0 || !strings.Contains(refusals[0].Why, "a wrong guess there writes") {
		t.Errorf("%+v, %+v", proposals, refusals)
	}
}

// TestContract: a column whose values are not as those of earlier readings were is not proposed.
func TestContract(t *testing.T) {
	b := open(t)
	learned := bot.Shape{Site: "ims", Flow: "stock", Rows: 24}
	for i := range 24 {
		learned.Add("quantity", []string{"some", "none", "many"}[i%3])
	}
	c := proposal.Case{File: "x.yaml", Text: tableFile, Flow: "stock", What: "list", Contract: (bot.Contract{}).Learn(learned, time.Now())}
	proposals, refusals := find(t, b, c, tablePage(0), strings.Replace(tablePage(5), "On hand", "Available", 1))
	if len(proposals) > 0 || len(refusals) == 0 || !strings.Contains(refusals[0].Why, "nearly all were before") {
		t.Errorf("%+v, %+v", proposals, refusals)
	}
}

func open(t *testing.T) *browser.Browser {
	t.Helper()
	found, err := (browser.Installer{Say: os.Stderr}).Ensure(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	b, err := browser.Launch(t.Context(), browser.Options{Path: found.Path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// find shows two pages and looks for what can be proposed.
func find(t *testing.T, b *browser.Browser, c proposal.Case, good, now string) ([]proposal.Proposal, []proposal.Refusal) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		text := now
		if r.URL.Path == "/good" {
			text = good
		}
		_, _ = w.Write([]byte("<!doctype html>" + text))
	}))
	t.Cleanup(server.Close)
	show := func(path string) flows.Page {
		p, err := b.NewPage(context.Background(), browser.PageOptions{})
		if err == nil {
			err = p.Open(t.Context(), server.URL+path)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		return p
	}
	proposals, refusals, err := proposal.Find(t.Context(), c, show("/good"), show("/now"), selectors.Values{Any: true})
	if err != nil {
		t.Fatal(err)
	}
	return proposals, refusals
}
