package bot

import (
	"strings"
	"unicode/utf8"
)

// redactNational replaces phone numbers as people of a country write them for each other: 0491 570 006, (02) 5550 1234. A number without
// gaps is taken for one of a mobile phone only, because codes of products look like the others; one with dashes may be a date.
func redactNational(s string) string {
	var out strings.Builder
	for {
		at := strings.IndexByte(s, '0')
		if at < 0 {
			out.WriteString(s)
			return out.String()
		}
		run := headOf(s[at:], func(r rune) bool { return isDigit(r) || r == ' ' || r == '-' || r == ')' || r == '\u00a0' })
		run = run[:strings.LastIndexFunc(run, isDigit)+1]
		before := s[:at]
		if before == "" {
			before = out.String()
		}
		last, _ := utf8.DecodeLastRuneInString(before)
		next, _ := utf8.DecodeRuneInString(s[at+len(run):])
		inside := before != "" && (letterOrDigit(last) || strings.ContainsRune("+.,:…-_/", last))
		rest := s[at+len(run):]
		if inside || !national(run) || rest != "" && letterOrDigit(next) {
			size := max(1, len(headOf(s[at:], isDigit)))
			out.WriteString(s[:at+size])
			s = s[at+size:]
			continue
		}
		out.WriteString(s[:at] + run[:2] + "…" + run[len(run)-2:])
		s = rest
	}
}

// national reports whether digits with gaps are a phone number.
func national(run string) bool {
	n := countDigits(run)
	if n < 10 || n > 11 || run[1] < '1' || run[1] > '9' {
		return false
	}
	if n == len(run) { // without gaps
		return run[1] == '4' || run[1] == '7'
	}
	date := len(run) > 5 && run[2] == '-' && run[5] == '-'
	return !date && !strings.Contains(run, "  ") && !strings.Contains(run, "--")
}
