package selectors

import (
	"fmt"
	"strings"
	"time"
)

// readTime reads a date, a time or both, strictly: by the field's format where it has one, else ISO 8601, else the order of
// the locale. The result is ISO 8601: 2026-11-23, 17:05 or 2026-11-23T17:05.
func readTime(text, kind, format, locale string) (string, error) {
	clean := strings.Join(strings.Fields(strings.NewReplacer("\u202f", " ", "\u00a0", " ").Replace(text)), " ")
	for _, layout := range layouts(kind, format, locale) {
		for _, candidate := range []string{clean, englishMonths(clean, locale)} {
			t, err := time.Parse(layout, candidate)
			if err != nil {
				continue
			}
			switch {
			case kind == "date":
				return t.Format(time.DateOnly), nil
			case kind == "time" && t.Second() == 0:
				return t.Format("15:04"), nil
			case kind == "time":
				return t.Format(time.TimeOnly), nil
			case t.Second() == 0:
				return t.Format("2006-01-02T15:04"), nil
			}
			return t.Format("2006-01-02T15:04:05"), nil
		}
	}
	hint := "give its form, such as format: DD/MM/YYYY"
	if format != "" {
		hint = "its form should be " + format
	}
	if strings.Contains(strings.ToLower(clean), " ago") {
		hint = "a time relative to now is no date: take the title or datetime attribute instead"
	}
	return text, fmt.Errorf("%s is not a %s: %s", quote(text), kind, hint)
}

// layouts lists the forms of package time to try.
func layouts(kind, format, locale string) []string {
	if format != "" {
		layout, err := layoutOf(format)
		if err != nil {
			return nil
		}
		return []string{layout}
	}
	dates := append([]string{"2006-01-02"}, datesOf(locale)...)
	times := []string{"15:04", "15:04:05", "3:04 PM", "3:04:05 PM", "3:04PM", "3:04 pm", "3:04pm"}
	switch kind {
	case "date":
		return dates
	case "time":
		return times
	}
	list := []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.999Z07:00"}
	for _, d := range dates {
		for _, t := range times {
			list = append(list, d+" "+t, d+", "+t)
		}
	}
	return list
}

// datesOf lists how a language writes dates. Only the order of its own country is known: 03/04 is never guessed.
func datesOf(locale string) []string {
	language, region, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	words := []string{"2 January 2006", "2 Jan 2006", "2-Jan-2006", "Mon 2 Jan 2006", "Mon, 2 Jan 2006"}
	switch {
	case language == "en" && region == "us" || language == "" && region == "":
		return append([]string{"1/2/2006", "January 2, 2006", "Jan 2, 2006", "Mon, Jan 2, 2006"}, words[:3]...)
	case language == "en" && region == "ca", language == "zh", language == "ja", language == "ko", language == "sv", language == "hu", language == "lt":
		return append([]string{"2006/1/2", "2006. 1. 2.", "2006.1.2"}, words...)
	case language == "en" || language == "el" || language == "vi" || language == "id" || language == "ms" || language == "th" || language == "he":
		return append([]string{"2/1/2006", "2.1.2006", "2-1-2006"}, words...)
	}
	return append([]string{"2.1.2006", "2/1/2006", "2-1-2006", "2. 1. 2006", "2. January 2006"}, words...)
}

// layoutOf turns DD.MM.YYYY HH:mm into a layout of package time.
func layoutOf(format string) (string, error) {
	tokens := []struct{ word, layout string }{
		{"YYYY", "2006"},
		{"YY", "06"},
		{"MMMM", "January"},
		{"MMM", "Jan"},
		{"MM", "01"},
		{"M", "1"},
		{"DD", "02"},
		{"D", "2"},
		{"HH", "15"},
		{"H", "15"},
		{"hh", "03"},
		{"h", "3"},
		{"mm", "04"},
		{"ss", "05"},
		{"A", "PM"},
		{"a", "pm"},
	}
	var b strings.Builder
next:
	for i := 0; i < len(format); {
		for _, t := range tokens {
			if strings.HasPrefix(format[i:], t.word) {
				b.WriteString(t.layout)
				i += len(t.word)
				continue next
			}
		}
		if c := format[i]; c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' && c != 'T' || c >= '0' && c <= '9' {
			return "", fmt.Errorf("%q is not one of YYYY YY MMMM MMM MM M DD D HH H hh h mm ss A", string(c))
		}
		b.WriteByte(format[i])
		i++
	}
	return b.String(), nil
}
