package selectors

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
)

// Parsed is a value as it was on the page and as restock understands it.
type Parsed struct {
	Raw    string
	Value  string
	Unit   string            // of a number; currency of money
	Groups map[string]string // named groups of the field's expression
}

// Read turns the raw text of a cell into a value. ok is false where the field's regular expression does not match, so
// that the next alternative is tried; what matches but cannot be read is an error.
func (f Field) Read(raw, locale string) (p Parsed, ok bool, err error) {
	p = Parsed{Raw: raw, Value: strings.TrimSpace(raw)}
	if f.pattern != nil {
		m := f.pattern.FindStringSubmatch(p.Value)
		if m == nil {
			return p, false, nil
		}
		p.Value = strings.TrimSpace(m[min(1, len(m)-1)])
		for i, name := range f.pattern.SubexpNames() {
			if name != "" {
				if p.Groups == nil {
					p.Groups = map[string]string{}
				}
				p.Groups[name] = strings.TrimSpace(m[i])
			}
		}
	}
	if p.Value == "" && f.Default != nil {
		p.Value = *f.Default
		return p, true, nil
	}
	if p.Value == "" && slices.Contains([]string{"email", "phone", "date", "time", "datetime"}, f.Type) {
		return p, true, nil // not everybody has one
	}
	if len(f.Map) > 0 {
		p.Value, err = f.mapped(p.Value)
		return p, true, err
	}
	value, unit, err := f.typed(p.Value, locale)
	if err != nil && f.Bad == "keep" {
		return p, true, nil
	}
	p.Value, p.Unit = value, unit
	return p, true, err
}

func (f Field) typed(text, locale string) (value, unit string, err error) {
	if f.Locale != "" {
		locale = f.Locale
	}
	format := f.numbers(locale)
	if f.plain {
		format = NumberFormat{Decimal: "."}
	}
	switch f.Type {
	case "number":
		return format.Parse(text, f.Unit)
	case "integer":
		value, unit, err = format.Parse(text, f.Unit)
		if err == nil && strings.Contains(value, ".") {
			return text, "", fmt.Errorf("%s is not a whole number", quote(text))
		}
		return value, unit, err
	case "money":
		return format.money(text, f.Currency, locale)
	case "date", "time", "datetime":
		value, err = readTime(text, f.Type, f.Format, locale)
		return value, "", err
	case "phone":
		value, err = phone(text, f.Country, locale)
		return value, "", err
	case "email":
		value, err = email(text)
		return value, "", err
	}
	return text, "", nil
}

func (f Field) mapped(text string) (string, error) {
	words := make([]string, 0, len(f.Map))
	for _, w := range f.Map {
		if pattern, err := Pattern(w.Text); err == nil && pattern.MatchString(text) {
			return w.Word, nil
		}
		words = append(words, w.Text)
	}
	return text, fmt.Errorf("%s is not in the map of %s; it knows %s", quote(text), f.Pos, strings.Join(words, ", "))
}

// numbers is how this field writes numbers.
func (f Field) numbers(locale string) NumberFormat {
	format, _ := localeOf(locale)
	if f.Decimal != "" {
		format.Decimal = f.Decimal
	}
	if f.Thousands != "" {
		format.Thousands = f.Thousands
	}
	return format
}

// email reads an address (RFC 5322 addr-spec), with or without a name before it or mailto: in front.
func email(text string) (string, error) {
	text = strings.TrimSpace(text)
	if len(text) > 7 && strings.EqualFold(text[:7], "mailto:") {
		text, _, _ = strings.Cut(text[7:], "?")
	}
	a, err := mail.ParseAddress(text)
	if err != nil || !strings.Contains(a.Address[strings.LastIndexByte(a.Address, '@')+1:], ".") {
		return text, fmt.Errorf("%s is not an e-mail address", quote(text))
	}
	return a.Address, nil
}
