package selectors

import (
	"fmt"
	"strings"
)

// money reads an amount with its currency before or after it: $1,250.00, 12,50 €, AUD 5. A sign that several countries
// share ($, kr, ¥) takes the country of the locale. The unit is the code of ISO 4217.
func (f NumberFormat) money(text, currency, locale string) (amount, code string, err error) {
	body := strings.TrimSpace(text)
	sign := strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789-−–‑()+", r) || strings.ContainsRune(f.Decimal+f.Thousands, r) && r != '.' {
			return ' '
		}
		return r
	}, body)
	sign = strings.Trim(strings.TrimSpace(sign), " .\u00a0\u202f")
	switch {
	case sign == "" && currency == "":
		return text, "", fmt.Errorf("%s has no currency: give currency: AUD in the file", quote(text))
	case sign == "":
		code = strings.ToUpper(currency)
	default:
		if code = currencyOf(sign, locale); code == "" {
			return text, "", fmt.Errorf("%s is no currency that restock knows, in %s", quote(sign), quote(text))
		}
		if currency != "" && !strings.EqualFold(code, currency) {
			return text, "", fmt.Errorf("%s is in %s, expected %s", quote(text), code, currency)
		}
		body = strings.TrimSpace(strings.Replace(body, sign, "", 1))
	}
	if strings.HasPrefix(body, "-") || strings.HasPrefix(body, "−") { // -$5: the sign stood between minus and digits
		body = "-" + strings.TrimLeft(body, "-− ")
	}
	amount, _, err = f.Parse(body, "")
	return amount, code, err
}

// currencyOf returns the ISO 4217 code of a sign or code.
func currencyOf(sign, locale string) string {
	_, region, _ := strings.Cut(strings.ReplaceAll(strings.ToUpper(locale), "_", "-"), "-")
	local := map[string]string{
		"AU": "AUD", "NZ": "NZD", "US": "USD", "CA": "CAD", "SG": "SGD", "HK": "HKD", "MX": "MXN",
		"SE": "SEK", "NO": "NOK", "DK": "DKK", "IS": "ISK", "JP": "JPY", "CN": "CNY",
	}[region]
	switch sign {
	case "$":
		if strings.HasSuffix(local, "D") || local == "MXN" {
			return local
		}
		return ""
	case "kr":
		if strings.HasSuffix(local, "K") && local != "HKD" {
			return local
		}
		return ""
	case "¥", "￥":
		if local == "JPY" || local == "CNY" {
			return local
		}
		return ""
	}
	known := map[string]string{
		"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₫": "VND", "₽": "RUB", "zł": "PLN", "Kč": "CZK", "Fr": "CHF", "฿": "THB",
		"A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "US$": "USD", "CA$": "CAD", "C$": "CAD", "S$": "SGD", "HK$": "HKD", "R$": "BRL", "R": "ZAR",
	}
	if code := known[sign]; code != "" {
		return code
	}
	if len(sign) == 3 && strings.Trim(strings.ToUpper(sign), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		return strings.ToUpper(sign)
	}
	return ""
}
