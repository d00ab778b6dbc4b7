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

// Answer is what a page said to a Plan.
type Answer struct {
	URL     string    `json:"url"`
	Ready   string    `json:"ready"` // document.readyState
	Proof   bool      `json:"proof"`
	Empty   bool      `json:"empty"`
	Total   *Cell     `json:"total"`
	Rows    [][]Tried `json:"rows"` // row, column
	Headers []string  `json:"headers"`
	Prints  []string  `json:"prints"` // of the rows
	TooMany int       `json:"tooMany"`
	Next    string    `json:"next"` // none, ready, disabled, several
	NextWhy string    `json:"nextWhy"`
	Href    string    `json:"href"` // where a plain link to the next page leads
	// Alternative is which alternative of rows matched.
	Alternative int `json:"alternative"`
	// Pending is how many requests to a server are under way, without those that have been for long: polls.
	Pending int `json:"-"`
	// Slow is how many have been under way for so long that they may be polls, or may not.
	Slow int `json:"-"`
	// Settled says that the document came whole from the server and has asked it for nothing more.
	Settled bool `json:"-"`
}

// Inspection is what the alternatives of an element match on a page, or what is wrong with a selector.
type Inspection struct {
	Error        string `json:"error"`
	Alternatives []struct {
		Matches int    `json:"n"`
		Hidden  int    `json:"hidden"`
		Sample  string `json:"sample"`
	} `json:"alternatives"`
}

// Fetched is a page that was fetched: what it answered, or why it cannot be read so.
type Fetched struct {
	URL    string  `json:"url"` // that was asked for
	Answer *Answer `json:"answer"`
	Why    string  `json:"error"`
}

// Tried are the cells of the alternatives of one column that were tried. A page writes it as a text where the first one is
// there.
type Tried []Cell

// UnmarshalJSON implements json.Unmarshaler.
func (t *Tried) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		var text string
		err := json.Unmarshal(data, &text)
		*t = Tried{{Value: &text}}
		return err
	}
	type plain Tried
	return json.Unmarshal(data, (*plain)(t))
}

// Cell is what one alternative of a column gave: a text, or why there is none.
type Cell struct {
	Value *string `json:"v"`
	Why   string  `json:"w"`
	Plain bool    `json:"-"` // a number as programs write it
}

// Joint separates the values of joined fields in a cell.
const Joint = "\x1f"

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
