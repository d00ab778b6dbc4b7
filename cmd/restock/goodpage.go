package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"restock/flows"
	"restock/selectors"
)

// goodPages is the folder of the last pages of a site on which its file found everything.
func (w *workshop) goodPages(site string) string {
	return filepath.Join(w.config.Folder, "pages", ".good", filepath.Base(site))
}

// goodName is the file of a good page.
func goodName(dir, flow, what string) string {
	return filepath.Join(dir, flow+"-"+strings.ReplaceAll(what, " ", "-")+".html")
}

// keeper keeps, once a day, the first page of the stock list of a run that went well: when the site changes, the lab knows from it
// what was where. Lists of customers are not kept. What cannot be kept is no reason for a run to fail.
type keeper struct {
	w       *workshop
	pending []string
}

const (
	keepEvery = 20 * time.Hour
	keepLimit = 5 * time.Second // for saving one page
	// pageThatFailed is what a page is called on which a flow failed.
	pageThatFailed = "page that failed"

	unproven = ".pending" // until the run has gone well
)

func (k *keeper) page(ctx context.Context, site *selectors.Site, flow, what string, _ selectors.Values, page flows.Page) error {
	if flow != "stock" || what != "page 1" {
		return nil
	}
	dir := k.w.goodPages(site.Site)
	name := goodName(dir, flow, what)
	if info, err := os.Stat(name); err == nil && k.w.a.now().Sub(info.ModTime()).Abs() < keepEvery && !changedSince(site.File, info.ModTime()) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, keepLimit)
	defer cancel()
	if os.MkdirAll(dir, 0o700) == nil && savePage(ctx, name+unproven, site.Site, flow, what, page) == nil {
		k.pending = append(k.pending, name)
	}
	return nil
}

// changedSince reports whether a file was written after a time.
func changedSince(file string, at time.Time) bool {
	info, err := os.Stat(file)
	return err == nil && info.ModTime().After(at)
}

// end keeps the pages of a run that went well.
func (k *keeper) end(well bool) {
	for _, name := range k.pending {
		if !well || os.Rename(name+unproven, name) != nil {
			_ = os.Remove(name + unproven)
		}
	}
}
