package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"restock/bot/config"
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
	if err := b.usable(site, path, now); err != nil {
		return "", fmt.Errorf("nothing was saved: %w", err)
	}
	kept, err = b.keep(path, now)
	if err != nil {
		return "", err
	}
	return filepath.Base(kept), replace(path, []byte(text))
}

// usable returns an error if runs could not use a file that they could use before: another file is of the same site, or a job needs a flow
// that it has not.
func (b *workbench) usable(site *selectors.Site, path string, former []byte) error {
	sites, err := loadSites(filepath.Dir(path))
	if err != nil {
		return nil //nolint:nilerr // nothing can be used as it is: this may mend it
	}
	old, err := selectors.Load(path, former)
	if err != nil {
		return nil //nolint:nilerr // likewise
	}
	missing := func() (list []string) {
		for _, job := range b.w.config.Jobs {
			for _, f := range missingFlows(b.w.config, job, sites) {
				list = append(list, f.Error())
			}
		}
		return list
	}
	before := missing()
	delete(sites, old.Site)
	if other := sites[site.Site]; other != nil {
		return fmt.Errorf("site %s is described by %s already: one file a site", site.Site, filepath.Base(other.File))
	}
	if site.Site != old.Site && b.w.used(old.Site) {
		return fmt.Errorf("a job needs the site %s, and the file would be of site %s", old.Site, site.Site)
	}
	sites[site.Site] = site
	if after := slices.DeleteFunc(missing(), func(f string) bool { return slices.Contains(before, f) }); len(after) > 0 {
		return errors.New(strings.Join(after, "; "))
	}
	return nil
}

// used reports whether a job needs a site.
func (w *workshop) used(site string) bool {
	return slices.ContainsFunc(w.config.Jobs, func(j config.Job) bool { return j.IMS == site || j.CRM == site || j.Orders == site })
}

// mostKept is how many former files are offered.
const mostKept = 30

// Formers implements admin.Lab.
func (b *workbench) Formers(name string) ([]string, error) {
	files, err := filepath.Glob(b.path(name) + ".2*")
	for i, file := range files {
		files[i] = filepath.Base(file)
	}
	slices.Sort(files)
	slices.Reverse(files)
	return files[:min(len(files), mostKept)], err
}

// Former implements admin.Lab.
func (b *workbench) Former(name, former string) (string, error) {
	files, err := b.Formers(name)
	if err != nil || !slices.Contains(files, former) {
		return "", errors.Join(err, fs.ErrNotExist)
	}
	data, err := os.ReadFile(filepath.Join(filepath.Dir(b.path(name)), former))
	return string(data), err
}

// keep writes the former content beside a file, under a name that nothing has yet.
func (b *workbench) keep(path string, data []byte) (kept string, err error) {
	at := path + "." + b.w.a.now().UTC().Format("20060102-150405")
	for n := 1; ; n++ {
		kept = at
		if n > 1 {
			kept = fmt.Sprintf("%s-%d", at, n)
		}
		f, err := os.OpenFile(kept, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) && n < 1000 {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = f.Write(data)
		return kept, errors.Join(err, f.Sync(), f.Close())
	}
}
