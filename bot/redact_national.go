package bot

import (
	"strings"
	"unicode/utf8"
)

// redactNational replaces phone numbers as people of a country write them for each other: 0491 570 006, (02) 5550 1234. A number without
// gaps is taken for one of a mobile phone only, because codes of products look like the others; one that begins like a date is none.
func redactNational(s string) string {
	var out strings.Builder
	done := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '0' || i > 0 && inside(s[:i]) {
			continue
		}
		size := nationalAt(s[i:])
		if size == 0 {
			continue
		}
		out.WriteString(s[done:i] + s[i:i+2] + "…" + s[i+size-2:i+size])
		done, i = i+size, i+size-1
	}
	if done == 0 {
		return s
	}
	return out.String() + s[done:]
}

// inside reports whether what follows a text is part of something else: of a word, a number, a time.
func inside(before string) bool {
	last, size := utf8.DecodeLastRuneInString(before)
	if last == ':' {
		earlier, _ := utf8.DecodeLastRuneInString(before[:len(before)-size])
		return isDigit(earlier)
	}
	return letterOrDigit(last) || strings.ContainsRune("+.…-_/", last)
}

// nationalAt is how long the phone number is that a text begins with, or 0. It has 10 digits, or 11 where no gap follows the tenth.
func nationalAt(s string) int {
	const longest = 24
	digits, gaps, gap := 0, 0, false
	for i := 0; i < min(len(s), longest); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case isDigit(r):
			if digits++; digits > 11 {
				return 0
			}
			gap = false
			next, _ := utf8.DecodeRuneInString(s[i+size:])
			if digits >= 10 && !letterOrDigit(next) {
				return fits(s[:i+size], gaps)
			}
		case (r == ' ' || r == '-' || r == '\u00a0') && !gap || r == ')' && !gap:
			gap = r != ')'
			gaps++
		default:
			return 0
		}
		i += size
	}
	return 0
}

// fits returns how long a number is, if it is one.
func fits(number string, gaps int) int {
	date := len(number) > 5 && number[2] == '-' && number[5] == '-'
	mobile := number[1] == '4' || number[1] == '7'
	if number[1] < '1' || number[1] > '9' || date || gaps == 0 && !mobile {
		return 0
	}
	return len(number)
}
