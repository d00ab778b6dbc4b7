package sms

import (
	"strings"
	"unicode/utf16"
)

// The characters of GSM 03.38's default alphabet; those of its extension table take two places.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmMore  = "^{}\\[~]|€\f"
)

// Segments is in how many parts a text is sent and billed: 160 places of GSM-7, or 153 each when joined; with one character
// that GSM-7 has not, 70 places of UCS-2, or 67 (3GPP TS 23.038 and 23.040). An empty text is none.
func Segments(text string) (n int, unicode bool) {
	places, single, joined := 0, 160, 153
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			places++
		case strings.ContainsRune(gsmMore, r):
			places += 2
		default:
			unicode = true
		}
	}
	if unicode {
		places, single, joined = len(utf16.Encode([]rune(text))), 70, 67
	}
	switch {
	case places == 0:
		return 0, unicode
	case places <= single:
		return 1, unicode
	}
	return (places + joined - 1) / joined, unicode
}

// Plain writes in GSM-7 what has an equal there: curly quotes, dashes, dots and spaces of print, which would make a whole text
// dearer. Other characters stay: a name is written as it is.
func Plain(text string) string {
	return strings.NewReplacer(
		"‘", "'", "’", "'", "‚", ",", "“", `"`, "”", `"`, "„", `"`, "–", "-", "—", "-", "…", "...", "\u00a0", " ", "\u202f", " ", "\u2009", " ", "•", "-", "×", "x",
	).Replace(text)
}
