// Package admin is the page of the operators: is all well, what ran, what failed and why, what became of each message. It has a listener
// of its own; no route of it leads to the customers' pages, or from there to it. It works without scripts; a small one shows what a running
// job does as it happens.
package admin

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"restock/bot"
	"restock/bot/report"
)

//go:embed templates/*.html assets/*
var files embed.FS

// Admin is the operators' page. All fields must be set, except where it is said otherwise.
type Admin struct {
	Ledger   *bot.Ledger
	Control  Control
	Lab      Lab
	Access   *Access
	Evidence string // folder of what failed runs left
	// Bring, if set, brings into that folder what a run of another machine left.
	Bring func(ctx context.Context, run string) error
	Zone  *time.Location
	Shop  string
	// Phone, if set, writes a phone number in international form, "" where it is none.
	Phone   func(string) string
	Version string
	Now     func() time.Time
	Log     *slog.Logger
	// Failures are what failed in a run, from what it left; none without error: it left nothing.
	Failures func(run string) ([]Failure, error)
	// Report makes the sales report of a period; it is made in the background, because a large ledger takes seconds.
	Report func(ctx context.Context, from, to time.Time, per string) (report.Report, error)

	pages   *template.Template
	mu      sync.Mutex
	reports map[string]*made
	lasts   map[string]latest // by job
	words   map[string]word   // of what was done, by session
}

// Control is what the page can do, besides looking.
type Control interface {
	// Jobs are those of the file, with when they are due.
	Jobs(ctx context.Context) ([]Job, error)
	// Start begins a run of a job now.
	Start(job, who string) error
	// Stop asks the run of a job to stop; what is under way is finished and recorded.
	Stop(job, who string) error
	// Pause keeps a job from being started by its schedule, or lets it be again.
	Pause(ctx context.Context, job string, paused bool, who string) error
	// Progress returns what running jobs do now, by job; the channel is closed when that changes.
	Progress() (texts map[string]string, changed <-chan struct{})
	// Checks are what must be well besides the jobs: sessions, browser, mail, SMS.
	Checks(ctx context.Context) []Check
}

// Job is a job of the file.
type Job struct {
	Name     string      `json:"job"`
	Schedule string      `json:"schedule,omitempty"`
	Next     []time.Time `json:"next,omitempty"`
	Paused   bool        `json:"paused"`
	Overdue  time.Time   `json:"overdue,omitzero"` // it was due then, and has not begun
	Missed   int         `json:"missed"`
	Skipped  int         `json:"skipped"`
	Running  bool        `json:"running"`
	Holder   string      `json:"holder,omitempty"` // process that runs it, where that is another one
}

// Check is one thing that is well, or not.
type Check struct {
	Name string `json:"check"`
	OK   bool   `json:"ok"`
	Open bool   `json:"open,omitempty"` // it is not known yet, or not set up: neither well nor not
	Text string `json:"text"`
	Next string `json:"next,omitempty"` // what to do
}

// Serve answers on a listener until ctx ends.
func (a *Admin) Serve(ctx context.Context, l net.Listener) error {
	handler, err := a.Handler()
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelDebug), BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(ending) // what takes longer is cut off
	})
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		stop()
		return err
	}
	<-ended
	return nil
}

// Handler returns the routes.
func (a *Admin) Handler() (http.Handler, error) {
	pages, err := template.New("").Funcs(a.funcs()).ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	a.pages, a.reports, a.lasts, a.words = pages, map[string]*made{}, map[string]latest{}, map[string]word{}
	assets, err := fs.Sub(files, "assets")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /assets/report.css", reportStyle)
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(assets)))
	mux.HandleFunc("GET /healthz", a.healthz)
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.HandleFunc("GET /metrics", a.metrics)
	mux.HandleFunc("GET /login", a.Access.form(a))
	mux.HandleFunc("POST /login", a.Access.logIn(a))
	mux.HandleFunc("POST /logout", a.Access.logOut)
	mux.HandleFunc("GET /login/provider", a.Access.begin(a))
	mux.HandleFunc("GET "+CallbackPath, a.Access.end(a))
	for pattern, page := range map[string]struct {
		role Role
		f    func(w http.ResponseWriter, r *http.Request, u User)
	}{
		"GET /{$}": {Viewer, a.overview}, "GET /progress": {Viewer, a.progress},
		"GET /runs": {Viewer, a.runs}, "GET /runs/{id}": {Viewer, a.run}, "GET /runs/{id}/evidence/{file...}": {Viewer, a.evidence}, "POST /runs/{id}/release": {Operator, a.release},
		"POST /jobs/{job}/start": {Operator, a.start}, "POST /jobs/{job}/stop": {Operator, a.stop}, "POST /jobs/{job}/pause": {Operator, a.pause},
		"GET /ledger": {Viewer, a.ledger}, "POST /ledger": {Viewer, a.ledger}, "GET /ledger/{key}": {Viewer, a.notification}, "POST /ledger/{key}/resolve": {Operator, a.resolve},
		"POST /ledger/{key}/reveal": {Operator, a.reveal},
		"GET /schedule":             {Viewer, a.schedule}, "GET /reports": {Viewer, a.report}, "GET /reports/{file}": {Viewer, a.download}, "GET /suppressions": {Viewer, a.suppressions}, "POST /suppressions": {Viewer, a.suppressions},
		"GET /waves": {Viewer, a.waves},
		"GET /lab":   {Analyst, a.labs}, "GET /lab/{site}": {Analyst, a.lab}, "POST /lab/{site}": {Analyst, a.work}, // what the sites show, customers too
		"GET /audit": {Administrator, a.audit},
	} {
		f := page.f
		if strings.HasPrefix(pattern, "GET ") && pattern != "GET /progress" && page.role != Analyst { // the lab looks at live sites
			f = soon(f)
		}
		mux.Handle(pattern, a.Access.guarded(page.role, f))
	}
	mux.HandleFunc("/", a.nowhere)
	protection := http.NewCrossOriginProtection()
	return a.secured(a.Access.here(own(protection.Handler(mux)))), nil
}

// nowhere answers where there is no page.
func (a *Admin) nowhere(w http.ResponseWriter, r *http.Request) {
	u, ok := a.Access.who(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	a.missing(w, r, u, "There is no such page.")
}

// soon bounds how long a page waits for the state.
func soon(f func(http.ResponseWriter, *http.Request, User)) func(http.ResponseWriter, *http.Request, User) {
	return func(w http.ResponseWriter, r *http.Request, u User) {
		ctx, cancel := context.WithTimeout(r.Context(), pageLimit)
		defer cancel()
		f(w, r.WithContext(ctx), u)
	}
}

// reportStyle is the style of the sales report, for the page that it is a part of.
func reportStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = io.WriteString(w, report.PartStyle()) // who asked is gone
}

// secured sets the headers that every answer has. Nothing comes from elsewhere, and nothing runs that is not in a file of ours.
func (a *Admin) secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		if a.Access.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		limit := int64(maxForm)
		if strings.HasPrefix(r.URL.Path, "/lab/") {
			limit = maxFile
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}

// maxForm bounds what is sent to us.
const (
	maxForm = 256 << 10
	maxFile = 4 << 20 // a selector file, as a form sends it
)

// elsewhere reports whether another site has a browser ask for something.
func elsewhere(r *http.Request) bool {
	from := r.Header.Get("Sec-Fetch-Site")
	return from == "cross-site" || from == "same-site"
}

// own refuses what another site has our pages do in somebody's browser: to show a picture of ours is to ask for a page, and that may be
// work. To be led here by a link is no harm.
func own(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		led := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
		if elsewhere(r) && !led {
			http.Error(w, "another site has asked for this", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
