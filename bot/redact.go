package bot

import (
	"strings"
	"unicode"
)

// Redact replaces e-mail addresses and phone numbers in a text by their shape, so that it can go into logs, errors and
// evidence: bob@example.com becomes b…@e….com, +61 491 570 006 becomes +61…06. They are found in addresses of pages too,
// where @ is %40 and + is %2B.
func Redact(s string) string { return redactPhones(redactEmails(s)) }

func redactEmails(s string) string {
	var out strings.Builder
	for {
		at, sign := firstOf(s, "@", "%40")
		if at < 0 {
			out.WriteString(s)
			return out.String()
		}
		local := tailOf(s[:at], func(r rune) bool { return letterOrDigit(r) || strings.ContainsRune("._+'-", r) })
		rest := s[at+len(sign):]
		domain := strings.TrimRight(headOf(rest, func(r rune) bool { return letterOrDigit(r) || r == '.' || r == '-' }), ".-")
		dot := strings.LastIndexByte(domain, '.')
		if local == "" || dot < 1 || len(domain)-dot < 3 {
			out.WriteString(s[:at+len(sign)])
			s = rest
			continue
		}
		out.WriteString(s[:at-len(local)] + first(local) + "…" + sign + first(domain) + "…" + domain[dot:])
		s = rest[len(domain):]
	}
}

func redactPhones(s string) string {
	var out strings.Builder
	for {
		at, sign := firstOf(s, "+", "%2B", "00")
		if at < 0 {
			out.WriteString(s)
			return out.String()
		}
		rest := s[at+len(sign):]
		run := headOf(rest, func(r rune) bool { return isDigit(r) || strings.ContainsRune(" \u00a0().-", r) })
		run = run[:strings.LastIndexFunc(run, isDigit)+1]
		before := s[:at]
		if before == "" {
			before = out.String()
		}
		inside := sign == "00" && before != "" && letterOrDigit(rune(before[len(before)-1]))
		if countDigits(run) < 7 || inside || len(run) < 2 || countDigits(run[:2]) < 2 {
			out.WriteString(s[:at+len(sign)])
			s = rest
			continue
		}
		out.WriteString(s[:at] + sign + run[:2] + "…" + run[len(run)-2:])
		s = rest[len(run):]
	}
}

// firstOf finds the first of some texts.
func firstOf(s string, texts ...string) (at int, found string) {
	at = -1
	for _, text := range texts {
		if i := strings.Index(s, text); i >= 0 && (at < 0 || i < at) {
			at, found = i, text
		}
	}
	return at, found
}

// headOf is the beginning of a text whose characters all pass.
func headOf(s string, pass func(rune) bool) string {
	if i := strings.IndexFunc(s, func(r rune) bool { return !pass(r) }); i >= 0 {
		return s[:i]
	}
	return s
}

// tailOf is the end of a text whose characters all pass.
func tailOf(s string, pass func(rune) bool) string {
	return strings.TrimLeft(s[len(strings.TrimRightFunc(s, pass)):], "._+'-")
}

func first(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func countDigits(s string) int {
	n := 0
	for _, r := range s {
		if isDigit(r) {
			n++
		}
	}
	return n
}

// Clean makes a text that came from outside fit for a record or a log: one line, no control characters, at most 300
// characters, no addresses.
func Clean(s string) string {
	s = strings.Join(strings.Fields(Printable(s)), " ")
	if r := []rune(s); len(r) > 300 {
		s = string(r[:299]) + "…"
	}
	return Redact(strings.TrimSpace(s))
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
