package main

import (
	"errors"
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
	old, err := selectors.Load(path, former)
	if err != nil {
		return fmt.Errorf("the former file has findings, so that nobody can tell whether this one reaches other addresses")
	}
	for _, posts := range site.Posts {
		if !slices.Contains(old.Posts, posts) {
			return fmt.Errorf("while it reads, the file may send to %s, which it might not before", posts)
		}
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

// looksOnly returns an error if a file would do something else on the live site than to read it, which its saved one does not do: what logs
// in and what answers interruptions clicks.
func looksOnly(site *selectors.Site, path string, former []byte) error {
	old, err := selectors.Load(path, former)
	if err != nil {
		return errors.New("the saved file has findings, so that nobody can tell whether this one clicks on something else")
	}
	if site.Login != nil && (old.Login == nil || !strict.Same(site.Login.Steps, old.Login.Steps) || !strict.Same(site.Login.Open, old.Login.Open)) {
		return errors.New("it logs in by other steps than the saved file, and they click on the site")
	}
	if !strict.Same(site.Interruptions, old.Interruptions) {
		return errors.New("it answers other interruptions than the saved file, and the answers click on the site")
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
