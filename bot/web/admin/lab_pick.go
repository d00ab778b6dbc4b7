package admin

import (
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"
)

// Proposal is an edit that finds again what a file does not find any more. It is applied by nobody but who saves it.
type Proposal struct {
	Line       int      `json:"line"` // of the finding
	At         int      `json:"at"`   // line that would be another one
	Flow, What string   `json:",omitempty"`
	Before     string   `json:"before"` // the line
	After      string   `json:"after"`
	Text       string   `json:"-"` // the whole file, as it would be
	Reasons    []string `json:"reasons"`
	Was, Now   []byte   `json:"-"` // JPEG: what it was on the last good page, and what it is
}

// Refusal is why nothing is proposed for a line.
type Refusal struct {
	Line            int
	Flow, What, Why string
}

// Element is something on a page that somebody could pick.
type Element struct {
	What string
	X, Y int // within it
}

// Place is where somebody has picked.
type Place struct {
	Flow, What string // of the page
	X, Y       int
}

// Picked is an element that somebody has picked, and how it can be found.
type Picked struct {
	Place
	Element string
	Box     Match
	Ways    []Way
}

// Way is one way to find an element.
type Way struct {
	Text    string // as a selector file writes it
	Matches int    // on the page
	InRow   bool   // within its row: for a column
	Remark  string
}

// placeIn reads where somebody has picked: on the picture, or from the list.
func placeIn(r *http.Request) Place {
	p := Place{Flow: r.PostFormValue("flow"), What: r.PostFormValue("what")}
	x, y := r.PostFormValue("x"), r.PostFormValue("y")
	if x == "" {
		x, y, _ = strings.Cut(r.PostFormValue("element"), ",")
	}
	p.X, _ = strconv.Atoi(x)
	p.Y, _ = strconv.Atoi(y)
	return p
}

func source(picture []byte) template.URL {
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(picture)) //nolint:gosec // base64
}

// Source is the picture as a page shows it.
func (s Saved) Source() template.URL { return source(s.Picture) }

// Sources are the pictures as a page shows them: before and after.
func (p Proposal) Sources() [2]template.URL { return [2]template.URL{source(p.Was), source(p.Now)} }
