package selectors

import (
	"strings"
	"time"
)

// englishMonths puts English names in the place of a language's own months (CLDR 47, wide and abbreviated).
func englishMonths(text, locale string) string {
	language, _, _ := strings.Cut(strings.ToLower(locale), "-")
	names := map[string]string{
		"de": "januar februar märz april mai juni juli august september oktober november dezember",
		"fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
		"es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
		"it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
		"nl": "januari februari maart april mei juni juli augustus september oktober november december",
		"pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
	}[language]
	if names == "" {
		return strings.Replace(text, "Sept ", "Sep ", 1) // as Britons and Australians shorten it
	}
	words := strings.Fields(text)
	for i, word := range words {
		bare := strings.ToLower(strings.TrimRight(word, ".,"))
		for m, name := range strings.Fields(names) {
			if bare == name || len([]rune(bare)) >= 3 && strings.HasPrefix(name, bare) {
				words[i] = time.Month(m + 1).String()
			}
		}
	}
	return strings.Join(words, " ")
}
