package bot

import (
	"net/mail"
	"strings"
)

// ValidEmail reports whether an address can be mailed: local@domain.tld, plain ASCII, at most 254 characters, no quoted
// local part, no address literal. It is stricter than RFC 5322, because what it lets through is written into an SMTP
// dialogue and a message header.
func ValidEmail(s string) bool {
	s = strings.TrimSpace(s)
	addr, err := mail.ParseAddress(s)
	if err != nil || addr.Address != s || len(s) > 254 {
		return false
	}
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(local) > 64 || strings.ContainsAny(local, "\"(),:;<>[]\\|=") || !strings.Contains(domain, ".") {
		return false
	}
	return isHost(domain) && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

func isHost(domain string) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		if strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

// E164 brings a phone number to the form +CCNNN (ITU-T E.164) by leaving out spaces, dots, dashes, slashes and brackets,
// and the "(0)" of "+61 (0)4…". A number without a country code is left as it is and so is not valid: national numbers
// need a numbering plan, which the selector file's phone type applies.
func E164(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "+") {
		s = strings.Replace(s, "(0)", "", 1)
	}
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	return strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ".", "", "-", "", "/", "", "(", "", ")", "").Replace(s)
}

// ValidPhone reports whether s is an E.164 number: a plus sign and 8 to 15 digits, the first not 0.
func ValidPhone(s string) bool {
	digits, ok := strings.CutPrefix(s, "+")
	return ok && isDigits(digits) && digits[0] != '0' && len(digits) >= 8 && len(digits) <= 15
}
