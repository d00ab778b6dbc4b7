package flowtest

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

//go:embed pages/*.html
var pageFiles embed.FS

type loginView struct{ System, Token, Error, Message string }

type stockView struct {
	Rows             []Product
	From, To, Total  int
	Page, Pages      int
	Previous, Follow string
}

type requestsView struct {
	Rows    []Request
	Product string
	Status  string
	Total   int
}

type requestView struct {
	Request
	Product, Token, Message string
	Statuses                []string
}

// render writes a page whole, or an error.
func render(rw http.ResponseWriter, name string, view any) {
	t, err := template.New("").Funcs(template.FuncMap{"thousands": thousands}).ParseFS(pageFiles, "pages/*.html")
	if err == nil {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		err = t.ExecuteTemplate(rw, name+".html", view)
	}
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
	}
}

// thousands writes 1250 as 1,250.
func thousands(n int) string {
	if n < 0 {
		return "-" + thousands(-n)
	}
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

const perPage = 20

func (w *World) imsPages() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler("/products", http.StatusSeeOther))
	mux.HandleFunc("GET /products", func(rw http.ResponseWriter, r *http.Request) {
		all := w.Products()
		pages := (len(all) + perPage - 1) / perPage
		page, _ := strconv.Atoi(r.FormValue("page"))
		page = min(max(page, 1), pages)
		from, to := (page-1)*perPage, min(page*perPage, len(all))
		view := stockView{Rows: all[from:to], From: from + 1, To: to, Total: len(all), Page: page, Pages: pages}
		if page > 1 {
			view.Previous = fmt.Sprintf("/products?page=%d", page-1)
		}
		if page < pages {
			view.Follow = fmt.Sprintf("/products?page=%d", page+1)
		}
		render(rw, "stock", view)
	})
	mux.HandleFunc("GET /orders", w.orderPages)
	return mux
}

func (w *World) crmPages() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler("/requests", http.StatusSeeOther))
	mux.HandleFunc("GET /requests", func(rw http.ResponseWriter, r *http.Request) {
		view := requestsView{Product: r.FormValue("product"), Status: r.FormValue("status")}
		email, phone := r.FormValue("email"), r.FormValue("phone")
		for _, one := range w.Requests() {
			if (view.Product == "" || one.SKU == view.Product) && (view.Status == "" || one.Status == view.Status) &&
				(email == "" || strings.EqualFold(one.Email, email)) && (phone == "" || one.Phone == phone) {
				view.Rows = append(view.Rows, one)
			}
		}
		view.Total = len(view.Rows)
		render(rw, "requests", view)
	})
	mux.HandleFunc("GET /requests/new", func(rw http.ResponseWriter, r *http.Request) {
		render(rw, "newrequest", loginView{Token: csrf(r)})
	})
	mux.HandleFunc("POST /requests", func(rw http.ResponseWriter, r *http.Request) {
		one := Request{SKU: r.FormValue("sku"), Customer: r.FormValue("customer"), Email: r.FormValue("email"), Phone: r.FormValue("phone"), Contact: r.FormValue("contact"), Note: r.FormValue("note")}
		if w.product(one.SKU) == nil || one.Email == "" && one.Phone == "" {
			render(rw, "newrequest", requestView{Token: csrf(r), Message: "There is no such product, or no way to reach the customer."})
			return
		}
		one.Consent, one.Asked = true, time.Now().In(sydney()).Format(time.DateOnly)
		http.Redirect(rw, r, fmt.Sprintf("/requests/%d?message=Created.", w.AddRequest(one)), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /requests/{id}", func(rw http.ResponseWriter, r *http.Request) {
		one := w.request(r.PathValue("id"))
		if one == nil {
			http.NotFound(rw, r)
			return
		}
		view := requestView{Request: *one, Token: csrf(r), Statuses: []string{"Waiting", "Notified", "Cancelled"}, Message: r.FormValue("message")}
		for _, p := range w.Products() {
			if p.SKU == one.SKU {
				view.Product = p.Name
			}
		}
		render(rw, "request", view)
	})
	mux.HandleFunc("POST /requests/{id}", func(rw http.ResponseWriter, r *http.Request) {
		if !w.save(r.PathValue("id"), r.FormValue("status"), r.FormValue("note")) {
			http.NotFound(rw, r)
			return
		}
		http.Redirect(rw, r, "/requests/"+url.PathEscape(r.PathValue("id"))+"?message=Saved.", http.StatusSeeOther)
	})
	return mux
}

func (w *World) request(id string) *Request {
	for _, one := range w.Requests() {
		if strconv.Itoa(one.ID) == id {
			return &one
		}
	}
	return nil
}

func (w *World) save(id, status, note string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.requests {
		if strconv.Itoa(one.ID) == id {
			one.Status, one.Note = status, note
			w.saves = append(w.saves, Save{ID: one.ID, Status: status, Note: note})
			return true
		}
	}
	return false
}
