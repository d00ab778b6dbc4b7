// Package strict reads YAML into Go structs without forgiving anything, and says of every problem at once where it is,
// what was found, what is allowed there and which word was probably meant. It is the only importer of a YAML library.
package strict

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Pos is a place in a file. Lines and columns count from 1. A struct that embeds Pos is told where it stands.
type Pos struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// String writes file:line:column, which editors jump to.
func (p Pos) String() string {
	if p.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Finding is one problem in a file.
type Finding struct {
	Pos
	Found    string `json:"found"`
	Expected string `json:"expected"`
	Hint     string `json:"hint"`
}

// Error writes "file:line:column: found …; expected …; hint".
func (f Finding) Error() string {
	parts := []string{"found " + f.Found, "expected " + f.Expected}
	if f.Hint != "" {
		parts = append(parts, f.Hint)
	}
	return f.Pos.String() + ": " + strings.Join(parts, "; ")
}

// Findings are all problems of a file. It is an error when it is not empty.
type Findings []Finding

// Add appends a finding.
func (f *Findings) Add(pos Pos, found, expected, hint string) {
	*f = append(*f, Finding{Pos: pos, Found: found, Expected: expected, Hint: hint})
}

// Error lists the findings, one a line.
func (f Findings) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Err returns the findings in the order of their places as an error, or nil if there are none.
func (f Findings) Err() error {
	if len(f) == 0 {
		return nil
	}
	sort.SliceStable(f, func(i, j int) bool {
		a, b := f[i], f[j]
		if a.File != b.File {
			return a.File < b.File
		}
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return f
}

// Nearest returns the known word that was probably meant, or "".
func Nearest(word string, known []string) string {
	best, bestDistance := "", max(2, len(word)/3)+1
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// DidYouMean is the hint for an unknown word, or "".
func DidYouMean(word string, known []string) string {
	near := Nearest(word, known)
	for _, k := range known {
		if near == "" && len(word) >= 3 && strings.HasPrefix(k, strings.ToLower(word)) {
			near = k
		}
	}
	if near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return ""
}

// distance counts the letters to insert, delete, replace or swap (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 {
		return 64
	}
	var before []int
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		next := make([]int, len(y)+1)
		next[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(y)]
}

// List joins the words that are allowed somewhere, sorted.
func List(words []string) string {
	words = slices.Sorted(slices.Values(words))
	if len(words) > 1 {
		return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	}
	return strings.Join(words, "")
}
