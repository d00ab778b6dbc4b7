package main

import (
	"fmt"
	"slices"
	"strings"

	"restock/selectors"
	"restock/selectors/strict"
)

// within returns an error if a file reaches an address, a secret or a setting of this machine that its former content did not.
func (b *workbench) within(site *selectors.Site, text, path string, former []byte) error {
	had := asked(former)
	for _, name := range asked([]byte(text)) {
		if !slices.Contains(had, name) {
			return fmt.Errorf("the file asks for %s, which it did not before", name)
		}
	}
	if posts := strict.Section([]byte(text), "posts"); posts != "" && posts != strict.Section(former, "posts") {
		return fmt.Errorf("while it reads, the file may send to %s, which it might not before", posts)
	}
	old, err := selectors.Load(path, former)
	if err != nil {
		return fmt.Errorf("the former file has findings, so that nobody can tell whether this one reaches other addresses")
	}
	for _, reach := range []struct {
		say         string
		before, now func(selectors.Values) ([]string, error)
	}{
		{"the file reaches %s, which it did not before", old.Origins, site.Origins},
		{"secrets may be typed at %s, where they might not before", old.SecretOrigins, site.SecretOrigins},
	} {
		before, err := reach.before(b.w.values())
		if err != nil {
			return err
		}
		after, err := reach.now(b.w.values())
		if err != nil {
			return err
		}
		for _, origin := range after {
			if !slices.Contains(before, origin) {
				return fmt.Errorf(reach.say, origin)
			}
		}
	}
	return nil
}

// looksOnly returns an error if a text would do something else on the live site than to read it, which its saved file does not do: what logs
// in and what answers interruptions clicks.
func looksOnly(text string, former []byte) error {
	for _, part := range [][]string{{"login", "steps"}, {"interruptions"}} {
		if now := strict.Section([]byte(text), part...); now != "" && now != strict.Section(former, part...) {
			return fmt.Errorf("%s: is another one than in the saved file, and it clicks on the site", strings.Join(part, ": "))
		}
	}
	return nil
}

// asked is every ${…} that a file asks for.
func asked(data []byte) []string {
	var list []string
	for _, text := range strict.Scalars(data) {
		for {
			_, rest, found := strings.Cut(text, "${")
			name, after, closed := strings.Cut(rest, "}")
			if !found || !closed {
				break
			}
			list, text = append(list, "${"+name+"}"), after
		}
	}
	return list
}
