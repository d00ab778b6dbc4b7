package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"restock/bot/web/admin"
	"restock/flows"
	"restock/selectors"
	"restock/selectors/strict"
)

// workbench is the lab of the operators' page. It works at one thing at a time, because each takes a browser.
type workbench struct {
	w     *workshop
	board *board
	mu    sync.Mutex
}

// Sites implements admin.Lab.
func (b *workbench) Sites() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(b.w.config.Path(b.w.config.Sites), "*.yaml"))
	for i, file := range files {
		files[i] = strings.TrimSuffix(filepath.Base(file), ".yaml")
	}
	return files, err
}

func (b *workbench) path(site string) string {
	return filepath.Join(b.w.config.Path(b.w.config.Sites), filepath.Base(site)+".yaml")
}

// pages is the folder of the saved pages of a site.
func (b *workbench) pages(site string) string {
	return filepath.Join(b.w.config.Folder, "pages", filepath.Base(site))
}

// File implements admin.Lab.
func (b *workbench) File(site string) (string, error) {
	data, err := os.ReadFile(b.path(site))
	return string(data), err
}

// open starts a browser for a site.
func (b *workbench) open(ctx context.Context, site *selectors.Site, hosts []string) (*lab, error) {
	l := &lab{a: b.w.a, site: site, values: b.w.values(), guard: b.w.ledger, forget: true}
	if hosts != nil { // saved pages, of which pictures are taken
		l.width, l.height = labWidth, labHeight
	}
	err := l.launch(ctx, b.w.config, hosts)
	if err == nil {
		l.sites.OpenLimit, l.sites.StepLimit = b.w.config.Browser.Open, b.w.config.Browser.Step
	}
	return l, err
}

// How much of a page the pictures of the lab show.
const (
	labWidth  = 1280
	labHeight = 2400
)

// Try implements admin.Lab.
func (b *workbench) Try(ctx context.Context, name, text string, anything bool) (admin.Trial, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	site, t, err := b.load(name, text)
	if err != nil || site == nil {
		return t, err
	}
	if err := b.may(site, name, text, anything); err != nil {
		return t, err
	}
	return b.tryOn(ctx, name, site, text, b.pages(name))
}

// may returns an error if a text reaches more than the site's file, and not anything goes.
func (b *workbench) may(site *selectors.Site, name, text string, anything bool) error {
	if anything {
		return nil
	}
	former, err := os.ReadFile(b.path(name))
	if err != nil {
		return err
	}
	if err := b.within(site, text, b.path(name), former); err != nil {
		return fmt.Errorf("it was not tried: %w; somebody with the role admin may try it", err)
	}
	return nil
}

// TryLive implements admin.Lab. What the live pages show is tried as the saved ones are: with addresses and secrets replaced.
func (b *workbench) TryLive(ctx context.Context, name, text string, anything bool) (admin.Trial, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	site, t, err := b.load(name, text)
	if err != nil || site == nil {
		return t, err
	}
	if err := b.may(site, name, text, anything); err != nil {
		return t, err
	}
	former, err := os.ReadFile(b.path(name))
	if err == nil && !anything {
		err = looksOnly(site, b.path(name), former)
	}
	if err != nil {
		return t, fmt.Errorf("it was not tried: %w; somebody with the role admin may try it", err)
	}
	dir, err := os.MkdirTemp("", "restock-live-")
	if err != nil {
		return t, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // pages without secrets
	saved, failed := b.visit(ctx, site, dir)
	if len(saved) == 0 {
		return t, failed
	}
	t, err = b.tryOn(ctx, name, site, text, dir)
	t.Live = true
	return t, errors.Join(failed, err)
}

// load reads a text; no site is returned where it has findings.
func (b *workbench) load(name, text string) (site *selectors.Site, t admin.Trial, err error) {
	site, err = selectors.Load(b.path(name), []byte(text))
	if findings, ok := errors.AsType[strict.Findings](err); ok {
		t.Findings = found(findings, text)
		return nil, t, nil
	}
	return site, t, err
}

// tryOn tries a file on the pages of a folder.
func (b *workbench) tryOn(ctx context.Context, name string, site *selectors.Site, text, dir string) (t admin.Trial, err error) {
	if files, _ := filepath.Glob(filepath.Join(dir, "*.html")); len(files) == 0 {
		t.Without = true
		return t, nil
	}
	newest := newestOf(dir)
	l, err := b.open(ctx, site, []string{"127.0.0.1"})
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	var all trial
	shown := map[string]bool{}
	former, _ := b.File(name)
	err = l.try(ctx, dir, func(p tried) error {
		all.add(p.list)
		if shown[p.Flow+p.What] {
			return nil
		}
		shown[p.Flow+p.What] = true
		one, err := b.look(ctx, p)
		if err != nil {
			return err
		}
		one.Old = newest.Sub(one.At) > together
		t.Pages = append(t.Pages, one)
		if admin.Sum(text) == admin.Sum(former) {
			if err := b.keepGood(p); err != nil {
				return err
			}
		}
		if one.Old { // what it shows may be mended, or broken in another way
			return nil
		}
		return b.propose(ctx, l, p, text, one.Picture, &t)
	})
	for _, flow := range site.Flows() {
		if !slices.ContainsFunc(t.Pages, func(p admin.Saved) bool { return p.Flow == flow }) {
			t.Untried = append(t.Untried, flow)
		}
	}
	t.Findings = found(all.findings(), text)
	for _, in := range all.rows {
		if in.Matches == 0 && in.Problem == "" {
			where := &t.Silent
			if strings.HasPrefix(in.What, "step ") {
				where = &t.Unseen
			}
			if !slices.Contains(*where, in.Line) {
				*where = append(*where, in.Line)
			}
		}
		t.Selectors = append(t.Selectors, admin.Selector{
			Line: in.Line, Matches: in.Matches, Flow: in.Flow, What: in.What, Selector: in.Selector, Sample: in.Sample, Problem: in.Problem, Note: in.Note,
		})
	}
	return t, err
}

// together is how far apart pages were saved that show the site at one time.
const together = 20 * time.Minute

// newestOf is when the newest page of a folder was saved.
func newestOf(dir string) (newest time.Time) {
	files, _ := filepath.Glob(filepath.Join(dir, "*.html"))
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	return newest
}

// look takes the picture of a saved page, with where the selectors match and what somebody could pick.
func (b *workbench) look(ctx context.Context, p tried) (admin.Saved, error) {
	spots, err := columnSpots(ctx, p)
	if err != nil {
		return admin.Saved{}, err
	}
	one, err := pictured(ctx, p.page, append(matches(p.list), spots...))
	if err != nil {
		return one, err
	}
	one.Flow, one.What = p.Flow, p.What
	if info, err := os.Stat(p.file); err == nil {
		one.At = info.ModTime()
	}
	one.Elements, err = elementsOf(ctx, p.page)
	return one, err
}

// pictured takes the picture of a page, as high as there is something on it.
func pictured(ctx context.Context, page flows.Page, boxes []admin.Match) (admin.Saved, error) {
	one := admin.Saved{Width: labWidth, Height: 300, Taken: labHeight, Boxes: boxes}
	picture, err := page.Picture(ctx, labWidth, selectors.Hidden{})
	if err != nil {
		return one, err
	}
	all, err := page.Inspect(ctx, []selectors.Element{{Alternatives: []selectors.Target{{CSS: "body > *"}}}})
	if err != nil {
		return one, err
	}
	for _, b := range all[0].Alternatives[0].Boxes {
		one.Height = max(one.Height, b[1]+b[3]+40)
	}
	for _, b := range boxes {
		one.Height = max(one.Height, b.Top+b.Height+40)
	}
	one.Picture, one.Height = picture, min(one.Height, labHeight)
	return one, nil
}

// found are findings, each with its line.
func found(list strict.Findings, text string) []admin.Finding {
	lines := strings.Split(text, "\n")
	out := make([]admin.Finding, 0, len(list))
	for _, f := range list {
		one := admin.Finding{Line: f.Line, Column: f.Column, Text: f.Found, Expected: f.Expected, Hint: f.Hint}
		if f.Line > 0 && f.Line <= len(lines) {
			one.Code = strings.TrimSpace(lines[f.Line-1])
		}
		out = append(out, one)
	}
	return out
}

// matches are the outlines on a picture, those of the same place only once.
func matches(list []flows.Inspected) []admin.Match {
	at := map[admin.Match]bool{}
	for _, in := range list {
		for _, b := range in.Boxes {
			if b[2] > 0 && b[3] > 0 && b[1] < labHeight {
				at[admin.Match{Line: in.Line, What: in.What, Left: b[0], Top: b[1], Width: b[2], Height: b[3]}] = true
			}
		}
	}
	// The largest first, so that what lies within it can be pointed at.
	return slices.SortedFunc(maps.Keys(at), func(a, b admin.Match) int {
		if d := b.Width*b.Height - a.Width*a.Height; d != 0 {
			return d
		}
		return a.Line - b.Line
	})
}
