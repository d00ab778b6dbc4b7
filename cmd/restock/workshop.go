package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"restock/bot"
	"restock/bot/config"
	"restock/bot/notify"
	"restock/bot/notify/email"
	"restock/bot/notify/sms"
	"restock/flows"
	"restock/flows/browser"
	"restock/flows/evidence"
	"restock/selectors"
	"restock/state"
	"restock/state/jetstream"
	"restock/state/journal"
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
	clock   *clock     // of a cluster
	good    *goodSites // of a daemon: what its selector files were when they were right
}

// open reads the configuration and opens the state.
func (a *app) open(ctx context.Context, role state.Role) (*workshop, error) {
	c, err := config.Load(a.config)
	if err != nil {
		return nil, err
	}
	w := a.workshop(c)
	if err := a.checkAfterCrash(ctx, c.Path(c.Data)); err != nil {
		return nil, err
	}
	if c.Cluster != nil { // a machine that is new has no folder for what is its own
		if err := os.MkdirAll(c.Path(c.Data), 0o700); err != nil {
			return nil, err
		}
	}
	if w.store, err = w.state(ctx, role); err != nil {
		return nil, err
	}
	if err := state.Seen(ctx, w.store, w.seen(), false); err != nil {
		return nil, errors.Join(err, w.store.Close())
	}
	if err := w.agree(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the servers of the state do not tell the time: %w; are monitors: right?", err), w.store.Close())
	}
	if err = w.keyHere(ctx, w.store); err == nil {
		w.ledger, err = w.newLedger(w.store)
	}
	if err == nil {
		err = w.ledger.Belongs(ctx)
	}
	if err == nil && role != state.Reader {
		if _, err = w.ledger.SealAll(ctx); err == nil {
			err = w.ledger.IndexAll(ctx)
		}
	}
	if err != nil {
		return nil, errors.Join(err, w.store.Close())
	}
	return w, nil
}

// newLedger returns the ledger in a store, with the key to it and the journals beside it.
func (w *workshop) newLedger(store bot.Store) (*bot.Ledger, error) {
	key, err := w.key()
	if err != nil {
		return nil, err
	}
	l := bot.NewLedger(store, w.a.now)
	if l.Vault, err = bot.NewVault(key); err != nil {
		return nil, err
	}
	l.Judge = w.config.Judge()
	l.Journals = journal.In(filepath.Join(w.config.Path(w.config.Data), "journal"))
	if w.config.Cluster != nil {
		l.Journals = w.sharedJournals(store, "")
	}
	return l, nil
}

// workshop is one without its state.
func (a *app) workshop(c *config.Config) *workshop {
	return &workshop{a: a, config: c, secrets: config.Secrets{Folder: c.Folder, Getenv: a.getenv}}
}

// state opens the state.
func (w *workshop) state(ctx context.Context, role state.Role) (bot.Store, error) {
	address, err := w.stateAddress()
	if err != nil {
		return nil, err
	}
	return state.Open(ctx, address, role)
}

// stateAddress is where the state is: the folder data:, or the servers of cluster:.
func (w *workshop) stateAddress() (string, error) { return w.config.Address(w.values()) }

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

// shop is what the messages say about the sender.
func (w *workshop) shop() notify.Shop {
	c := w.config.Shop
	shop := notify.Shop{Name: c.Name, Product: c.Product, Contact: c.Contact, Unsubscribe: c.Unsubscribe}
	if w.config.Texts != "" {
		shop.Templates = w.config.Path(w.config.Texts)
	}
	if p := w.config.Public; p != nil && w.ledger != nil {
		shop.Leave = w.leave
		if p.Links == nil || *p.Links {
			shop.Link = func(n bot.Notification) string { return w.link(n, bot.ProductLink) }
			shop.Trap = func(n bot.Notification) string { return w.link(n, bot.TrapLink) }
		}
	}
	return shop
}

// link is the address of a link of a notification, or "" where its key is none that a link can hold.
func (w *workshop) link(n bot.Notification, use bot.LinkUse) string {
	token := w.ledger.Vault.Link(n.Key, use)
	target, err := w.shop().Target(n.Restock)
	if u, badURL := url.Parse(target); token == "" || err != nil || badURL != nil || !slices.Contains(w.config.Hosts(), strings.ToLower(u.Host)) {
		return "" // the product itself is better than a link that leads nowhere
	}
	return w.publicURL("/r/" + token)
}

// publicURL is an address under which customers reach us.
func (w *workshop) publicURL(path string) string {
	return strings.TrimSuffix(w.config.Public.URL, "/") + path
}

func (w *workshop) senders() (map[bot.Channel]bot.Sender, error) {
	render, err := notify.Renderer(w.shop())
	if err != nil {
		return nil, err
	}
	return w.sendersWith(render)
}

// sendersWith are the channels, for messages that are written in some way.
func (w *workshop) sendersWith(render bot.Renderer) (_ map[bot.Channel]bot.Sender, err error) {
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

// leave is the address by which the recipient of a notification leaves.
func (w *workshop) leave(n bot.Notification) string {
	return w.publicURL("/u/") + w.ledger.Vault.Token(w.ledger.Person(n.Address), n.Channel)
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
	o.Auth, o.Bounce, o.Connections, o.PerLine = c.Auth, c.Bounce, c.Connections, c.PerConnection
	if c.Rate != nil {
		o.Rate = float64(*c.Rate) / 100
		if w.config.Cluster != nil && w.ledger != nil {
			o.Pace = &bot.Pace{Ledger: w.ledger, Name: string(bot.Email), Rate: o.Rate}
		}
	}
	if c.DKIM != nil {
		key, err := c.DKIM.Key.Expand(w.values())
		if err != nil {
			return nil, err
		}
		o.DKIM = &email.DKIM{Domain: c.DKIM.Domain, Selector: c.DKIM.Selector, Key: config.NewSecret(key).Reveal}
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
	if w.config.Public != nil {
		o.Callback = w.hookURL("twilio")
	}
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

// run does one run of a job, with a browser of its own, and tells who must know how it ended. What keeps a run from
// beginning is recorded like a run that failed.
func (w *workshop) run(ctx context.Context, name, trigger string, dry bool, o runOptions) (bot.Run, error) {
	job, err := w.config.Job(name)
	if err != nil {
		return bot.Run{}, usagef("%w", err)
	}
	run := bot.NewRun(job.Name, trigger, w.a.now())
	keeper := &keeper{w: w}
	var b *bot.Bot
	var end func() error
	if !dry {
		err = w.safe(ctx)
	}
	if err == nil {
		b, end, err = w.prepare(ctx, job, run, keeper)
	}
	if err != nil {
		if !dry {
			err = errors.Join(err, w.notBegun(ctx, run, err))
		}
		return bot.Run{}, err
	}
	if err := state.Advance(w.store); err != nil && !dry {
		return bot.Run{}, errors.Join(err, end())
	}
	b.DryRun, b.Progress, b.Planned = dry, o.progress, o.planned
	w.prune()
	if !dry {
		w.receive(ctx, &run)
		w.retain(ctx)
		w.overdue(ctx, &run)
		w.silent(ctx, &run)
		w.cleared(ctx, b, &run)
	}
	late := &bot.StepError{
		Class: bot.SiteDown, Flow: "run", Expected: fmt.Sprintf("the run to end within %s (deadline: of the job)", job.Deadline), Found: "it was still at work",
		Hint: "is a site very slow, or deadline: too short? The next run goes on where this one stopped",
	}
	bounded, cancel := context.WithTimeoutCause(ctx, job.Deadline, late)
	defer cancel()
	if w.good == nil { // a daemon has workers of its own
		working, rest := context.WithCancel(bounded)
		workers := w.workers(working, job)
		defer workers.Wait()
		defer rest()
	}
	run, err = b.Do(bounded, job.Bot(w.channels()), run)
	keeper.end(err == nil && run.Outcome == bot.Done)
	err = errors.Join(err, end())
	w.shareEvidence(ctx, run.ID, ownPart)
	if _, busy := errors.AsType[*bot.LockedError](err); !busy && !dry {
		w.report(ctx, run)
	}
	return run, err
}

// safe returns an error if nothing may be sent with this state.
func (w *workshop) safe(ctx context.Context) error {
	moving, err := state.Moving(ctx, w.store)
	if err != nil {
		return err
	}
	if moving != "" {
		return &bot.StepError{
			Class: bot.Config, Flow: "run", Expected: "a state that is in use", Found: "of this one it is said that " + moving,
			Hint: "correct cluster: in restock.yaml, or run `restock migrate` again if it was cut off. Nothing was read or sent",
		}
	}
	if err = state.Safe(ctx, w.store); err == nil {
		return nil
	}
	found := err.Error()
	if unsafe, ok := errors.AsType[*jetstream.Unsafe](err); ok {
		found = unsafe.Why
	}
	return &bot.StepError{
		Class: bot.Config, Flow: "run", Expected: "servers that keep what they acknowledge", Found: found, Place: w.config.Cluster.String(),
		Hint: "nothing was read or sent, for the state could forget who was told; see `restock cluster status` and `restock help cluster`", Err: err,
	}
}

// notBegun records a run that could not begin, and tells who must know.
func (w *workshop) notBegun(ctx context.Context, run bot.Run, why error) error {
	run.Finished, run.Outcome, run.Error = w.a.now(), bot.FailedRun, bot.Redact(why.Error())
	problem, ok := errors.AsType[*bot.StepError](why)
	if !ok {
		problem = &bot.StepError{Class: bot.Config, Expected: "files that a run can begin with", Found: bot.Clean(why.Error()), Err: why}
	}
	run.Problem = problem
	err := w.ledger.SaveRun(ctx, run)
	w.report(ctx, run)
	return err
}

// prepare makes everything that a run needs; end closes it.
func (w *workshop) prepare(ctx context.Context, job config.Job, run bot.Run, keeper *keeper) (b *bot.Bot, end func() error, err error) {
	if w.sites, err = w.current(ctx, job); err != nil { // before anybody is told anything
		return nil, nil, err
	}
	senders, err := w.senders()
	if err != nil {
		return nil, nil, err
	}
	texts, err := w.texts()
	if err != nil {
		return nil, nil, err
	}
	if w.browser, err = (browser.Installer{Say: w.a.stderr}).Ensure(ctx, w.config.Browser.Path); err != nil {
		return nil, nil, err
	}
	key, err := w.key()
	if err != nil {
		return nil, nil, err
	}
	governor, err := w.governor(job)
	if err != nil {
		return nil, nil, err
	}
	sites := &flows.Sites{
		Files: w.sites, Values: w.values(), Guard: w.ledger, Zone: w.config.Location, Now: w.a.now,
		NewPage: func(ctx context.Context, site *selectors.Site) (flows.Page, error) {
			return page(ctx, governor, site, w.values())
		},
		Evidence: filepath.Join(w.evidence(), run.ID), BadRows: job.Bot(nil).Policy.Guards.BadRows,
		Worn: governor.Worn, OpenLimit: w.config.Browser.Open, StepLimit: w.config.Browser.Step, Key: key,
		OnQuestion: func(q bot.Question) { w.asked(ctx, job.Name, q) }, OnPage: keeper.page,
	}
	end = func() error {
		var errs []error
		for _, s := range senders {
			errs = append(errs, s.Close())
		}
		return errors.Join(append(errs, sites.Close(), governor.Close())...)
	}
	return &bot.Bot{
		Ledger: w.ledger, Sites: sites, Clerk: sites, Senders: senders, Log: w.a.log(), Now: w.a.now, Events: w.events(), Windows: w.config.Windows(),
		Texts: texts,
	}, end, nil
}

// events are those that the CRM of each job takes.
func (w *workshop) events() map[string][]bot.Event {
	list := map[string][]bot.Event{}
	for _, j := range w.config.Jobs {
		site := w.sites[j.CRM]
		if site == nil {
			continue
		}
		for _, name := range site.Followup.Events() {
			list[j.Name] = append(list[j.Name], bot.Event(name))
		}
	}
	return list
}

// prune removes evidence that is too old or too much.
func (w *workshop) prune() {
	keep := w.config.Evidence
	n, err := evidence.Prune(w.evidence(), evidence.Keep{Age: time.Duration(keep.Days) * 24 * time.Hour, Runs: keep.Runs, Size: int64(keep.Size)}, w.a.now())
	if err != nil {
		w.a.say("restock: old evidence cannot be removed: %v", err)
	}
	if n > 0 && w.a.verbose {
		w.a.say("restock: the evidence of %d old run(s) was removed", n)
	}
	sent := filepath.Join(w.config.Path(w.config.Data), "sent")
	files, _ := filepath.Glob(filepath.Join(sent, "*.log"))
	for _, file := range files { // of what the ledger has forgotten there is nothing to compare
		if info, err := os.Stat(file); err == nil && w.a.now().Sub(info.ModTime()) > w.config.Retention {
			_ = os.Remove(file) // or the next time
		}
	}
}

type runOptions struct {
	progress func(string)
	planned  func([]bot.Level, []bot.Notification)
}
