package selectors

import (
	"encoding/json"
)

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
		Boxes   []Box  `json:"boxes"` // of the first matches
	} `json:"alternatives"`
}

// Box is where an element is on the page: left, top, width and height in CSS pixels.
type Box [4]int

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
