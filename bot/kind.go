package bot

import "strings"

// Kind is what a value looks like, whatever it means.
type Kind string

// The kinds of values.
const (
	EmptyKind   Kind = "empty"
	NumberKind  Kind = "number"
	DateKind    Kind = "date"
	AddressKind Kind = "e-mail"
	LinkKind    Kind = "link"
	TextKind    Kind = "text"
)

// KindOf tells the kind of a value.
func KindOf(value string) Kind {
	value = strings.TrimSpace(value)
	switch {
	case value == "":
		return EmptyKind
	case dateLike(value):
		return DateKind
	case strings.Trim(value, "+-0123456789.,'\u00a0\u202f ()") == "":
		return NumberKind
	case strings.HasPrefix(value, "http://"), strings.HasPrefix(value, "https://"):
		return LinkKind
	case strings.Contains(value, "@") && !strings.ContainsAny(value, " \t"):
		return AddressKind
	}
	return TextKind
}

// dateLike recognises 2026-11-23, with or without a time, and 23.11.2026 or 23/11/26.
func dateLike(value string) bool {
	day, _, _ := strings.Cut(value, " ")
	if day, _, _ = strings.Cut(day, "T"); len(day) < 6 || len(day) > 10 {
		return false
	}
	for _, sign := range []string{"-", ".", "/"} {
		parts := strings.Split(day, sign)
		if len(parts) != 3 {
			continue
		}
		first, last := parts[0], parts[2]
		if sign == "-" { // the year stands in front
			first, last = last, first
		}
		return number(first, 1, 2) && number(parts[1], 1, 2) && number(last, 2, 4)
	}
	return false
}

// number reports whether a text is so many digits.
func number(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.Trim(s, "0123456789") == ""
}
