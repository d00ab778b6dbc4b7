package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"restock/bot"
	"restock/bot/config"
	"restock/flows"
	"restock/flows/browser"
	"restock/selectors"
	"restock/state"
)

// lab is one site with a browser, for trying its file: nothing is written anywhere, and no job need exist.
type lab struct {
	saved   bool // the pages are saved ones
	forget  bool // what a failed step leaves is for nobody
	width   int  // of the window, in pixels; 0: as usual
	height  int
	a       *app
	site    *selectors.Site
	values  selectors.Values
	guard   flows.Guard
	browser *browser.Browser
	sites   *flows.Sites
	closers []func() error
}

// openLab loads a selector file, given as a path or as the name of a site in the sites folder, and starts a browser. Where
// restock.yaml and its state are there, the secrets and the memory of refused log-ins are theirs.
func (a *app) openLab(ctx context.Context, name string, hosts ...string) (l *lab, err error) {
	l = &lab{a: a, guard: a.newMemory(os.Stdin)}
	folder, sitesFolder := ".", "sites"
	c, configErr := config.Load(a.config)
	if configErr == nil {
		folder, sitesFolder = c.Folder, c.Path(c.Sites)
		if store, err := a.workshop(c).state(ctx, state.Reader); err == nil {
			l.guard = bot.NewLedger(store, a.now)
			l.closers = append(l.closers, store.Close)
		}
	}
	path := name
	if info, err := os.Stat(path); (err != nil || info.IsDir()) && !strings.HasSuffix(name, ".yaml") {
		path = filepath.Join(sitesFolder, name+".yaml")
	}
	if l.site, err = selectors.LoadFile(path); err != nil {
		return l, errors.Join(err, l.close())
	}
	if configErr != nil {
		folder = filepath.Dir(path)
	}
	w := workshop{a: a, secrets: config.Secrets{Folder: folder, Getenv: a.getenv}}
	l.values = w.values()
	return l, l.launch(ctx, c, hosts)
}

func (l *lab) launch(ctx context.Context, c *config.Config, hosts []string) error {
	path := ""
	if c != nil {
		path = c.Browser.Path
	}
	found, err := (browser.Installer{Say: l.a.stderr}).Ensure(ctx, path)
	if err != nil {
		return errors.Join(err, l.close())
	}
	if l.saved = hosts != nil; !l.saved {
		if hosts, err = hostsOf(l.site, l.values); err != nil {
			return errors.Join(err, l.close())
		}
	}
	if l.browser, err = browser.Launch(ctx, browser.Options{Path: found.Path, Hosts: hosts, Width: l.width, Height: l.height}); err != nil {
		return errors.Join(err, l.close())
	}
	l.closers = append(l.closers, l.browser.Close)
	evidence, err := os.MkdirTemp("", "restock-check-")
	if err != nil {
		return errors.Join(err, l.close())
	}
	l.sites = &flows.Sites{
		Files: map[string]*selectors.Site{l.site.Site: l.site}, Values: l.values, Guard: l.guard, Zone: time.UTC, Now: l.a.now, Evidence: evidence,
		NewPage: l.page,
	}
	l.closers = append(l.closers, func() error {
		if l.forget {
			return os.RemoveAll(evidence)
		}
		_ = os.Remove(evidence) // unless a failed step left something in it
		return nil
	}, l.sites.Close)
	return nil
}

func (l *lab) page(ctx context.Context, site *selectors.Site) (flows.Page, error) {
	if l.saved { // the pages come from here, and not from where the file says
		return l.browser.NewPage(ctx, browser.PageOptions{Mask: site.Mask, Block: site.Block})
	}
	o, err := browser.OptionsFor(site, l.values)
	if err != nil {
		return nil, err
	}
	return l.browser.NewPage(ctx, o)
}

// close ends everything, last things first.
func (l *lab) close() error {
	var errs []error
	for i := len(l.closers) - 1; i >= 0; i-- {
		errs = append(errs, l.closers[i]())
	}
	l.closers = nil
	return errors.Join(errs...)
}

// failures writes what went wrong in each flow of a rehearsal.
func (l *lab) failures(failed map[string]error) error {
	var errs []error
	for _, flow := range append([]string{""}, l.site.Flows()...) {
		if err := failed[flow]; err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%w", errors.Join(errs...))
}
