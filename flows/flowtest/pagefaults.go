package flowtest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
)

// StockPage is a page of the stock list, for tests that change it.
func StockPage(all []Product, number int) string { return counted(all, number) }

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
		{ID: "H1", Name: "columns in another order, renamed, and one more", serve: list(func(all []Product, number int, seed *rand.Rand) string {
			return counted(all, number, []string{"On hand", "Available"}[seed.IntN(2)], "Reserved", "<th>Product</th>", "<th>Item</th><th>Location</th>")
		})},
		{ID: "H2", Name: "the table is gone", serve: list(func(all []Product, number int, _ *rand.Rand) string {
			return counted(all, number, `class="stock"`, `class="inventory-2"`)
		})},
		{ID: "H3", Name: "an empty list that is not empty", serve: list(func(all []Product, number int, _ *rand.Rand) string {
			return sheet("<th>SKU</th><th>Product</th><th>On hand</th>", "", "0–0 of 0", "")
		})},
		{ID: "H3-zero", Name: "every quantity is zero", serve: list(func(all []Product, number int, _ *rand.Rand) string {
			for i := range all {
				all[i].Quantity = 0
			}
			return counted(all, number)
		})},
		{ID: "H4", Name: "one product twice, with two quantities", serve: list(func(all []Product, number int, _ *rand.Rand) string {
			all[(number-1)*perPage+1].SKU = all[(number-1)*perPage].SKU
			return counted(all, number)
		})},
		{ID: "H5", Name: "a pager that never ends", serve: list(func(all []Product, number int, _ *rand.Rand) string {
			return strings.Replace(counted(all, 1), fmt.Sprint(" of ", len(all)), " of 900", 1)
		})},
		{ID: "H6", Name: "rows that move to another page meanwhile", serve: list(func(all []Product, number int, _ *rand.Rand) string {
			if number > 1 {
				all = append(append([]Product{}, all[1:]...), all[0])
			}
			return counted(all, number)
		})},
		{ID: "H7", Name: "numbers that are none", serve: list(func(all []Product, number int, seed *rand.Rand) string {
			bad := []string{"１２", "−5", "12 pcs", "N/A", "1.234,00", "—", "in stock", "1 2", "0x10", "1e3", "∞", "½"}[seed.IntN(12)]
			return strings.ReplaceAll(counted(all, number), `<td class="number">`, `<td class="number">`+bad+` `)
		})},
	}
}

// heavyFaults are pages that are too much of something: bytes, dialogs, windows, malice.
func heavyFaults() []Fault {
	return []Fault{
		{ID: "H8", Name: "a page of megabytes", Harmless: true, serve: list(func(all []Product, number int, _ *rand.Rand) string {
			return counted(all, number, "</main>", `<p>`+strings.Repeat("x ", 1<<20)+`</p></main>`)
		})},
		{ID: "H8-cell", Name: "a cell of a megabyte", Harmless: true, serve: list(func(all []Product, number int, _ *rand.Rand) string {
			all[(number-1)*perPage].Name = strings.Repeat("x", 1<<20)
			return counted(all, number)
		})},
		{ID: "H9", Name: "a dialog that stops everything", Harmless: true, serve: list(func(all []Product, number int, seed *rand.Rand) string {
			call := []string{"alert('Hello')", "confirm('Really?')", "prompt('Name?')"}[seed.IntN(3)]
			return counted(all, number, "</main>", "</main><script>"+call+"</script>")
		})},
		{ID: "H10", Name: "a window that opens itself", Harmless: true, serve: list(func(all []Product, number int, _ *rand.Rand) string {
			return counted(all, number, "</main>", "</main><script>open('/products?page=1')</script>")
		})},
		{ID: "H2-heading", Name: "another heading", serve: list(func(all []Product, number int, _ *rand.Rand) string {
			return counted(all, number, "<h1>Products", "<h1>Orders")
		})},
		{ID: "H2-rows", Name: "rows of another make", serve: list(func(all []Product, number int, _ *rand.Rand) string {
			return counted(all, number, "<tr><td>", "<div><span>", "</td></tr>", "</span></div>")
		})},
		{ID: "H3-skeleton", Name: "rows that are still loading", serve: list(func(all []Product, number int, _ *rand.Rand) string {
			for i := range all {
				all[i].SKU, all[i].Name = "Loading…", "Loading…"
			}
			return counted(all, number)
		})},
		{ID: "H4-count", Name: "fewer rows than the page says", serve: list(func(all []Product, number int, _ *rand.Rand) string {
			return strings.Replace(counted(all, number), "<tr><td>", "<!-- <tr><td> -->", 1)
		})},
		{ID: "H5-first", Name: "the first page for every page", serve: list(func(all []Product, number int, _ *rand.Rand) string {
			if number == 1 {
				return strings.Replace(counted(all, 1), "AO-1001", "AO-1002", 1)
			}
			return counted(all, 1)
		})},
		{ID: "H7-empty", Name: "cells without a quantity", serve: list(func(all []Product, number int, _ *rand.Rand) string {
			return strings.ReplaceAll(counted(all, number), `<td class="number">`, `<td class="number"></td><td hidden>`)
		})},
		{ID: "H11", Name: "a download in place of a page", serve: func(_ *World, rw http.ResponseWriter, _ *http.Request, _ *rand.Rand) bool {
			rw.Header().Set("Content-Disposition", `attachment; filename="products.html"`)
			fmt.Fprint(rw, "x")
			return true
		}},
		{ID: "H12", Name: "hostile names", Harmless: true, serve: list(func(all []Product, number int, seed *rand.Rand) string {
			for i := range all {
				all[i].Name = escapeHTML(Hostile()[(seed.IntN(100)+i)%len(Hostile())])
			}
			return counted(all, number)
		})},
	}
}

// crmFaults are those of the list of requests.
func crmFaults() []Fault {
	wrongList := func(replace ...string) serve {
		return func(w *World, rw http.ResponseWriter, r *http.Request, seed *rand.Rand) bool {
			rows, n := "", 0
			for _, one := range w.Requests() {
				if one.SKU == r.FormValue("product") && one.Status == "Waiting" {
					n++
					rows += fmt.Sprintf("<tr><td>%d</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>yes</td><td>%s</td></tr>", one.ID, one.SKU, one.Customer, one.Email, one.Phone, one.Contact, one.Asked)
				}
			}
			text := `<!doctype html><header><a class="logout" href="/logout">Log out</a></header><main><h1>Back-in-stock requests</h1><span class="count">` + fmt.Sprint(n) + ` requests</span>` +
				`<table class="requests"><thead><tr><th>No.</th><th>SKU</th><th>Customer</th><th>E-mail</th><th>Mobile</th><th>Contact by</th><th>Consent</th><th>Asked</th></tr></thead><tbody>` + rows + `</tbody></table></main>`
			return page(200, strings.NewReplacer(replace...).Replace(text))(w, rw, r, seed)
		}
	}
	return []Fault{
		{ID: "H1-crm", Name: "a column of the requests renamed", CRM: true, serve: wrongList("<th>E-mail</th>", "<th>Address</th>")},
		{ID: "H3-crm", Name: "no requests and no sign", CRM: true, serve: wrongList("<tr><td>", "<!-- ", "</td></tr>", " -->")},
		{ID: "H4-crm", Name: "the count is another one", CRM: true, serve: wrongList(" requests<", "1 requests<")},
		{ID: "H7-crm", Name: "consents that are neither", CRM: true, serve: wrongList("<td>yes</td>", "<td>perhaps</td>")},
		{ID: "H12-crm", Name: "contact words that nobody knows", CRM: true, serve: wrongList("E-mail or SMS", "Pigeon", "<td>SMS</td>", "<td>Fax</td>")},
		{ID: "H2-crm", Name: "another heading", CRM: true, serve: wrongList("<h1>Back-in-stock requests", "<h1>All requests")},
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
