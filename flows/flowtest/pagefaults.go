package flowtest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
)

// stockPage writes a page of the stock list by hand, so that it can be written wrongly.
func stockPage(all []Product, number, pages int) string {
	return sheet("<th>SKU</th><th>Product</th><th class=\"number\">On hand</th>", rowsOf(all, number), fmt.Sprintf("%d–%d of %d", 1, len(all), len(all)), pager(number, pages))
}

func sheet(head, rows, count, pager string) string {
	return `<!doctype html><html lang="en-AU"><title>Products · IMS</title><header><b>Austral IMS</b><a href="/products">Products</a><a class="logout" href="/logout">Log out</a></header>` +
		`<main><h1>Products</h1><table class="stock"><thead><tr>` + head + `</tr></thead><tbody>` + rows + `</tbody></table><div class="pager"><span class="count">` + count + `</span>` + pager + `</div></main></html>`
}

func rowsOf(all []Product, number int) string {
	var b strings.Builder
	for _, p := range part(all, number) {
		fmt.Fprintf(&b, `<tr><td>%s</td><td><a href="/products/%s">%s</a></td><td class="number">%s</td></tr>`, p.SKU, p.SKU, p.Name, thousands(p.Quantity))
	}
	return b.String()
}

func part(all []Product, number int) []Product {
	from := min((number-1)*perPage, len(all))
	return all[from:min(from+perPage, len(all))]
}

func pager(number, pages int) string {
	if number >= pages {
		return ""
	}
	return fmt.Sprintf(`<a href="/products?page=%d">Next</a>`, number+1)
}

// list answers with a stock page that change has written wrongly.
func list(change func(all []Product, number int, seed *rand.Rand) string) serve {
	return func(w *World, rw http.ResponseWriter, r *http.Request, seed *rand.Rand) bool {
		number := 1
		if _, err := fmt.Sscan(r.FormValue("page"), &number); err != nil {
			number = 1
		}
		return page(200, change(w.Products(), number, seed))(w, rw, r, seed)
	}
}

// counted is the page as it is, with parts of it replaced.
func counted(all []Product, number int, replace ...string) string {
	pages := (len(all) + perPage - 1) / perPage
	n := len(part(all, number))
	text := sheet("<th>SKU</th><th>Product</th><th class=\"number\">On hand</th>", rowsOf(all, number),
		fmt.Sprintf("%d–%d of %d", (number-1)*perPage+1, (number-1)*perPage+n, len(all)), pager(number, pages))
	return strings.NewReplacer(replace...).Replace(text)
}

func pageFaults() []Fault {
	return []Fault{
		{"H1", "columns in another order, renamed, and one more", list(func(all []Product, number int, seed *rand.Rand) string {
			return counted(all, number, []string{"On hand", "Available"}[seed.IntN(2)], "Reserved", "<th>Product</th>", "<th>Item</th><th>Location</th>")
		})},
		{"H2", "the table is gone", list(func(all []Product, number int, _ *rand.Rand) string {
			return counted(all, number, `class="stock"`, `class="inventory-2"`)
		})},
		{"H3", "an empty list that is not empty", list(func(all []Product, number int, _ *rand.Rand) string {
			return sheet("<th>SKU</th><th>Product</th><th>On hand</th>", "", "0–0 of 0", "")
		})},
		{"H3-zero", "every quantity is zero", list(func(all []Product, number int, _ *rand.Rand) string {
			for i := range all {
				all[i].Quantity = 0
			}
			return counted(all, number)
		})},
		{"H4", "one product twice, with two quantities", list(func(all []Product, number int, _ *rand.Rand) string {
			all[(number-1)*perPage+1].SKU = all[(number-1)*perPage].SKU
			return counted(all, number)
		})},
		{"H5", "a pager that never ends", list(func(all []Product, number int, _ *rand.Rand) string {
			return strings.Replace(counted(all, 1), fmt.Sprint(" of ", len(all)), " of 900", 1)
		})},
		{"H6", "rows that move to another page meanwhile", list(func(all []Product, number int, _ *rand.Rand) string {
			if number > 1 {
				all = append(append([]Product{}, all[1:]...), all[0])
			}
			return counted(all, number)
		})},
		{"H7", "numbers that are none", list(func(all []Product, number int, seed *rand.Rand) string {
			bad := []string{"１２", "−5", "12 pcs", "N/A", "1.234,00", "—", "in stock", "1 2", "0x10", "1e3", "∞", "½"}[seed.IntN(12)]
			return strings.ReplaceAll(counted(all, number), `<td class="number">`, `<td class="number">`+bad+` `)
		})},
		{"H8", "a page of megabytes", list(func(all []Product, number int, _ *rand.Rand) string {
			return counted(all, number, "</main>", `<p>`+strings.Repeat("x ", 1<<20)+`</p></main>`)
		})},
		{"H8-cell", "a cell of a megabyte", list(func(all []Product, number int, _ *rand.Rand) string {
			all[(number-1)*perPage].Name = strings.Repeat("x", 1<<20)
			return counted(all, number)
		})},
		{"H9", "a dialog that stops everything", list(func(all []Product, number int, seed *rand.Rand) string {
			call := []string{"alert('Hello')", "confirm('Really?')", "prompt('Name?')"}[seed.IntN(3)]
			return counted(all, number, "</main>", "</main><script>"+call+"</script>")
		})},
		{"H10", "a window that opens itself", list(func(all []Product, number int, _ *rand.Rand) string {
			return counted(all, number, "</main>", "</main><script>open('/products?page=1')</script>")
		})},
		{"H11", "a download in place of a page", func(_ *World, rw http.ResponseWriter, _ *http.Request, _ *rand.Rand) bool {
			rw.Header().Set("Content-Disposition", `attachment; filename="products.html"`)
			fmt.Fprint(rw, "x")
			return true
		}},
		{"H12", "hostile names", list(func(all []Product, number int, seed *rand.Rand) string {
			for i := range all {
				all[i].Name = escapeHTML(Hostile()[(seed.IntN(100)+i)%len(Hostile())])
			}
			return counted(all, number)
		})},
	}
}

func escapeHTML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;").Replace(s)
}

// Hostile are texts that mean something to whatever they come into: HTML, mail headers, terminals, spreadsheets, shells.
func Hostile() []string {
	return []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{{.Secret}}`, `${secret:IMS_PASSWORD}`, `=cmd|'/c calc'!A1`, `+1+1`, `-2+3`, `@SUM(A1)`,
		"line\r\nBcc: everybody@example.com", "line\nX-Header: 1", "\x1b[2J\x1b]0;title\x07", "right\u202eleft", "zero\u200bwidth", "nul\x00byte", "bell\x07", "\u2028separator", "\u0085next",
		"' OR 1=1 --", "../../etc/passwd", "%s%n%x", "𝒜 😀 👩‍👩‍👧", strings.Repeat("A", 5000), "\ufeffmark", "tab\tcell", "javascript:alert(1)", "&lt;b&gt;", "]]>", "`id`", "$(id)", "\u202d\u2066nested\u2069",
	}
}
