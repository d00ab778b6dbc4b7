package selectors

import (
	"encoding/json"
	"fmt"
)

// Action is one step with its values put in, ready for a page.
type Action struct {
	Do      string // click, fill, …: see Step
	Element *Element
	Row     *Row     // look inside this row only
	Options *Element // select: where the options of a made-up select stand
	Text    string   // fill, type, select, append; the path of a file for upload; accept or dismiss for dialog
	Secret  bool     // Text is a secret
	Key     string   // press
}

// Row names one row of a list.
type Row struct {
	Rows  Element
	Skip  []Element
	Index int
	Print string // of the row when it was read; a row that moved meanwhile is found again by it
}

// Plan is what one page of a reading must answer, in one evaluation.
type Plan struct {
	Proof   *Condition    `json:"proof,omitempty"`
	Empty   *Condition    `json:"empty,omitempty"`
	Rows    Element       `json:"rows"`
	Skip    []Element     `json:"skip,omitempty"`
	Record  bool          `json:"record,omitempty"` // the page is one record, not a list
	Columns [][]Selection `json:"columns"`          // for each column its alternatives
	Total   *Selection    `json:"total,omitempty"`
	Next    *Element      `json:"next,omitempty"`
	Limit   int           `json:"limit"`            // rows at most
	Prints  bool          `json:"prints,omitempty"` // tell the print of each row
}

// Download is a file that a page gave.
type Download struct {
	Name string
	Data []byte
}

// Response is an answer to one of the page's own requests.
type Response struct {
	URL  string
	Body []byte
}

// Scrolled tells where something that scrolls stands.
type Scrolled struct {
	At     float64 `json:"at"`     // pixels from the top
	Height float64 `json:"height"` // of all its contents
	End    bool    `json:"end"`    // there is nothing below
}

// Session is what a site keeps in a browser for somebody who is logged in.
type Session struct {
	Cookies json.RawMessage `json:"cookies"` // as the browser gives them
	Stores  []Storage       `json:"stores,omitempty"`
}

// Storage is what an origin has stored in the browser.
type Storage struct {
	Origin  string            `json:"origin"`
	Local   map[string]string `json:"local,omitempty"`
	Session map[string]string `json:"session,omitempty"`
}

// Hidden is what must not be seen in pictures, besides passwords, codes, addresses and what the file's mask: names.
type Hidden struct {
	Names []string     `json:"names,omitempty"` // texts that are personal, wherever they stand
	Lists []HiddenList `json:"lists,omitempty"`
}

// HiddenList are columns of a list that are personal. A row in which one of them cannot be found is covered as a whole.
type HiddenList struct {
	Rows    Element       `json:"rows"`
	Skip    []Element     `json:"skip,omitempty"`
	Columns [][]Selection `json:"columns"`
}

// Interrupted says that one of the site's interruptions came up. The work must be begun anew after it was answered.
type Interrupted struct{ Index int }

func (e *Interrupted) Error() string {
	return fmt.Sprintf("interruption %d of the selector file came up", e.Index+1)
}
