package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"restock/bot/web/admin"
	"restock/selectors"
)

// Save implements admin.Lab.
func (b *workbench) Save(name, text, former string, anything bool) (kept string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	path := b.path(name)
	now, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if admin.Sum(string(now)) != former {
		return "", fmt.Errorf("nothing was saved: somebody else has changed %s meanwhile; copy your edit, load the page anew, and make it there", filepath.Base(path))
	}
	if strings.Contains(string(now), "\r\n") { // a browser sends one kind of line end only
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	site, err := selectors.Load(path, []byte(text))
	if err != nil {
		return "", fmt.Errorf("nothing was saved, because the file has findings: %w", err)
	}
	if !anything {
		if err := b.within(site, text, path, now); err != nil {
			return "", fmt.Errorf("nothing was saved: %w; somebody with the role admin may save it", err)
		}
	}
	kept = path + "." + b.w.a.now().UTC().Format("20060102-150405")
	if err := os.WriteFile(kept, now, 0o600); err != nil {
		return "", err
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, []byte(text), 0o600); err != nil {
		return "", err
	}
	return filepath.Base(kept), os.Rename(fresh, path)
}

// asked is every ${…} that stands in a text, in its comments too.
func asked(text string) []string {
	var list []string
	for {
		_, rest, found := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return list
		}
		list, text = append(list, "${"+name+"}"), after
	}
}

// within returns an error if a file reaches an address, a secret or a setting of this machine that its former content did not.
func (b *workbench) within(site *selectors.Site, text, path string, former []byte) error {
	had := asked(string(former))
	for _, name := range asked(text) {
		if !slices.Contains(had, name) {
			return fmt.Errorf("the file asks for %s, which it did not before", name)
		}
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
