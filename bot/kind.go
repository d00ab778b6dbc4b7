package bot

import (
	"regexp"
	"strings"
)

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

func dateLike(value string) bool {
	ok, err := regexp.MatchString(`^(\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2})?.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}( .*)?)$`, value)
	return err == nil && ok
}
