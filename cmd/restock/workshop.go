package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"restock/bot"
	"restock/bot/config"
	"restock/bot/notify"
	"restock/bot/notify/email"
	"restock/bot/notify/sms"
	"restock/flows"
	"restock/flows/browser"
	"restock/selectors"
	"restock/state"
)

// workshop is everything that a run needs, made from a configuration. This is the one place that knows all packages.
type workshop struct {
	a       *app
	config  *config.Config
	sites   map[string]*selectors.Site
	store   bot.Store
	ledger  *bot.Ledger
	secrets config.Secrets
	browser browser.Found
}

// open reads the configuration and opens the state.
func (a *app) open(ctx context.Context, role state.Role) (*workshop, error) {
	c, err := config.Load(a.config)
	if err != nil {
		return nil, err
	}
	w := &workshop{a: a, config: c, secrets: config.Secrets{Folder: c.Folder, Getenv: a.getenv}}
	if w.store, err = state.Open(ctx, w.stateAddress(), role); err != nil {
		return nil, err
	}
	w.ledger = bot.NewLedger(w.store, a.now)
	return w, nil
}

func (w *workshop) stateAddress() string { return "bolt://" + w.config.Path(w.config.Data) }

func (w *workshop) close() error { return w.store.Close() }

// loadSites reads the selector files of the folder. All problems of all files come at once.
func loadSites(folder string) (map[string]*selectors.Site, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	sites := map[string]*selectors.Site{}
	var errs []error
	for _, file := range files {
		site, err := selectors.LoadFile(file)
		switch {
		case err != nil:
			errs = append(errs, err)
		case sites[site.Site] != nil:
			errs = append(errs, fmt.Errorf("%s: site %s is described by %s too: expected one file a site", file, site.Site, sites[site.Site].File))
		default:
			sites[site.Site] = site
		}
	}
	if len(files) == 0 {
		errs = append(errs, fmt.Errorf("no selector files in %s: expected sites/NAME.yaml for each site of a job", folder))
	}
	return sites, errors.Join(errs...)
}

// values give selector files and configuration what they ask for.
func (w *workshop) values() selectors.Values {
	return selectors.Values{Env: w.a.getenv, Secret: func(name string) (string, bool) {
		secret, ok, err := w.secrets.Lookup(name)
		if err != nil {
			w.a.say("restock: %v", err)
		}
		return secret.Reveal(), ok && err == nil
	}}
}

// channels are those that are configured, in order of preference.
func (w *workshop) channels() []bot.Channel {
	var list []bot.Channel
	if w.config.SMTP != nil {
		list = append(list, bot.Email)
	}
	if w.config.SMS != nil {
		list = append(list, bot.SMS)
	}
	return list
}

func (w *workshop) senders() (map[bot.Channel]bot.Sender, error) {
	shop := w.config.Shop
	render, err := notify.Renderer(notify.Shop{Name: shop.Name, Product: shop.Product, Contact: shop.Contact, Unsubscribe: shop.Unsubscribe})
	if err != nil {
		return nil, err
	}
	list := map[bot.Channel]bot.Sender{}
	if c := w.config.SMTP; c != nil {
		if list[bot.Email], err = w.mailer(c, render); err != nil {
			return nil, configError(c.String(), "smtp", err)
		}
	}
	if c := w.config.SMS; c != nil {
		if list[bot.SMS], err = w.texter(c, render); err != nil {
			return nil, configError(c.String(), "sms", err)
		}
	}
	return list, nil
}

func configError(place, what string, err error) error {
	return &bot.StepError{Class: bot.Config, Place: place, Step: what, Expected: "settings that work", Found: err.Error(), Err: err}
}

func (w *workshop) mailer(c *config.SMTP, render bot.Renderer) (bot.Sender, error) {
	o := email.Options{
		Host: c.Host, Port: c.Port, TLS: c.TLS, From: c.From, Name: c.Name, ReplyTo: c.ReplyTo, Unsubscribe: w.config.Shop.Unsubscribe,
	}
	if o.TLS == "" && email.Loopback(c.Host) {
		o.TLS = "none"
	}
	if o.Name == "" {
		o.Name = w.config.Shop.Name
	}
	var err error
	if o.User, err = c.User.Expand(w.values()); err != nil {
		return nil, err
	}
	if !c.Password.Empty() {
		password, err := c.Password.Expand(w.values())
		if err != nil {
			return nil, err
		}
		o.Password = config.NewSecret(password).Reveal
	}
	return email.New(o, render)
}

func (w *workshop) texter(c *config.SMS, render bot.Renderer) (bot.Sender, error) {
	o := sms.Options{From: c.From, Service: c.Service, Valid: 10 * time.Hour}
	var token string
	for _, part := range []struct {
		from selectors.Template
		to   *string
	}{{c.Base, &o.Base}, {c.Account, &o.Account}, {c.User, &o.User}, {c.Token, &token}} {
		text, err := part.from.Expand(w.values())
		if err != nil {
			return nil, err
		}
		*part.to = text
	}
	o.Token = config.NewSecret(token).Reveal
	return sms.New(o, render)
}

// run does one run of a job, with a browser of its own.
func (w *workshop) run(ctx context.Context, name, trigger string, dry bool, o runOptions) (bot.Run, error) {
	job, err := w.config.Job(name)
	if err != nil {
		return bot.Run{}, usagef("%w", err)
	}
	if w.sites, err = loadSites(w.config.Path(w.config.Sites)); err != nil {
		return bot.Run{}, err
	}
	if err := missingFlows(job, w.sites).Err(); err != nil { // before anybody is told anything
		return bot.Run{}, err
	}
	senders, err := w.senders()
	if err != nil {
		return bot.Run{}, err
	}
	if w.browser, err = (browser.Installer{Say: w.a.stderr}).Ensure(ctx, w.config.Browser.Path); err != nil {
		return bot.Run{}, err
	}
	run := bot.NewRun(job.Name, trigger, w.a.now())
	key, err := w.key()
	if err != nil {
		return bot.Run{}, err
	}
	governor, err := w.governor(job)
	if err != nil {
		return bot.Run{}, err
	}
	sites := &flows.Sites{
		Files: w.sites, Values: w.values(), Guard: w.ledger, Zone: w.config.Location, Now: w.a.now,
		NewPage: func(ctx context.Context, site *selectors.Site) (flows.Page, error) {
			return page(ctx, governor, site, w.values())
		},
		Evidence: filepath.Join(w.config.Path(w.config.Data), "runs", run.ID), BadRows: job.Bot(nil).Policy.Guards.BadRows,
		Worn: governor.Worn, OpenLimit: w.config.Browser.Open, StepLimit: w.config.Browser.Step, Key: key,
		OnQuestion: w.asked,
	}
	b := &bot.Bot{
		Ledger: w.ledger, Sites: sites, Senders: senders, Log: w.a.log(), Now: w.a.now, DryRun: dry, Progress: o.progress, Planned: o.planned,
	}
	run, err = b.Do(ctx, job.Bot(w.channels()), run)
	for _, s := range senders {
		err = errors.Join(err, s.Close())
	}
	return run, errors.Join(err, sites.Close(), governor.Close())
}

// asked tells that only a person can go on.
func (w *workshop) asked(q bot.Question) {
	w.a.say("restock: %s is needed until %s: run `restock otp %s CODE`", q.Text, q.Deadline.In(w.config.Location).Format("15:04:05"), q.Site)
}

type runOptions struct {
	progress func(string)
	planned  func([]bot.Level, []bot.Notification)
}
