package evidence

import (
	"encoding/base64"
	"html/template"
	"sort"
	"strings"
	"unicode"

	"restock/bot"
)

// picture makes an image a part of the page. The bytes are the browser's own.
func picture(kind string, data []byte) template.URL {
	return template.URL("data:image/" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)) //nolint:gosec // base64
}

// nearest puts what shares most words with the element that was looked for in front.
func nearest(list []string, wanted string) {
	words := map[string]bool{}
	for _, w := range wordsOf(wanted) {
		words[w] = len(w) > 2 // not the names of tags
	}
	shared := func(s string) int {
		n := 0
		for _, w := range wordsOf(s) {
			if words[w] {
				n++
			}
		}
		return n
	}
	sort.SliceStable(list, func(i, j int) bool { return shared(list[i]) > shared(list[j]) })
}

func wordsOf(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// plain leaves out what a text could do to whoever reads it: control characters and those that turn the direction of writing.
func plain(s string) string { return bot.Printable(s) }
