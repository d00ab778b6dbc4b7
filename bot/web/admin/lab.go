package admin

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Lab is where selector files are tried and saved.
type Lab interface {
	// Sites are the names of the files there are.
	Sites() ([]string, error)
	// File returns the text of a site's file.
	File(site string) (string, error)
	// Formers are the names of what the file was before, the latest first, and Former is the text of one.
	Formers(site string) ([]string, error)
	Former(site, name string) (string, error)
	// Fetch logs in to the site and saves its pages anew, without writing anything there.
	Fetch(ctx context.Context, site string) error
	// Try tries a text on the saved pages of the site. One that asks for other settings or secrets of this machine than the site's file is
	// tried only if anything goes.
	Try(ctx context.Context, site, text string, anything bool) (Trial, error)
	// TryLive logs in to the site and tries a text on its pages as they are now, without writing anything there. A text that reaches
	// other addresses or other secrets than the site's file is tried only if anything goes.
	TryLive(ctx context.Context, site, text string, anything bool) (Trial, error)
	// Pick tells how an element of a saved page can be found, which is at a place of its picture.
	Pick(ctx context.Context, site, text string, at Place, anything bool) (Picked, error)
	// Save makes a text the site's file and keeps the former one; it returns where. A text with findings is not saved, and one that
	// reaches other addresses or other secrets than the former only if anything goes: it could send a password elsewhere.
	Save(site, text, former string, anything bool) (kept string, err error)
}

// Trial is what a selector file does on saved pages.
type Trial struct {
	Findings  []Finding  `json:"findings,omitempty"`
	Selectors []Selector `json:"selectors,omitempty"`
	Pages     []Saved    `json:"pages,omitempty"`
	Silent    []int      `json:"silent,omitempty"`  // lines that match nothing, which may be right
	Unseen    []int      `json:"unseen,omitempty"`  // lines of steps that match nothing: right only where a step before brings it up
	Without   bool       `json:"without_pages"`     // no page of the site was saved yet
	Untried   []string   `json:"untried,omitempty"` // flows of which no page is saved
	Proposals []Proposal `json:"proposals,omitempty"`
	Refusals  []Refusal  `json:"refusals,omitempty"`
	Live      bool       `json:"live,omitempty"` // the pages are those of the site as it is now
}

// Finding is what is wrong at a line.
type Finding struct {
	Line, Column   int
	Text, Expected string
	Hint           string
	Code           string // of the line
}

// Selector is what one selector of the file matches on the saved pages.
type Selector struct {
	Line, Matches                               int
	Flow, What, Selector, Sample, Problem, Note string
}

// Saved is a saved page with where the selectors match on it.
type Saved struct {
	Flow, What    string
	At            time.Time // when it was saved
	Old           bool      // long before the others
	Width, Height int
	Picture       []byte // JPEG, Taken high: what is below Height is empty
	Taken         int
	Boxes         []Match
	Elements      []Element // that somebody could pick
}

// Match is an element that a selector matches.
type Match struct {
	Line, Left, Top, Width, Height int
	What                           string
}

// Unsaved reports whether the text is not what the file was when somebody began to edit it.
func (b bench) Unsaved() bool { return Sum(b.Text) != b.Former }

// bench is the page of one site.
type bench struct {
	Site   string   `json:"site"`
	Text   string   `json:"text"`
	Former string   `json:"-"`                // hash of the file that the text was made from
	Kept   []string `json:"former,omitempty"` // names of what the file was before
	Trial  *Trial   `json:"trial,omitempty"`
	Picked *Picked  `json:"picked,omitempty"`
}

func (a *Admin) labs(w http.ResponseWriter, r *http.Request, u User) {
	sites, err := a.Lab.Sites()
	if err != nil {
		a.broken(w, r, u, err)
		return
	}
	a.show(w, r, u, http.StatusOK, "labs.html", page{Title: "Lab", Here: "/lab", Data: map[string]any{"sites": sites}})
}

// Sum tells whether a file is still the one that somebody began to edit.
func Sum(text string) string {
	sum := sha256.Sum256([]byte(strings.ReplaceAll(text, "\r\n", "\n"))) // a browser sends one kind of line end only
	return hex.EncodeToString(sum[:])
}

func (a *Admin) lab(w http.ResponseWriter, r *http.Request, u User) {
	b := bench{Site: r.PathValue("site")}
	if sites, err := a.Lab.Sites(); err != nil || !slices.Contains(sites, b.Site) {
		a.missing(w, r, u, "There is no such site.")
		return
	}
	text, err := a.Lab.File(b.Site)
	if err == nil {
		err = a.Access.note(r, u, "looked at the pages of", "site "+b.Site) // customers stand there
	}
	if err == nil {
		b.Text, b.Former = text, Sum(text)
		if name := r.URL.Query().Get("former"); name != "" {
			if b.Text, err = a.Lab.Former(b.Site, name); err != nil {
				a.missing(w, r, u, "There is no such file any more.")
				return
			}
		}
		if elsewhere(r) { // a link of another site starts no browser
			a.bench(w, r, u, b, "Press Try to see what each line finds.", nil)
			return
		}
		var t Trial
		t, err = a.Lab.Try(r.Context(), b.Site, b.Text, u.Role >= Administrator)
		b.Trial = &t
	}
	a.bench(w, r, u, b, "", err)
}

// formerOf tells later whether the file is still as it is now.
func (a *Admin) formerOf(site string) string {
	text, err := a.Lab.File(site)
	if err != nil {
		return ""
	}
	return Sum(text)
}

func (a *Admin) bench(w http.ResponseWriter, r *http.Request, u User, b bench, message string, err error) {
	status := http.StatusOK
	if b.Kept, _ = a.Lab.Formers(b.Site); err != nil { // else none are offered
		status, message = http.StatusUnprocessableEntity, err.Error()
	}
	a.show(w, r, u, status, "lab.html", page{Title: "Lab: " + b.Site, Here: "/lab", Message: message, Plain: true, Data: b})
}

// work does what somebody asks of the lab: to try a text, to save it, to fetch the pages anew.
func (a *Admin) work(w http.ResponseWriter, r *http.Request, u User) {
	b := bench{Site: r.PathValue("site"), Text: strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n"), Former: r.PostFormValue("former")}
	if sites, err := a.Lab.Sites(); err != nil || !slices.Contains(sites, b.Site) {
		a.missing(w, r, u, "There is no such site.")
		return
	}
	message := ""
	var err error
	try := a.Lab.Try
	switch r.PostFormValue("do") {
	case "pick":
		var p Picked
		if p, err = a.Lab.Pick(r.Context(), b.Site, b.Text, placeIn(r), u.Role >= Administrator); err == nil {
			b.Picked = &p
		}
	case "live":
		if err = a.Access.note(r, u, "tried on its pages", "selector file "+b.Site); err == nil {
			try = a.Lab.TryLive
		}
	case "save":
		if err = a.Access.note(r, u, "saves", "selector file "+b.Site); err == nil {
			var kept string
			if kept, err = a.Lab.Save(b.Site, b.Text, b.Former, u.Role >= Administrator); err == nil {
				message = fmt.Sprintf("Saved. The former file is %s; the next run uses the new one.", kept)
				b.Former = a.formerOf(b.Site)
			} else {
				_ = a.Access.note(r, u, "could not save", "selector file "+b.Site) // nothing was done
			}
		}
	case "fetch":
		unsaved := Sum(b.Text) != a.formerOf(b.Site)
		if err = a.Access.note(r, u, "fetched the pages of", "site "+b.Site); err == nil {
			if err = a.Lab.Fetch(r.Context(), b.Site); err == nil {
				message = "The pages were fetched anew."
				if unsaved {
					message = "The pages were fetched anew, by the saved file and not by your text: save it first, if it is to lead there."
				}
			}
		}
	}
	t, failed := try(r.Context(), b.Site, b.Text, u.Role >= Administrator)
	if n := len(t.Findings); n > 0 && strings.HasPrefix(message, "Saved.") {
		message += fmt.Sprintf(" It still has %d finding(s) on the saved pages.", n)
	}
	b.Trial, err = &t, cmp.Or(err, failed)
	a.bench(w, r, u, b, message, err)
}
