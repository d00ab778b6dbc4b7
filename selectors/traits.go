package selectors

import (
	"slices"

	"restock/selectors/strict"
)

// Traits are what tells an element of a page from others; of rows, what the first is like and what they have in common.
type Traits struct {
	Tag         string   `json:"tag"`
	Role        string   `json:"role"` // given, or implied by the tag
	Name        string   `json:"name"` // as a screen reader says it
	Label       string   `json:"label"`
	TestID      string   `json:"testid"`
	ID          string   `json:"id"`      // where no program has made it up
	Classes     []string `json:"classes"` // the same
	Field       string   `json:"field"`   // the name attribute
	Placeholder string   `json:"placeholder"`
	Title       string   `json:"title"`
	Alt         string   `json:"alt"`
	Type        string   `json:"type"`
	Text        string   `json:"text"`
	Path        []string `json:"path"` // tags, from the element outwards
	Box         Box      `json:"box"`
	What        string   `json:"what"`   // as a person would name it
	Leaf        bool     `json:"leaf"`   // its text is its own, and not that of several things in it
	Clicks      bool     `json:"clicks"` // it is there to be clicked or typed into
	Count       int      `json:"count"`  // 1, or how many rows
	Heads       []string `json:"heads"`  // headings over the rows
	Texts       []string `json:"texts"`  // of the first rows
	CSS         []string `json:"css"`    // selectors that match exactly this, where they were asked for
}

// Spot is what is at a place of a page.
type Spot struct {
	Elements []Traits `json:"elements"` // the innermost first
	Heads    []string `json:"heads"`    // headings of the column in which it lies
	InRow    []string `json:"inRow"`    // CSS selectors that match it within its row
	Groups   []Group  `json:"groups"`   // it is one of several, or lies in one
}

// Group is several elements of one kind.
type Group struct {
	Count int      `json:"count"`
	CSS   []string `json:"css"` // selectors that match exactly them
}

// ParseElement reads an element as a selector file writes it: {css: ".x"}.
func ParseElement(text string) (Element, error) {
	var e Element
	if findings := strict.Decode("", []byte(text), &e); len(findings) > 0 {
		return e, findings
	}
	return e, nil
}

// Looks reports whether a flow only looks at what the element is, and never clicks it or types into it.
func (p Place) Looks() bool {
	return slices.Contains([]string{"stock", "subscribers", "orders"}, p.Flow) &&
		slices.Contains([]string{"proof", "rows", "skip", "total", "empty", "detail proof", "detail rows", "detail total", "detail empty"}, p.What)
}
