package main

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"restock/bot/config"
	"restock/bot/notify"
	"restock/selectors/strict"
)

// badTexts tries the shop's own texts: with everything there, and with everything gone that may be missing.
func badTexts(c *config.Config) (found strict.Findings) {
	if c.Texts == "" {
		return nil
	}
	folder := c.Path(c.Texts)
	_, err := notify.Renderer(notify.Shop{Templates: folder})
	if err == nil {
		return nil
	}
	lines := strings.Split(err.Error(), "\n")
	slices.Sort(lines)
	for _, line := range slices.Compact(lines) { // a mistake shows with everything there and with nothing
		pos, what := textPos(folder, line)
		if pos.File == "" {
			pos = c.Pos
		}
		found.Add(pos, what, "a text that can be written", "bot/notify/README.md says what a text can show")
	}
	return found
}

// textPos finds the place in the words of package template: "template: NAME:LINE: …" or "template: NAME:LINE:COLUMN: …".
func textPos(folder, line string) (strict.Pos, string) {
	_, text, ok := strings.Cut(line, "template: ")
	name, rest, named := strings.Cut(text, ":")
	number, rest, placed := strings.Cut(rest, ":")
	row, err := strconv.Atoi(number)
	if !ok || !named || !placed || err != nil {
		return strict.Pos{}, line
	}
	pos := strict.Pos{File: filepath.Join(folder, name), Line: row, Column: 1}
	if number, behind, ok := strings.Cut(rest, ":"); ok {
		if column, err := strconv.Atoi(number); err == nil {
			pos.Column, rest = max(column, 1), behind
		}
	}
	return pos, strings.TrimSpace(rest)
}
