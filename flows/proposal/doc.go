// Package proposal finds again what a selector file does not find any more, and proposes the edit that would mend the file.
//
// It works on two saved pages of a site: a good one, on which the file still found everything, and one on which it does not. What
// the element was like on the good page is compared with everything on the other. Structure alone never suffices: the neighbour of
// an element that has gone has the same tag and the same parent, and is another element. So a proposal needs
//
//   - an identity: the same name, label, text, headings or values;
//   - a margin over whatever comes second;
//   - to be visible, and the only match of the proposed selector;
//   - to be read as the rest of the file and the contract of earlier readings want it.
//
// Nothing is applied by itself, and nothing is proposed for what is clicked or typed into: a wrong guess there writes.
package proposal

import (
	"restock/bot"
	"restock/selectors"
)

// Proposal is an edit of a selector file that finds again what is not found any more.
type Proposal struct {
	Line    int      `json:"line"` // of the finding
	At      int      `json:"at"`   // line that would be another one
	Flow    string   `json:"flow"`
	What    string   `json:"what"` // "rows", "column quantity"
	Before  string   `json:"before"`
	After   string   `json:"after"` // the line, as it would be
	Text    string   `json:"-"`     // the whole file, as it would be
	Reasons []string `json:"reasons"`
	Score   float64  `json:"score"`  // 0 to 1
	Margin  float64  `json:"margin"` // over what comes second

	Was selectors.Box `json:"-"` // where it was on the good page
	Now selectors.Box `json:"-"` // where it is
}

// Refusal is a selector for which nothing is proposed, and why.
type Refusal struct {
	Line int    `json:"line"`
	Flow string `json:"flow"`
	What string `json:"what"`
	Why  string `json:"why"`
}

// Limits of a proposal.
const (
	leastIdentity = 0.6  // of the strongest sign that it is the same thing
	leastScore    = 0.6  // of all signs together
	leastMargin   = 0.12 // over what comes second
	leastShare    = 0.75 // of a column's rows that say the same as before
	fewRows       = 5    // fewer prove nothing
	fewValues     = 4    // different ones
)

// Case is what is to be mended.
type Case struct {
	File       string // its name, for findings
	Text       string
	Former     string       // the file that found everything on the good page; "": Text did
	Flow, What string       // of the page
	Contract   bot.Contract // of the list on it; nothing was learned where its Readings are 0
}
