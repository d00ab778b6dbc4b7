package recording

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Scores of targets: less is better. They are in the order that Playwright's selector generator uses.
const (
	scoreTestID = 1 + iota*20
	scoreRole
	scorePlaceholder
	scoreLabel
	scoreAlt
	scoreText
	scoreTitle
	scoreID
	scoreName
	scoreCSS
	scoreXPath
)

// rank sorts targets, drops those that will not do, and keeps one whatever it is.
func rank(list []target) (kept, dropped []target) {
	seen := map[string]bool{}
	for _, t := range list {
		if seen[t.yaml] || t.yaml == "" {
			continue
		}
		seen[t.yaml] = true
		if t.why != "" {
			dropped = append(dropped, t)
			continue
		}
		kept = append(kept, t)
	}
	byScore := func(a, b target) int { return a.score - b.score }
	slices.SortStableFunc(kept, byScore)
	slices.SortStableFunc(dropped, byScore)
	if len(kept) == 0 && len(dropped) > 0 {
		kept, dropped = dropped[:1], dropped[1:]
	}
	return kept, dropped
}

func quoteYAML(s string) string {
	plain := s != "" && strings.TrimSpace(s) == s && !strings.ContainsAny(s, "#[]{}*&!|>'\"%@`,:?\\\n\t") && !strings.HasPrefix(s, "-")
	if plain && !strings.ContainsAny(s[:1], "0123456789.~<=") && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off"}, strings.ToLower(s)) {
		return s
	}
	return fmt.Sprintf("%q", s)
}

func one(key, value string, score int) target {
	if strings.TrimSpace(value) == "" {
		return target{}
	}
	if key == "css" || key == "xpath" {
		if strings.Contains(value, "{") || strings.Count(value, "[") != strings.Count(value, "]") || strings.Count(value, "(") != strings.Count(value, ")") || key == "css" && strings.HasPrefix(value, "/") || key == "xpath" && strings.HasPrefix(value, "#") || key == "xpath" && strings.HasPrefix(value, ".") {
			return target{}
		}
	} else {
		value = literal(value)
	}
	return target{yaml: "{" + key + ": " + quoteYAML(value) + "}", score: score}
}

// commonRoles are those that a recording may name.
const commonRoles = "alert button cell checkbox columnheader combobox dialog grid gridcell heading img link list listbox listitem menu menuitem " +
	"menuitemcheckbox menuitemradio navigation option radio row rowheader searchbox slider spinbutton switch tab table tabpanel textbox treeitem"

// literal makes a text one that means itself: braces would name a word, slashes at its ends an expression.
func literal(text string) string {
	text = strings.ReplaceAll(text, "{", "*")
	if strings.HasPrefix(text, "/") {
		text = "*" + text[1:]
	}
	return text
}

func byRole(role, name string) target {
	if !slices.Contains(strings.Fields(commonRoles), role) {
		return byText("text", name, scoreText)
	}
	name = literal(name)
	t := target{yaml: "{role: " + role + ", name: " + quoteYAML(name) + "}", score: scoreRole}
	t.why = tooWide(name)
	return t
}

func byText(key, text string, score int) target {
	t := one(key, text, score)
	t.why = tooWide(text)
	return t
}

// tooWide says why a text will not do.
func tooWide(text string) string {
	folded := strings.TrimSpace(text)
	switch {
	case len([]rune(folded)) < 2:
		return "one letter is on many elements"
	case strings.Trim(folded, "0123456789., ") == "":
		return "a number changes"
	case len([]rune(folded)) > 80:
		return "a text that long changes"
	}
	return ""
}

// byCSS judges a CSS selector.
func byCSS(css string) target {
	css = strings.TrimSpace(css)
	for _, attribute := range []string{"data-testid", "data-test", "data-qa", "data-cy", "data-test-id", "data-qa-id", "data-testing"} {
		if value, ok := attributeIs(css, attribute); ok {
			return one("testid", value, scoreTestID)
		}
	}
	t := one("css", css, scoreCSS)
	switch {
	case regexpMatch(`^#[\w-]+$`, css):
		t.score = scoreID
		if madeUp(css[1:]) {
			t.why = "the id looks made up, and changes"
		}
	case regexpMatch(`^[a-z]+\d?$`, css) || css == "*":
		t.why = "a bare tag matches too much"
	case strings.Count(css, ">") > 3 || strings.Count(css, ":nth") > 1:
		t.why = "a long path changes with the page's layout"
	case regexpMatch(`:nth-(child|of-type)\((\d{2,}|[6-9])\)`, css):
		t.why = "a position changes with the number of rows"
	case regexpMatch(`#[\w-]*\d{3,}`, css), regexpMatch(`\.(css|sc|jss|Mui\w+-root-)-?\w*\d`, css):
		t.why = "a name with numbers in it is made by a program, and changes"
	}
	if value, ok := attributeIs(css, "name"); ok {
		return one("name", value, scoreName)
	}
	if value, ok := attributeIs(css, "placeholder"); ok {
		return one("placeholder", value, scorePlaceholder)
	}
	return t
}

func byXPath(xpath string) target {
	t := one("xpath", xpath, scoreXPath)
	switch {
	case strings.HasPrefix(xpath, "/html"), strings.Count(xpath, "/") > 6:
		t.why = "a long path changes with the page's layout"
	case regexpMatch(`\[(\d{2,}|[6-9])\]`, xpath):
		t.why = "a position changes with the number of rows"
	}
	if m := submatch(`^(?:xpath=)?//\*?[a-z]*\[@id="([^"]+)"\]$`, xpath); m != "" && madeUp(m) {
		t.why = "the id looks made up, and changes"
	}
	return t
}

// madeUp reports whether an id looks like one that a program makes anew each time: many changes between letters, digits and
// signs, or a number at its end.
func madeUp(id string) bool {
	changes, last := 0, -1
	for _, r := range id {
		class := 0
		switch {
		case r >= '0' && r <= '9':
			class = 1
		case r >= 'A' && r <= 'Z':
			class = 2
		case r == '-' || r == '_' || r == ':':
			class = 3
		}
		if last >= 0 && class != last {
			changes++
		}
		last = class
	}
	return len(id) > 6 && changes*4 >= len(id)*2 || regexpMatch(`^:r|(^|[-_])\d+$|\d{4,}`, id)
}

func attributeIs(css, name string) (string, bool) {
	value := submatch(`^[a-z]*\[`+name+`=['"]?([^'"\]]+)['"]?\]$`, css)
	return value, value != ""
}

func regexpMatch(pattern, s string) bool {
	ok, err := regexp.MatchString(pattern, s)
	return err == nil && ok
}

func submatch(pattern, s string) string {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return ""
	}
	if m := re.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}
