package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"restock/bot"
	"restock/selectors"
)

// Fetch implements admin.Lab. The former pages stay until there are new ones of the same flow.
func (b *workbench) Fetch(ctx context.Context, name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	site, err := selectors.LoadFile(b.path(name))
	if err != nil {
		return err
	}
	dir := b.pages(name)
	fresh := dir + ".new"
	saved, failed := b.visit(ctx, site, fresh)
	if len(saved) == 0 {
		return errors.Join(failed, os.RemoveAll(fresh))
	}
	if err := errors.Join(keepOthers(dir, fresh, saved), os.RemoveAll(dir), os.Rename(fresh, dir)); err != nil {
		return err
	}
	if failed != nil {
		return fmt.Errorf("the pages up to this one were fetched: %w", failed)
	}
	return nil
}

// visit logs in to a site and saves its pages into a new folder; it returns how many of each flow, and what failed.
func (b *workbench) visit(ctx context.Context, site *selectors.Site, dir string) (saved map[string]int, err error) {
	if running, _ := b.board.Progress(); len(running) > 0 {
		return nil, errors.New("a job is running, and many sites let nobody in twice: try again when it has ended")
	}
	l, err := b.open(ctx, site, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, err
	}
	s := &saver{dir: dir, most: 2, saved: map[string]int{}}
	l.sites.OnPage, l.sites.OnFailed = s.save, s.save
	if l.sites.SampleSKU, err = b.sample(ctx, site.Site); err != nil {
		return nil, err
	}
	failed, notes := l.sites.Rehearse(ctx, site.Site)
	for _, one := range failed {
		if step, ok := errors.AsType[*bot.StepError](one); ok {
			step.Evidence = "" // the page itself is kept, and shown
		}
	}
	if err := l.failures(failed); err != nil || len(s.saved) > 0 {
		return s.saved, err
	}
	return nil, fmt.Errorf("no page was reached: %s", cmp.Or(strings.Join(notes, "; "), "the site's lists ask for a product, and none is known yet: run its job once"))
}

// sample is a product that customers of a CRM wait for, for lists that are asked for one.
func (b *workbench) sample(ctx context.Context, site string) (string, error) {
	for _, job := range b.w.config.Jobs {
		if job.CRM != site {
			continue
		}
		s, err := b.w.ledger.State(ctx, job.Name)
		if err != nil {
			return "", err
		}
		most := ""
		for sku, n := range s.Wanted {
			if most == "" || n > s.Wanted[most] || n == s.Wanted[most] && sku < most {
				most = sku
			}
		}
		if most != "" {
			return most, nil
		}
		open, err := b.w.ledger.Known(ctx, job.Name)
		if err != nil {
			return "", err
		}
		for _, sku := range slices.Sorted(maps.Keys(open)) {
			if most == "" || open[sku].Episode > open[most].Episode { // one that was back most often
				most = sku
			}
		}
		if most != "" {
			return most, nil
		}
	}
	return "", nil
}

// keepOthers takes over the former pages of flows that were not come to.
func keepOthers(from, to string, have map[string]int) error {
	files, err := filepath.Glob(filepath.Join(from, "*.html"))
	for _, file := range files {
		about, aboutErr := aboutPage(file)
		if aboutErr == nil && have[about.Flow] == 0 && about.What != pageThatFailed { // of an earlier failure
			err = errors.Join(err, os.Rename(file, filepath.Join(to, "former-"+strings.TrimPrefix(filepath.Base(file), "former-"))))
		}
	}
	return err
}
