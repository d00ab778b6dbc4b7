package bot_test

import (
	"testing"

	"restock/bot"
)

func TestRedactNational(t *testing.T) {
	for text, want := range map[string]string{
		"call 0491 570 006 now":              "call 04…06 now",
		"“0491570006”":                       "“04…06”",
		"(02) 5550 1234":                     "(02…34",
		"07700 900123, and 0491-570-156":     "07…23, and 04…56",
		"5 0491 570 006":                     "5 04…06",
		"ISBN 0306406152 of AO-0491570006":   "ISBN 0306406152 of AO-0491570006",
		"on 08-11-2026 10:15, AUD 0.1234567": "on 08-11-2026 10:15, AUD 0.1234567",
		"0 columns, 00:05:01, 2026-01-02":    "0 columns, 00:05:01, 2026-01-02",
		"12:04:03 0491 570 006":              "12:04:03 04…06",
		"+61 491 570 006":                    "+61…06",
	} {
		if got := bot.Redact(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
