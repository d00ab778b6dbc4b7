package browser_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/flows"
	"restock/flows/browser"
	"restock/selectors"
	"restock/state/statetest"
)

const (
	listPages = 100
	pageRows  = 100
)

// listSite is a server-rendered list of 100 pages with 100 rows of 6 fields, a pager and the page's own count, behind a log-in.
func listSite() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		w.Header().Set("Cache-Control", "max-age=3600")
		fmt.Fprint(w, strings.Repeat("td,th{padding:4px 8px;border:1px solid #ccc} .x{color:#333}\n", 60))
	})
	mux.HandleFunc("/app.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		w.Header().Set("Cache-Control", "max-age=3600")
		fmt.Fprint(w, `document.querySelectorAll("tr.row").forEach((r) => r.addEventListener("click", () => r.classList.toggle("on")))`)
	})
	mux.HandleFunc("/img/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		w.Header().Set("Cache-Control", "max-age=3600")
		fmt.Fprint(w, `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"><circle cx="8" cy="8" r="7"/></svg>`)
	})
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			http.SetCookie(w, &http.Cookie{Name: "s", Value: "1", Path: "/"})
			http.Redirect(w, r, "/list?page=1", http.StatusSeeOther)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><form method=post><label>User <input name=u></label><button>Log in</button></form>`)
	})
	mux.HandleFunc("/list", listPage)
	return mux
}

func listPage(w http.ResponseWriter, r *http.Request) {
	if _, err := r.Cookie("s"); err != nil {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	page, _ := strconv.Atoi(r.FormValue("page"))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, `<!doctype html><html><head><title>Products</title><link rel=stylesheet href=/style.css><script src=/app.js defer></script></head><body><header><nav>`)
	for i := range 6 {
		fmt.Fprintf(w, `<a href="/menu/%d"><img src="/img/%d.svg" width=16 height=16 alt="">Menu %d</a> `, i, i, i)
	}
	fmt.Fprintf(w, `<a class=logout href=/out>Log out</a></nav><form><input placeholder=Search><button>Go</button></form></header>`+
		`<h1>Products</h1><p class=count>%d-%d of %d</p><table id=grid><thead><tr><th><th>SKU<th>Product<th>On hand<th>Price<th>Status<th>Changed</tr></thead><tbody>`,
		(page-1)*pageRows+1, page*pageRows, listPages*pageRows)
	for i := (page - 1) * pageRows; i < page*pageRows; i++ {
		fmt.Fprintf(w, `<tr class="row r%d"><td><input type=checkbox name=sel><td class=sku>SKU-%05d</td><td class=name><a href="/products/%d">Product number %d</a></td><td class=stock><span class=badge>%d</span></td><td>$%d.50</td><td><em class=pill>%s</em></td><td><time>2026-11-25</time></td></tr>`,
			i%4, i, i, i, i%17, i%90, []string{"active", "draft"}[i%2])
	}
	fmt.Fprint(w, `</tbody></table><p>`)
	if page < listPages {
		fmt.Fprintf(w, `<a class=next href="/list?page=%d">Next</a>`, page+1)
	}
	fmt.Fprint(w, `</body></html>`)
}

const listFile = `
version: 1
site: list
base: ${BASE}
login:
  open: /login
  steps:
    - fill: {element: {label: User}, value: bot}
    - click: {role: button, name: Log in}
  done: {css: .logout}
interruptions:
  - see: {label: User}
    do: login
stock:
  open: /list?page=1
  proof: {heading: Products}
  rows: {css: "#grid tbody tr"}
  key: sku
  columns:
    sku:      {header: SKU}
    name:     {header: Product, text: a}
    url:      {header: Product, link: a}
    quantity: {header: On hand, type: integer}
    _price:   {header: Price, type: money, currency: AUD, locale: en-AU}
    _status:  {header: Status}
  next: {css: a.next}
  total: {css: .count, match: "of ([0-9]+)", type: integer}
  %s
`

// reader is a browser that is logged in at the list.
type reader struct {
	base  string
	page  *browser.Page // the one tab, for the bare pass too: a second one would be drawn less often
	sites *flows.Sites
}

func newReader(b *testing.B, walk string) *reader {
	b.Helper()
	found, err := (browser.Installer{Say: os.Stderr}).Ensure(b.Context(), "")
	if err != nil {
		b.Fatal(err)
	}
	chrome, err := browser.Launch(b.Context(), browser.Options{Path: found.Path})
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(listSite())
	b.Cleanup(func() {
		if err := chrome.Close(); err != nil {
			b.Error(err)
		}
		server.CloseClientConnections()
		server.Close()
	})
	site, err := selectors.Load("list.yaml", fmt.Appendf(nil, listFile, walk))
	if err != nil {
		b.Fatal(err)
	}
	r := &reader{base: server.URL}
	r.sites = &flows.Sites{
		Files: map[string]*selectors.Site{"list": site}, Guard: bot.NewLedger(&statetest.Memory{}, time.Now), Evidence: b.TempDir(), Zone: time.UTC, Now: time.Now,
		Values: selectors.Values{Env: func(string) (string, bool) { return server.URL, true }, Secret: func(string) (string, bool) { return "", false }},
		NewPage: func(ctx context.Context, _ *selectors.Site) (flows.Page, error) {
			r.page, err = chrome.NewPage(ctx, browser.PageOptions{Origins: []string{server.URL}, NoPopups: true})
			return r.page, err
		},
	}
	r.read(b) // logs in, and warms what can be warm
	return r
}

// read reads the list with all its proofs.
func (r *reader) read(b *testing.B) {
	b.Helper()
	reading, err := r.sites.Stock(b.Context(), "list")
	if err != nil {
		b.Fatal(err)
	}
	if n := len(reading.Levels); n != listPages*pageRows || reading.Complete != bot.CompleteYes {
		b.Fatalf("%d rows, complete %s", n, reading.Complete)
	}
	if last := reading.Levels[len(reading.Levels)-1]; last.SKU != "SKU-09999" || last.Quantity.String() != fmt.Sprint(9999%17) {
		b.Fatalf("%+v", last)
	}
	for _, step := range r.sites.Steps() {
		if strings.Contains(step.Text, "given up") {
			b.Fatal(step.Text)
		}
	}
}

// bare only goes to each page and waits until it is loaded.
func (r *reader) bare(b *testing.B) {
	b.Helper()
	for n := 1; n <= listPages; n++ {
		if err := r.page.Open(b.Context(), fmt.Sprintf("%s/list?page=%d", r.base, n)); err != nil {
			b.Fatal(err)
		}
		if err := r.page.Loaded(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadList reads 100 pages x 100 rows with all proofs on, by navigating and by fetching, and goes to the pages
// without reading them. x-bare is the time and x-bare-cpu the processor time of the bot and its browser, each beside a bare
// pass of the same round; logging in does not count.
func BenchmarkReadList(b *testing.B) {
	for _, variant := range []struct {
		name, walk string
		work       func(*reader, *testing.B)
	}{
		{"bare", "", (*reader).bare},
		{"navigate", "", (*reader).read},
		{"fetch", "walk: fetch", (*reader).read},
	} {
		b.Run(variant.name, func(b *testing.B) {
			r := newReader(b, variant.walk)
			r.bare(b)
			var wall, bareWall time.Duration
			var cpu, bareCPU float64
			for b.Loop() {
				b.StopTimer()
				w, c := measure(func() { r.bare(b) })
				bareWall, bareCPU = bareWall+w, bareCPU+c
				b.StartTimer()
				w, c = measure(func() { variant.work(r, b) })
				wall, cpu = wall+w, cpu+c
			}
			b.ReportMetric(float64(b.N*listPages*pageRows)/wall.Seconds(), "rows/s")
			b.ReportMetric(wall.Seconds()/bareWall.Seconds(), "x-bare")
			if bareCPU > 0 {
				b.ReportMetric(cpu/bareCPU, "x-bare-cpu")
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.Sys)/(1<<20), "MB-bot")
			if err := r.sites.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func measure(work func()) (wall time.Duration, cpu float64) {
	before, started := processorTime(), time.Now()
	work()
	return time.Since(started), processorTime() - before
}

// processorTime is what this process and all below it have used, in clock ticks; 0 where there is no /proc.
func processorTime() float64 {
	parents, times := map[int]int{}, map[int]float64{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		text := string(data)
		fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		parents[pid], _ = strconv.Atoi(fields[1])
		for _, at := range []int{11, 12, 13, 14} { // its own, and that of its children that have ended
			ticks, _ := strconv.ParseFloat(fields[at], 64)
			times[pid] += ticks
		}
	}
	total := 0.0
	for pid := range times {
		for p := pid; p > 1; p = parents[p] {
			if p == os.Getpid() {
				total += times[pid]
				break
			}
		}
	}
	return total
}
