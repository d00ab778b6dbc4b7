package admin

import (
	"encoding/base64"
	"html/template"
	"time"

	"restock/bot"
)

// Failure is a step that failed in a run, with what it left.
type Failure struct {
	*bot.StepError
	Folder     string   `json:"folder"` // in the evidence of the run: its picture is screenshot.png there
	Pictured   bool     `json:"pictured"`
	Cause      string   `json:"cause"`
	Todo       string   `json:"todo"`
	Customers  string   `json:"customers"` // what it means for them
	Who        string   `json:"who"`       // must act
	Same       []string `json:"same,omitempty"`
	Excerpt    []Line   `json:"excerpt,omitempty"`    // of the selector file, around the line that failed
	Definition []Line   `json:"definition,omitempty"` // of what that line names
	Near       []string `json:"near,omitempty"`       // what was on the page, the likest first
	Good       *Good    `json:"good,omitempty"`
}

// Line is a line of a selector file.
type Line struct {
	Number int    `json:"number"`
	Text   string `json:"text"`
	Here   bool   `json:"here,omitempty"`
}

// Good is the last picture of a flow that worked.
type Good struct {
	At      time.Time `json:"at"`
	Picture []byte    `json:"picture"` // JPEG
}

// Source is the picture as a page shows it.
func (g Good) Source() template.URL {
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(g.Picture)) //nolint:gosec // base64
}

// nearest is how many near matches are shown.
const nearest = 8

// Nearest are the likest of what was on the page.
func (f Failure) Nearest() []string { return f.Near[:min(nearest, len(f.Near))] }
