package bot

import (
	"regexp"
	"strings"
)

// Redact replaces e-mail addresses and phone numbers in a text by their shape, so that it can go into logs, errors and
// evidence: bob@example.com becomes b…@e….com, +61 491 570 006 becomes +61…06.
func Redact(s string) string {
	email := regexp.MustCompile(`([\p{L}\p{N}._%+'-])[\p{L}\p{N}._%+'-]*(@|%40)([\p{L}\p{N}])[\p{L}\p{N}.-]*\.(\p{L}{2,})`)
	phone := regexp.MustCompile(`(\+|%2B|\b00)(\d{2})[\d \x{a0}().-]{4,}(\d{2})\b`)
	return phone.ReplaceAllString(email.ReplaceAllString(s, "$1…$2$3….$4"), "$1$2…$3")
}

// Clean makes a text that came from outside fit for a record or a log: one line, no control characters, at most 300
// characters, no addresses.
func Clean(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
	if r := []rune(s); len(r) > 300 {
		s = string(r[:299]) + "…"
	}
	return Redact(strings.TrimSpace(s))
}
