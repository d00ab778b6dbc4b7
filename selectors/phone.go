package selectors

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// phone reads a phone number into E.164, such as +61491570006. National numbers need a country: the field's, else that of
// the locale, and must be numbers that exist there.
func phone(text, country, locale string) (string, error) {
	region := regionOf(country)
	if country == "" {
		_, region, _ = strings.Cut(strings.ReplaceAll(strings.ToUpper(locale), "_", "-"), "-")
	}
	number, err := phonenumbers.Parse(strings.TrimPrefix(strings.TrimSpace(text), "tel:"), region)
	international := strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(strings.TrimSpace(text), "tel:"), "( "), "+")
	if err != nil || !phonenumbers.IsPossibleNumber(number) || !international && !phonenumbers.IsValidNumberForRegion(number, region) {
		return text, fmt.Errorf("%s is not a phone number of %s", quote(text), region)
	}
	return phonenumbers.Format(number, phonenumbers.E164), nil
}

// Phone reads a phone number into E.164; one without a country code is of the given country. ok is false where it is none.
func Phone(text, country string) (number string, ok bool) {
	number, err := phone(text, country, "")
	return number, err == nil
}

// Mobile reads the number of a mobile phone of one of some countries into E.164; one without a country code is of the first. ok is false
// where it is none.
func Mobile(text string, countries []string) (number string, ok bool) {
	for i, country := range countries {
		if international := strings.Contains(text, "+"); i > 0 && !international {
			break
		}
		region := regionOf(country)
		n, err := phonenumbers.Parse(strings.TrimSpace(text), region)
		if err != nil || !phonenumbers.IsValidNumberForRegion(n, region) {
			continue
		}
		switch phonenumbers.GetNumberType(n) {
		case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
			return phonenumbers.Format(n, phonenumbers.E164), true
		}
	}
	return "", false
}

// KnownCountry reports whether there is such a country: AU, or the calling code 61.
func KnownCountry(country string) bool { return regionOf(country) != "" }

// regionOf turns AU or 61 into AU, and anything else into "".
func regionOf(country string) string {
	if code, err := strconv.Atoi(strings.TrimPrefix(country, "+")); err == nil {
		if region := phonenumbers.GetRegionCodeForCountryCode(code); region != "ZZ" && region != "001" {
			return region
		}
		return ""
	}
	region := strings.ToUpper(country)
	if phonenumbers.GetCountryCodeForRegion(region) == 0 {
		return ""
	}
	return region
}
