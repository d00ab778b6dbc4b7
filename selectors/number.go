package selectors

import (
	"fmt"
	"strings"
)

// NumberFormat is how a language writes numbers. Each sign is one of the characters of the string.
type NumberFormat struct {
	Decimal   string
	Thousands string
}

// localeOf returns the number format of a BCP 47 tag, by its region first and its language then (CLDR 47, latn digits).
func localeOf(tag string) (NumberFormat, bool) {
	const spaces = " \u00a0\u202f\u2009"
	english := NumberFormat{".", ","}
	german := NumberFormat{",", "."}
	french := NumberFormat{",", spaces}
	swiss := NumberFormat{".", "’'"}
	language, region, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(tag), "_", "-"), "-")
	switch language + "-" + region {
	case "de-ch", "fr-ch", "it-ch", "de-li":
		return swiss, true
	case "de-at", "pt-pt", "es-es":
		return NumberFormat{",", spaces + "."}, true
	case "es-mx", "es-us", "es-pr":
		return english, true
	}
	switch language {
	case "", "en", "zh", "ja", "ko", "th", "he", "ms":
		return english, true
	case "de", "nl", "it", "es", "pt", "da", "id", "tr", "el", "vi", "ro", "sl", "hr":
		return german, true
	case "fr", "sv", "nb", "no", "nn", "fi", "pl", "cs", "sk", "ru", "uk", "hu", "bg", "et", "lv", "lt":
		return french, true
	}
	return english, false
}

// Parse reads a number strictly: digits, thousands signs in groups of three, one decimal sign, a minus before or after,
// or brackets for less than nothing. unit is what may stand after it: "" nothing, "*" any word, else that word. The
// result is plain: -1250.5.
func (f NumberFormat) Parse(text, unit string) (number, unitFound string, err error) {
	refuse := func(why string) (string, string, error) {
		return "", "", fmt.Errorf("%s is not a number: %s (decimal sign %q, thousands %q)", quote(text), why, f.Decimal, f.Thousands)
	}
	body, found := cutUnit(strings.TrimSpace(text))
	body, negative := signOf(body)
	switch {
	case body == "":
		return refuse("it has no digits")
	case found != "" && unit != "*" && !strings.EqualFold(found, unit):
		return refuse(fmt.Sprintf("%q stands after it, and unit: does not allow that", found))
	}
	if body, after := signOf(body); after {
		return refuse("it has two signs in " + quote(body))
	}
	whole, frac := body, ""
	if i := strings.IndexAny(body, f.Decimal); i >= 0 {
		sign := string([]rune(body[i:])[0])
		whole, frac = body[:i], body[i+len(sign):]
		if !digits(frac) {
			return refuse("what follows the decimal sign is not a row of digits")
		}
	}
	groups := strings.FieldsFunc(whole, func(r rune) bool { return strings.ContainsRune(f.Thousands, r) })
	plain := strings.Join(groups, "")
	signs := len([]rune(whole)) - len([]rune(plain))
	if !digits(plain) || signs != len(groups)-1 {
		return refuse("a character does not belong there")
	}
	for i, g := range groups {
		if len(groups) > 1 && (i > 0 && len(g) != 3 || i == 0 && len(g) > 3) {
			return refuse("the thousands are not in groups of three")
		}
	}
	if plain = strings.TrimLeft(plain, "0"); plain == "" {
		plain = "0"
	}
	if frac = strings.TrimRight(frac, "0"); frac != "" {
		plain += "." + frac
	}
	if negative && plain != "0" {
		plain = "-" + plain
	}
	return plain, found, nil
}

// signOf takes the sign off a number: -3, −3, 3-, (3), +3.
func signOf(s string) (body string, negative bool) {
	for _, minus := range []string{"-", "−", "–", "‑"} {
		if rest, ok := strings.CutPrefix(s, minus); ok {
			return strings.TrimSpace(rest), true
		}
		if rest, ok := strings.CutSuffix(s, minus); ok && rest != "" {
			return strings.TrimSpace(rest), true
		}
	}
	if len(s) > 2 && s[0] == '(' && s[len(s)-1] == ')' {
		return strings.TrimSpace(s[1 : len(s)-1]), true
	}
	if rest, ok := strings.CutPrefix(s, "+"); ok {
		return strings.TrimSpace(rest), false
	}
	return s, false
}

// cutUnit splits "12.5 kg" after its last digit and what belongs to that: a minus, or the bracket of less than nothing.
func cutUnit(s string) (number, unit string) {
	i := strings.LastIndexAny(s, "0123456789") + 1
	for _, sign := range []string{")", "-", "−", "–", "‑"} {
		if i > 0 && strings.HasPrefix(s[i:], sign) {
			i += len(sign)
			break
		}
	}
	return strings.TrimSpace(s[:i]), strings.TrimSpace(s[i:])
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
