package selectors

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"restock/selectors/strict"
)

// checkCSS finds what YAML or a typing slip made of a selector; the browser has the last word on its syntax.
func checkCSS(d *strict.Decoder, n *strict.Node) {
	text := n.Value
	if c := n.LineComment; strict.IsScalar(n) && len(c) > 1 && c[1] != ' ' && c[1] != '#' {
		d.Report(n, fmt.Sprintf("%s, cut off before %s", quote(text), c), "a whole selector",
			fmt.Sprintf("YAML takes %s for a comment: put the selector in \"double quotes\"", c))
	}
	checkBrackets(d, n, "a CSS selector")
	if strings.HasPrefix(text, "//") || strings.HasPrefix(text, "(//") {
		d.Report(n, quote(text), "a CSS selector", "this is XPath: write xpath: instead of css:")
	}
}

// Pattern compiles a text of a selector file: whole text, case and white space ignored, "*" for anything, or /…/.
func Pattern(s string) (*regexp.Regexp, error) {
	if len(s) > 1 && s[0] == '/' {
		if i := strings.LastIndexByte(s, '/'); i > 0 && strings.Trim(s[i+1:], "i") == "" {
			flags := ""
			if s[i+1:] != "" {
				flags = "(?i)"
			}
			return regexp.Compile(flags + s[1:i])
		}
	}
	words := strings.Fields(s)
	for i, w := range words {
		words[i] = strings.ReplaceAll(regexp.QuoteMeta(w), `\*`, `[\s\S]*`)
	}
	return regexp.Compile(`(?i)^\s*` + strings.Join(words, `\s+`) + `\s*$`)
}

// checkBrackets finds brackets that do not match, outside of quoted texts.
func checkBrackets(d *strict.Decoder, n *strict.Node, expected string) {
	bare := unquoted(n.Value)
	for _, pair := range []struct{ open, close string }{{"[", "]"}, {"(", ")"}} {
		if strings.Count(bare, pair.open) != strings.Count(bare, pair.close) {
			d.Report(n, quote(n.Value), expected, fmt.Sprintf("%s and %s do not match", pair.open, pair.close))
		}
	}
}

// unquoted leaves out what stands between quotes.
func unquoted(s string) string {
	var b strings.Builder
	var open rune
	for _, r := range s {
		switch {
		case open == 0 && (r == '"' || r == '\''):
			open = r
		case open == 0:
			b.WriteRune(r)
		case r == open:
			open = 0
		}
	}
	return b.String()
}

// checkXPath finds what is CSS, or cut off.
func checkXPath(d *strict.Decoder, n *strict.Node) {
	checkBrackets(d, n, "an XPath")
	if strings.HasPrefix(n.Value, "#") || strings.HasPrefix(n.Value, ".") && !strings.HasPrefix(n.Value, "./") && n.Value != "." &&
		!strings.HasPrefix(n.Value, "..") {
		d.Report(n, quote(n.Value), "an XPath", "this is CSS: write css: instead of xpath:")
	}
}

// ariaRoles are the roles of WAI-ARIA 1.2 that an element can have, and the newer ones that browsers know.
func ariaRoles() []string {
	return strings.Fields(`alert alertdialog application article banner blockquote button caption cell checkbox code columnheader
		combobox complementary contentinfo definition deletion dialog directory document emphasis feed figure form generic grid
		gridcell group heading img image insertion link list listbox listitem log main mark marquee math menu menubar menuitem
		menuitemcheckbox menuitemradio meter navigation none note option paragraph presentation progressbar radio radiogroup region row
		rowgroup rowheader scrollbar search searchbox separator slider spinbutton status strong subscript suggestion superscript switch
		tab table tablist tabpanel term textbox time timer toolbar tooltip tree treegrid treeitem`)
}

// checkRole finds slips such as "buton": a role that does not exist matches nothing, ever.
func checkRole(d *strict.Decoder, n *strict.Node) {
	if known := ariaRoles(); !slices.Contains(known, strings.ToLower(n.Value)) {
		hint := strict.DidYouMean(n.Value, known)
		if hint == "" {
			hint = "look into the accessibility pane of a browser's developer tools"
		}
		d.Report(n, strict.Kind(n), "an ARIA role such as button, link, textbox or row", hint)
	}
}

func quote(s string) string {
	if r := []rune(s); len(r) > 80 {
		s = string(r[:77]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
