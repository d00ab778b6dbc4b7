package flowtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is something that can go wrong with the sample systems. Its ID is that of the table in the reliability notes.
type Fault struct {
	ID, Name string
	Harmless bool // what is there can be read all the same
	Any      bool // it can hit any page, not only the stock list
	CRM      bool // it hits the list of requests
	// serve answers in the page's place and reports whether it did. seed makes it differ from run to run.
	serve func(w *World, rw http.ResponseWriter, r *http.Request, seed *rand.Rand) bool
}

// When says which requests a fault hits.
type When struct {
	Path  string // of the page; "" is the stock list
	After int    // requests of that path that go well before
	Times int    // requests that go wrong; 0: all further ones
	Seed  uint64
}

// Break lets a fault happen from now on, until it is mended. What it did is in the log.
func (w *World) Break(id string, when When) error {
	for _, f := range Faults() {
		if f.ID != id {
			continue
		}
		if when.Path == "" {
			when.Path = "/products"
		}
		seed := rand.New(rand.NewPCG(when.Seed, 4))
		seen := 0
		w.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != when.Path && !strings.HasPrefix(r.URL.Path, when.Path+"/") {
				return false
			}
			w.mu.Lock()
			seen++
			hit := seen > when.After && (when.Times == 0 || seen <= when.After+when.Times)
			if hit {
				w.broken = append(w.broken, id+" "+r.Method+" "+r.URL.Path)
			}
			w.mu.Unlock()
			return hit && f.serve(w, rw, r, seed)
		})
		return nil
	}
	return fmt.Errorf("no fault %q", id)
}

// Mend ends what Break began.
func (w *World) Mend() { w.Fault(nil) }

// Broken is the log of what faults did.
func (w *World) Broken() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.broken...)
}

// Faults lists what the sample systems can do wrong.
func Faults() []Fault {
	return slices.Concat(networkFaults(), loginFaults(), pageFaults(), heavyFaults(), crmFaults())
}

type serve = func(w *World, rw http.ResponseWriter, r *http.Request, seed *rand.Rand) bool

// page answers with a page, whatever was asked.
func page(status int, body string) serve {
	return func(_ *World, rw http.ResponseWriter, _ *http.Request, _ *rand.Rand) bool {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		rw.WriteHeader(status)
		fmt.Fprint(rw, body)
		return true
	}
}

// hijack takes the line itself.
func hijack(do func(conn net.Conn, w *World, r *http.Request)) serve {
	return func(w *World, rw http.ResponseWriter, r *http.Request, _ *rand.Rand) bool {
		h, ok := rw.(http.Hijacker)
		if !ok {
			return false
		}
		conn, _, err := h.Hijack()
		if err != nil {
			return false
		}
		defer conn.Close()
		do(conn, w, r)
		return true
	}
}

func networkFaults() []Fault {
	half := func(w *World) string { text := stockPage(w.Products(), 1, 6); return text[:len(text)*2/3] }
	return []Fault{
		{ID: "N1", Name: "the line is reset", Any: true, serve: hijack(func(conn net.Conn, _ *World, _ *http.Request) {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
		})},
		{ID: "N3", Name: "no answer ever comes", Any: true, serve: func(_ *World, _ http.ResponseWriter, r *http.Request, _ *rand.Rand) bool {
			<-r.Context().Done()
			return true
		}},
		{ID: "N4", Name: "an error page", Any: true, serve: func(w *World, rw http.ResponseWriter, r *http.Request, seed *rand.Rand) bool {
			status := []int{500, 502, 503}[seed.IntN(3)]
			return page(status, stockPage(nil, 1, 1))(w, rw, r, seed)
		}},
		{ID: "N5", Name: "too many requests", Any: true, serve: func(w *World, rw http.ResponseWriter, r *http.Request, seed *rand.Rand) bool {
			rw.Header().Set("Retry-After", "1800")
			return page(429, "<h1>Slow down</h1>")(w, rw, r, seed)
		}},
		{ID: "N6", Name: "a byte a second", Any: true, serve: func(_ *World, rw http.ResponseWriter, r *http.Request, _ *rand.Rand) bool {
			rw.Header().Set("Content-Type", "text/html")
			for _, c := range "<!doctype html><h1>Products</h1>" + strings.Repeat("<p>", 10_000) {
				if _, err := fmt.Fprint(rw, string(c)); err != nil {
					return true
				}
				_ = http.NewResponseController(rw).Flush()
				select {
				case <-r.Context().Done():
					return true
				case <-time.After(time.Second):
				}
			}
			return true
		}},
		{ID: "N7", Name: "a redirect in a circle", Any: true, serve: func(_ *World, rw http.ResponseWriter, r *http.Request, _ *rand.Rand) bool {
			http.Redirect(rw, r, r.URL.String(), http.StatusFound)
			return true
		}},
		{ID: "N8", Name: "a body that is cut off, with its length", Any: true, serve: hijack(func(conn net.Conn, w *World, _ *http.Request) {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 90000\r\n\r\n%s", half(w))
		})},
		{ID: "N9", Name: "a body that is cut off without a sign", Any: true, serve: hijack(func(conn net.Conn, w *World, _ *http.Request) {
			fmt.Fprintf(conn, "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n%s", half(w))
		})},
		{ID: "N10", Name: "a redirect to another site", Any: true, serve: func(w *World, rw http.ResponseWriter, r *http.Request, _ *rand.Rand) bool {
			http.Redirect(rw, r, w.Shop.URL+"/products/AO-1001", http.StatusFound)
			return true
		}},
	}
}

func loginFaults() []Fault {
	ends := func(w *World, _ http.ResponseWriter, _ *http.Request, _ *rand.Rand) bool {
		w.EndSessions()
		return false
	}
	return []Fault{
		{ID: "L2", Name: "the account is locked", Any: true, serve: page(200, `<!doctype html><h1>Log in</h1><p class="locked">Your account is locked. Ask your administrator.</p>`)},
		{ID: "L3", Name: "the session ends", Harmless: true, serve: ends},
		{ID: "L4", Name: "a puzzle for people", Any: true, serve: page(200, `<!doctype html><h1>One more step</h1><div class="g-recaptcha" style="width:300px;height:70px">I am not a robot</div>`)},
		{ID: "L4-maintenance", Name: "maintenance", Any: true, serve: page(503, "<h1>Back soon</h1>")},
		{ID: "L4-consent", Name: "a notice that hides the page", Any: true, serve: page(200, `<!doctype html><h1>We value your privacy</h1><button>Accept all</button>`)},
		{ID: "L4-code", Name: "a code is asked for", Any: true, serve: page(200, `<!doctype html><h1>Enter the code we sent you</h1><form><input name=code></form>`)},
		{ID: "L5", Name: "somebody else uses the account", Harmless: true, serve: ends},
		{ID: "L6", Name: "the log-in has moved", Any: true, serve: func(w *World, rw http.ResponseWriter, r *http.Request, _ *rand.Rand) bool {
			http.Redirect(rw, r, w.Shop.URL+"/login", http.StatusFound)
			return true
		}},
	}
}
