package bot

import (
	"strings"
)

// Clean makes a text that came from outside fit for a record or a log: one line, no control characters, at most 300
// characters, no addresses.
func Clean(s string) string {
	s = Redact(strings.Join(strings.Fields(Printable(s)), " ")) // before it is cut: half an address is not recognised
	if r := []rune(s); len(r) > 300 {
		s = string(r[:299]) + "…"
	}
	return strings.TrimSpace(s)
}

// Printable replaces what a text could do to a terminal, a log or whoever reads it: control characters (C0, C1, DEL), those
// that turn the direction of writing (Unicode TR 36, 3.2) and line separators become spaces; bytes that are no UTF-8 become �.
// Line feeds and tabs stay.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if Unprintable(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}

// Unprintable reports whether a character commands instead of being shown.
func Unprintable(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case r < ' ', r >= 0x7f && r <= 0x9f: // C0, DEL, C1
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c: // direction
		return true
	case r == 0x2028, r == 0x2029, r == 0xfeff, r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe007f: // separators, marks, tags
		return true
	}
	return false
}
