package bot

import (
	"strings"
	"unicode"
)

// Redact replaces e-mail addresses and phone numbers in a text by their shape, so that it can go into logs, errors and
// evidence: bob@example.com becomes b…@e….com, +61 491 570 006 becomes +61…06, 0491 570 006 becomes 04…06. They are found in addresses of pages too,
// where @ is %40 and + is %2B.
func Redact(s string) string { return redactNational(redactPhones(redactEmails(s))) }

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
