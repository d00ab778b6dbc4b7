package evidence

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"restock/bot"
)

// Excerpt takes the lines around a place "file:line:column" out of a selector file. A file that is not there gives nothing.
func Excerpt(place string) []Line {
	parts := strings.Split(place, ":")
	if len(parts) < 3 {
		return nil
	}
	var line int
	if _, err := fmt.Sscan(parts[len(parts)-2], &line); err != nil {
		return nil
	}
	data, err := os.ReadFile(strings.Join(parts[:len(parts)-2], ":"))
	if err != nil {
		return nil
	}
	var list []Line
	for i, text := range strings.Split(string(data), "\n") {
		if n := i + 1; n >= line-4 && n <= line+4 {
			list = append(list, Line{Number: n, Text: text, Here: n == line})
		}
	}
	return list
}

// Definition takes the lines out of a selector file around the one that an expectation names as "line N".
func Definition(place, expected string) []Line {
	_, after, ok := strings.Cut(expected, "; line ")
	parts := strings.Split(place, ":")
	var line int
	if _, err := fmt.Sscan(after, &line); !ok || err != nil || len(parts) < 3 {
		return nil
	}
	return Excerpt(fmt.Sprintf("%s:%d:1", strings.Join(parts[:len(parts)-2], ":"), line))
}

// goodName is the file of the last good picture of a flow.
func goodName(root, site, flow string) string {
	return filepath.Join(root, "good", site+"-"+flow+".json")
}

// SaveGood keeps the picture of a flow that worked; root is the folder of all runs.
func SaveGood(root, site, flow string, g Good) error {
	g.URL = bot.Redact(g.URL)
	data, err := json.Marshal(g)
	if err != nil {
		return err
	}
	path := goodName(root, site, flow)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return write(path, data)
}

// LastGood returns the last picture of a flow that worked, or nil.
func LastGood(root, site, flow string) *Good {
	data, err := os.ReadFile(goodName(root, site, flow))
	if err != nil {
		return nil
	}
	var g Good
	if json.Unmarshal(data, &g) != nil {
		return nil
	}
	return &g
}
