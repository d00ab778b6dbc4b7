package flowtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"restock/selectors"
)

// Difficulties is how many pages there are, each with one thing that real web UIs do to a bot: 1 to 42, numbered as they
// were met.
const Difficulties = 42

// Last is the number of the last page: 43 to Last are for what the selector file can say and no difficulty needs.
const Last = 60

// Difficulty is a small site that has one difficulty, with the selector file that is up to it. Its pages are
// difficulties/NN.html, its file difficulties/NN.yaml.
type Difficulty struct {
	N   int
	URL string

	server   *httptest.Server
	pages    *template.Template
	mu       sync.Mutex
	switches map[string]string
	products []Item
	requests map[int]*Wish
	sessions map[string]int // cookie → pages served to it
	hits     map[string]int
	posts    int
	logIns   int
}

// Item is a product of a difficulty's stock list.
type Item struct {
	SKU, Name string
	Quantity  int
}

// Wish is a request of a difficulty's CRM.
type Wish struct {
	ID                                                  int
	First, Last, Email, Phone, SKU, Status, Note, Asked string
}

// Customer is the name as lists show it.
func (w Wish) Customer() string { return w.Last + ", " + w.First }

// StartDifficulty starts the site of one difficulty. Close it.
func StartDifficulty(n int) (*Difficulty, error) {
	d := &Difficulty{N: n, switches: map[string]string{}, requests: map[int]*Wish{}, sessions: map[string]int{}, hits: map[string]int{}}
	for i, q := range []int{0, 4, 1250, 0, 17, 3, 0, 8, 25, 2, 0, 6} {
		d.products = append(d.products, Item{fmt.Sprintf("P-%02d", i+1), fmt.Sprintf("Product %d", i+1), q})
	}
	for i, name := range []string{"Smith John", "Smith John", "Bakker Jo", "Ng Amy", "O'Hara Liam", "Ünal Ayşe"} {
		last, first, _ := strings.Cut(name, " ")
		d.requests[501+i] = &Wish{
			501 + i, first, last, fmt.Sprintf("customer.number%d@example.com", i+1), fmt.Sprintf("0491 570 %03d", 100+i),
			d.products[i%3].SKU, "Waiting", "", fmt.Sprintf("2026-11-%02d", i+1),
		}
	}
	text, err := embedded.ReadFile(fmt.Sprintf("difficulties/%02d.html", n))
	if err != nil {
		return nil, fmt.Errorf("no difficulty %d: %w", n, err)
	}
	d.pages, err = template.New("page").Funcs(template.FuncMap{
		"add":  func(a, b int) int { return a + b },
		"page": func(all []Item, n, size int) []Item { return all[min((n-1)*size, len(all)):min(n*size, len(all))] },
	}).Parse(string(text))
	if err != nil {
		return nil, err
	}
	d.server = httptest.NewServer(http.HandlerFunc(d.serve))
	d.URL = d.server.URL
	return d, nil
}

// Close stops the site.
func (d *Difficulty) Close() {
	d.server.CloseClientConnections()
	d.server.Close()
}

// Site loads the selector file of the difficulty.
func (d *Difficulty) Site() (*selectors.Site, error) {
	name := fmt.Sprintf("difficulties/%02d.yaml", d.N)
	data, err := embedded.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return selectors.Load(name, data)
}

// Values are what the selector files ask for.
func (d *Difficulty) Values() selectors.Values {
	return selectors.Values{
		Env: func(name string) (string, bool) {
			if name == "OTHER" { // another origin
				d.mu.Lock()
				defer d.mu.Unlock()
				return cmp.Or(d.switches["apart"], strings.Replace(d.URL, "127.0.0.1", "localhost", 1)), true
			}
			return d.URL, name == "BASE"
		},
		Secret: func(name string) (string, bool) {
			secret, ok := map[string]string{"USER": User, "PASSWORD": Password, "TOTP": "JBSWY3DPEHPK3PXP"}[name]
			return secret, ok
		},
	}
}

// Switch sets something that the page can ask for: a language, a fault.
func (d *Difficulty) Switch(name, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.switches[name] = value
}

// Products returns the stock as it is.
func (d *Difficulty) Products() []Item {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Item(nil), d.products...)
}

// Request returns a request as it is.
func (d *Difficulty) Request(id int) Wish {
	d.mu.Lock()
	defer d.mu.Unlock()
	return *d.requests[id]
}

// Counts returns how often something was saved, and how often somebody logged in.
func (d *Difficulty) Counts() (saves, logIns int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.posts, d.logIns
}

// EndSessions logs everybody out.
func (d *Difficulty) EndSessions() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.sessions)
}

// pageData is what a page can use.
type pageData struct {
	Path     string
	Query    url.Values
	Switch   map[string]string
	Products []Item
	Requests []Wish
	Wish     Wish
	Page     int
	LoggedIn bool
	Hits     int // of this path
}

func (d *Difficulty) serve(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hits[r.URL.Path]++
	_ = r.ParseForm()
	switch {
	case r.URL.Path == "/favicon.ico":
		w.WriteHeader(http.StatusNoContent)
	case strings.HasPrefix(r.URL.Path, "/api/poll"):
		d.mu.Unlock()
		<-r.Context().Done() // for ever
		d.mu.Lock()
	case r.URL.Path == "/login" && r.Method == http.MethodPost:
		d.logIn(w, r)
	case strings.HasPrefix(r.URL.Path, "/save") && r.Method == http.MethodPost:
		d.save(w, r)
	case strings.HasSuffix(r.URL.Path, ".csv"):
		d.export(w)
	case r.URL.Path == "/api/logout":
		clear(d.sessions)
	case strings.HasPrefix(r.URL.Path, "/api/"):
		d.api(w, r)
	default:
		d.page(w, r)
	}
}

func (d *Difficulty) session(r *http.Request) (string, bool) {
	c, err := r.Cookie("session")
	if err != nil {
		return "", false
	}
	served, ok := d.sessions[c.Value]
	if limit, _ := strconv.Atoi(d.switches["expire"]); ok && limit > 0 && served >= limit {
		delete(d.sessions, c.Value)
		delete(d.switches, "expire") // once
		return "", false
	}
	return c.Value, ok
}

func (d *Difficulty) logIn(w http.ResponseWriter, r *http.Request) {
	d.logIns++
	if r.PostForm.Get("user") == User && r.PostForm.Get("password") == Password {
		id := strconv.Itoa(d.logIns)
		d.sessions[id] = 0
		http.SetCookie(w, &http.Cookie{Name: "session", Value: id, Path: "/"})
	}
	if r.Header.Get("X-Script") != "" {
		return
	}
	http.Redirect(w, r, "/"+r.PostForm.Get("to"), http.StatusSeeOther)
}

// save stores a request. Without a session, where one is needed, it says so as the switch wants.
func (d *Difficulty) save(w http.ResponseWriter, r *http.Request) {
	_, in := d.session(r)
	if d.switches["auth"] != "" && !in {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	id, _ := strconv.Atoi(r.PostForm.Get("id"))
	wish := d.requests[id]
	if wish == nil {
		http.NotFound(w, r)
		return
	}
	d.posts++
	if status := r.PostForm.Get("status"); status != "" {
		wish.Status = status
	}
	if r.PostForm.Has("note") {
		wish.Note = r.PostForm.Get("note")
	}
	if r.URL.Path == "/save/here" { // no redirect: a reload would post again
		d.page(w, r)
		return
	}
	http.Redirect(w, r, "/requests/"+strconv.Itoa(id), http.StatusSeeOther)
}

// export answers with the stock as a CSV file, cut off where the switch says so.
func (d *Difficulty) export(w http.ResponseWriter) {
	var b strings.Builder
	fmt.Fprint(&b, "Code;Name;Stock\r\n")
	for _, p := range d.products {
		fmt.Fprintf(&b, "%s;\"%s; new\";%d\r\n", p.SKU, p.Name, p.Quantity)
	}
	text := b.String()
	w.Header().Set("Content-Type", "text/csv")
	w.Header().Set("Content-Disposition", `attachment; filename="stock.csv"`)
	switch d.switches["export"] {
	case "cut":
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		text = text[:len(text)/2]
	case "page":
		text = "<!doctype html><title>Log in</title>"
	case "short":
		text = strings.TrimSuffix(text, "6\r\n") + "6;7\r\n"
	}
	fmt.Fprint(w, text)
}

func (d *Difficulty) api(w http.ResponseWriter, r *http.Request) {
	page, _ := strconv.Atoi(r.Form.Get("page"))
	size := 5
	from := min(max(page-1, 0)*size, len(d.products))
	var answer any = map[string]any{"items": d.products[from:min(from+size, len(d.products))], "meta": map[string]any{"total": len(d.products)}}
	if id, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/api/requests/")); err == nil && d.requests[id] != nil {
		answer = d.requests[id]
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

func (d *Difficulty) page(w http.ResponseWriter, r *http.Request) {
	id, in := d.session(r)
	if in {
		d.sessions[id]++
	}
	data := pageData{Path: r.URL.Path, Query: r.Form, Switch: d.switches, Products: d.products, LoggedIn: in, Hits: d.hits[r.URL.Path]}
	data.Page, _ = strconv.Atoi(r.Form.Get("page"))
	for n := range d.requests {
		if wish := d.requests[n]; strings.HasSuffix(r.URL.Path, "/"+strconv.Itoa(n)) || r.Form.Get("id") == strconv.Itoa(n) {
			data.Wish = *wish
		}
	}
	for n := 501; n < 501+len(d.requests); n++ {
		data.Requests = append(data.Requests, *d.requests[n])
	}
	if d.switches["auth"] == "redirect" && !in && r.URL.Path != "/login" {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<!doctype html><html lang=en><meta charset=utf-8><title>Sample</title>")
	if err := d.pages.Execute(w, data); err != nil {
		fmt.Fprintf(w, "<pre>%v</pre>", template.HTMLEscapeString(err.Error()))
	}
}
