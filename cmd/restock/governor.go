package main

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"restock/bot"
	"restock/bot/config"
	"restock/flows"
	"restock/flows/browser"
	"restock/selectors"
)

// governor makes what gives a run of a job its browser.
func (w *workshop) governor(job config.Job) (*browser.Governor, error) {
	var hosts []string
	for _, name := range []string{job.IMS, job.CRM, job.Orders} {
		site := w.sites[name]
		if site == nil {
			continue // reported where the site is needed
		}
		o, err := browser.OptionsFor(site, w.values())
		if err != nil {
			return nil, err
		}
		more, err := hostsIn(o.Origins)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, more...)
	}
	if found, ok := browser.CheckVersion(w.browser.Version, w.a.now()); !ok {
		return nil, &bot.StepError{
			Class: bot.Browser, Step: "check the browser", Expected: "a browser that restock can work with", Found: w.browser.Path + ": " + found,
			Hint: "update it, or set browser.path in restock.yaml; `restock doctor` tells more",
		}
	}
	profiles := filepath.Join(w.config.Path(w.config.Data), "browser")
	if err := os.MkdirAll(profiles, 0o700); err != nil {
		return nil, err
	}
	return &browser.Governor{
		Options: browser.Options{Path: w.browser.Path, Profile: profiles, Hosts: hosts},
		Uses:    w.config.Browser.Uses, Memory: int64(w.config.Browser.Memory), Sandbox: true,
		Say: func(text string) { w.a.say("restock: %s", text) },
	}, nil
}

// page opens a page of a site in a governor's browser.
func page(ctx context.Context, g *browser.Governor, site *selectors.Site, v selectors.Values) (flows.Page, error) {
	o, err := browser.OptionsFor(site, v)
	if err != nil {
		return nil, err
	}
	return g.Page(ctx, o)
}

// hostsOf are the hosts of a site: those of its base and of what its file allows.
func hostsOf(site *selectors.Site, values selectors.Values) ([]string, error) {
	origins, err := site.Origins(values)
	if err != nil {
		return nil, err
	}
	return hostsIn(origins)
}

func hostsIn(origins []string) ([]string, error) {
	hosts := make([]string, 0, len(origins))
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, strings.Trim(u.Hostname(), "[]"))
	}
	return hosts, nil
}
