package admin

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"restock/bot"
)

// page is what every page has, and its own data.
type page struct {
	Title   string
	Here    string // entry of the navigation
	Message string // what was done, or what is wrong
	User    User
	CSRF    string
	Shop    string
	Version string
	Open    bool // nobody has to log in
	Plain   bool // personal data are shown: it was written down who has asked
	Data    any
}

// show writes a page whole, or an error. Who asks for JSON gets the data instead.
func (a *Admin) show(w http.ResponseWriter, r *http.Request, u User, status int, name string, p page) {
	if wantsJSON(r) && (p.Data == nil || status >= http.StatusBadRequest && p.Message != "") {
		refuse(w, r, status, cmp.Or(p.Message, p.Title))
		return
	}
	if wantsJSON(r) {
		data, err := json.Marshal(p.Data)
		if err == nil && !p.Plain { // what a site has shown, or a server has answered, may name somebody
			data, err = redacted(data)
		}
		if err != nil {
			a.Log.Error("a page could not be made", slog.String("page", name), slog.String("error", err.Error()))
			refuse(w, r, http.StatusInternalServerError, "this page could not be made; the log says why")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(append(data, '\n')) // who asked is gone
		return
	}
	p.User, p.CSRF, p.Shop, p.Version, p.Open = u, u.csrf, a.Shop, a.Version, a.Access.open()
	if said := a.said(u, r.URL.Path); p.Message == "" {
		p.Message = said
	}
	var b strings.Builder
	if err := a.pages.ExecuteTemplate(&b, name, p); err != nil {
		a.Log.Error("a page could not be made", slog.String("page", name), slog.String("error", err.Error()))
		http.Error(w, "this page could not be made; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(b.String())) // who asked is gone
}

func wantsJSON(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Accept"), "application/json")
}

// broken says that something did not work.
func (a *Admin) broken(w http.ResponseWriter, r *http.Request, u User, err error) {
	a.Log.Error("the page did not work", slog.String("path", r.URL.Path), slog.String("error", bot.Clean(err.Error())))
	status := http.StatusInternalServerError
	if _, locked := errors.AsType[*bot.LockedError](err); locked {
		status = http.StatusConflict
	}
	a.show(w, r, u, status, "error.html", page{Title: "This did not work", Message: bot.Redact(err.Error())})
}

// missing says that there is no such thing.
func (a *Admin) missing(w http.ResponseWriter, r *http.Request, u User, what string) {
	a.show(w, r, u, http.StatusNotFound, "error.html", page{Title: "Not found", Message: what})
}

// done goes back to a page with a word of what was done, which is shown once. It is kept here: what stands in an address could be
// anybody's words.
func (a *Admin) done(w http.ResponseWriter, r *http.Request, u User, to, format string, args ...any) {
	a.mu.Lock()
	if len(a.words) > mostWords {
		clear(a.words)
	}
	if !wantsJSON(r) {
		a.words[u.csrf] = word{fmt.Sprintf(format, args...), to, a.Now()}
	}
	a.mu.Unlock()
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// word is what was done, for the page that is shown after it.
type word struct {
	text, page string
	at         time.Time
}

// wordLife is how long a word waits for its page.
const wordLife = time.Minute

// mostWords bounds the words that nobody came back for.
const mostWords = 1000

// said is the word of what was done, once.
func (a *Admin) said(u User, page string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	w, ok := a.words[u.csrf]
	if !ok || w.page != page {
		return ""
	}
	delete(a.words, u.csrf)
	if a.Now().Sub(w.at) > wordLife {
		return ""
	}
	return w.text
}

// funcs are what templates can do.
func (a *Admin) funcs() template.FuncMap {
	return template.FuncMap{
		"time": func(t time.Time) string {
			if t.IsZero() {
				return "–"
			}
			return t.In(a.Zone).Format("2006-01-02 15:04:05")
		},
		"day": func(t time.Time) string { return t.In(a.Zone).Format("Mon 2 Jan 15:04") },
		"utc": func(t time.Time) string {
			if t.In(a.Zone).Day() != t.UTC().Day() {
				return t.UTC().Format("Mon 15:04 UTC")
			}
			return t.UTC().Format("15:04 UTC")
		},
		"past": func(t time.Time) bool { return !t.IsZero() && t.Before(a.Now()) },
		"took": func(d time.Duration) string { return d.Round(100 * time.Millisecond).String() },
		"ran": func(r bot.Run) string {
			if r.Finished.IsZero() {
				return "–"
			}
			return r.Finished.Sub(r.Started).Round(100 * time.Millisecond).String()
		},
		"words":  func(s any) string { return strings.ReplaceAll(fmt.Sprint(s), "_", " ") },
		"redact": bot.Redact,
		"last":   func(list []bot.Change) int { return len(list) - 1 },
		"told": func(m map[bot.Channel]int) int {
			n := 0
			for _, c := range m {
				n += c
			}
			return n
		},
		"count": func(m map[bot.State]int, s string) int { return m[bot.State(s)] },
		"waiting": func(m map[bot.State]int) int {
			return m[bot.Queued] + m[bot.Retry] + m[bot.Claimed] + m[bot.DotPending]
		},
		"mood": mood,
		"nav":  func() []entry { return navigation() },
		"outcomes": func() []bot.RunOutcome {
			return []bot.RunOutcome{bot.Done, bot.FailedRun, bot.HeldRun, bot.Interrupt, bot.StoppedRun, bot.Running}
		},
	}
}

// entry is one of the navigation.
type entry struct {
	Path, Name string
	Role       Role // who may see it
}

func navigation() []entry {
	return []entry{
		{"/", "Overview", Viewer},
		{"/runs", "Runs", Viewer},
		{"/ledger", "Ledger", Viewer},
		{"/waves", "Waves", Viewer},
		{"/schedule", "Schedule", Viewer},
		{"/reports", "Reports", Viewer},
		{"/lab", "Lab", Analyst},
		{"/suppressions", "Suppressions", Viewer},
		{"/audit", "Audit", Administrator},
	}
}

// mood is how an outcome or a state is shown: good, bad, or something that waits.
func mood(s any) string {
	switch fmt.Sprint(s) {
	case "done", "accepted", "written", "true":
		return "good"
	case "failed", "interrupted", "ambiguous", "bounced", "rejected", "unknown", "false":
		return "bad"
	case "held", "stopped", "retry", "differs":
		return "wait"
	}
	return ""
}
