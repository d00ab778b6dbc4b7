package bot

import (
	"fmt"
	"strconv"
	"strings"
)

// Amount is money in the smallest unit of its currency: cents, or yen. Amounts are added up by currency only.
type Amount struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"` // ISO 4217
}

// NoCurrency stands for a currency that is not known yet (ISO 4217 has this code for none).
const NoCurrency = "XXX"

// decimals are how many digits a currency has after the point (ISO 4217).
func decimals(currency string) int {
	switch currency {
	case NoCurrency:
		return 4 // as many as any has
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// ParseAmount reads a plain decimal number: digits, and a point before the smaller unit. Further digits are an error unless they
// are 0: nothing is rounded.
func ParseAmount(text, currency string) (Amount, error) {
	currency = strings.ToUpper(strings.TrimSpace(currency))
	a := Amount{Currency: currency}
	if len(currency) != 3 || strings.Trim(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return a, fmt.Errorf("%q is not a currency: expected a code such as AUD", currency)
	}
	body, negative := strings.CutPrefix(strings.TrimSpace(text), "-")
	whole, frac, _ := strings.Cut(body, ".")
	places := decimals(currency)
	if frac = strings.TrimRight(frac, "0"); len(frac) > places || !isDigits(whole) || len(whole) > 12 || frac != "" && !isDigits(frac) {
		return a, fmt.Errorf("%q is not an amount in %s: expected digits such as 129.90", text, currency)
	}
	n, err := strconv.ParseInt(whole+frac+strings.Repeat("0", places-len(frac)), 10, 64)
	if negative {
		n = -n
	}
	a.Minor = n
	return a, err
}

// String writes the amount with its currency: AUD 1,129.90.
func (a Amount) String() string { return strings.TrimSpace(a.Currency + " " + a.digits(",")) }

// Decimal writes the number alone: 1129.90.
func (a Amount) Decimal() string { return a.digits("") }

func (a Amount) digits(separator string) string {
	sign, n := "", uint64(a.Minor)
	if a.Minor < 0 {
		sign, n = "-", uint64(-a.Minor)
	}
	places := decimals(a.Currency)
	text := fmt.Sprintf("%0*d", places+1, n)
	whole, frac := text[:len(text)-places], text[len(text)-places:]
	for i := len(whole) - 3; i > 0 && separator != ""; i -= 3 {
		whole = whole[:i] + separator + whole[i:]
	}
	if frac != "" {
		frac = "." + frac
	}
	return sign + whole + frac
}

// RoundAmount reads an amount with any number of decimals, as shops write those that they have divided, and rounds it to the smallest
// unit, half away from none.
func RoundAmount(text, currency string) (Amount, error) {
	whole, frac, _ := strings.Cut(strings.TrimSpace(text), ".")
	places := decimals(strings.ToUpper(strings.TrimSpace(currency)))
	if len(frac) <= places || !isDigits(frac) {
		return ParseAmount(text, currency)
	}
	up := frac[places] >= '5'
	if frac = frac[:places]; frac != "" {
		whole += "." + frac
	}
	a, err := ParseAmount(whole, currency)
	switch {
	case err != nil || !up:
	case strings.HasPrefix(whole, "-"):
		a.Minor--
	default:
		a.Minor++
	}
	return a, err
}
