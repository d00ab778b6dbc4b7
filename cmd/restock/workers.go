package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"restock/bot"
	"restock/bot/config"
	"restock/flows"
	"restock/flows/browser"
	"restock/selectors"
)

// workers start those that read parts of long lists on this machine, until ctx ends. They cost nothing while there is nothing to read.
func (w *workshop) workers(ctx context.Context, jobs ...config.Job) *sync.WaitGroup {
	most := 0
	for _, job := range jobs {
		most = max(most, job.Workers-1) // the run itself is one
	}
	var all sync.WaitGroup
	for i := range most {
		own := *w // its own files and browser
		worker := &bot.Worker{
			Ledger: w.ledger, Now: w.a.now, Say: w.a.say, Sites: own.workerSites,
			Name: fmt.Sprintf("%s, worker %d", bot.ThisProcess(), i+2),
		}
		all.Go(func() { worker.Run(ctx) })
	}
	return &all
}

// workerSites opens what reads parts of a site, with an account that nobody else uses; nil where none is free.
func (w *workshop) workerSites(ctx context.Context, s bot.Shard) (bot.Divider, func() error, error) {
	job, err := w.config.Job(s.Job)
	if err != nil {
		return nil, nil, err
	}
	if w.sites, err = w.current(ctx, job); err != nil {
		return nil, nil, err
	}
	site := w.sites[s.Site]
	if site == nil {
		return nil, nil, fmt.Errorf("there is no selector file for site %s on this machine", s.Site)
	}
	account, release, err := w.account(ctx, site)
	if err != nil || account == 0 {
		return nil, nil, err
	}
	end := []func() error{release}
	closeAll := func() error {
		var errs []error
		for i := len(end) - 1; i >= 0; i-- {
			errs = append(errs, end[i]())
		}
		return errors.Join(errs...)
	}
	if w.browser, err = (browser.Installer{Say: w.a.stderr}).Ensure(ctx, w.config.Browser.Path); err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	governor, err := w.governor(job)
	if err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	key, err := w.key()
	if err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	values, mark := w.valuesOf(account), fmt.Sprint(workerMark, account, "-", w.a.now().Format("150405"))
	sites := &flows.Sites{
		Files: w.sites, Values: values, Guard: accountGuard{w.ledger, account}, Zone: w.config.Location, Now: w.a.now,
		NewPage: func(ctx context.Context, site *selectors.Site) (flows.Page, error) {
			return page(ctx, governor, site, values)
		},
		Evidence: filepath.Join(w.evidence(), s.Run), EvidenceMark: mark, BadRows: job.Bot(nil).Policy.Guards.BadRows,
		Worn: governor.Worn, OpenLimit: w.config.Browser.Open, StepLimit: w.config.Browser.Step, Key: key,
	}
	end = append(end, governor.Close, sites.Close)
	return sharing{sites, func(ctx context.Context) { w.shareEvidence(ctx, s.Run, mark) }, account, site.Secrets()}, closeAll, nil
}

// mostAccounts of a site are looked for.
const mostAccounts = 32

// numbered is the name of a secret for an account: the first one has no number.
func numbered(name string, account int) string {
	if account < 2 {
		return name
	}
	return fmt.Sprintf("%s_%d", name, account)
}

// valuesOf are the values for an account.
func (w *workshop) valuesOf(account int) selectors.Values {
	v := w.values()
	first := v.Secret
	v.Secret = func(name string) (string, bool) { return first(numbered(name, account)) }
	return v
}

// account takes an account of a site that no other worker uses, of any machine; the run itself has the first one. 0: none is free.
func (w *workshop) account(ctx context.Context, site *selectors.Site) (int, func() error, error) {
	for account := 2; account <= mostAccounts; account++ {
		for _, name := range site.Secrets() {
			if _, ok, err := w.secrets.Lookup(numbered(name, account)); err != nil || !ok {
				return 0, nil, err
			}
		}
		release, ok, err := w.ledger.Reserve(ctx, fmt.Sprintf("account/%s/%d", site.Site, account))
		if err != nil || ok {
			return account, release, err
		}
	}
	return 0, nil, nil
}

// accountGuard keeps what is remembered of an account apart from the other accounts of its site.
type accountGuard struct {
	*bot.Ledger
	account int
}

func (g accountGuard) site(site string) string { return fmt.Sprintf("%s account %d", site, g.account) }

func (g accountGuard) Refused(ctx context.Context, site string) (bot.Refusal, bool, error) {
	return g.Ledger.Refused(ctx, g.site(site))
}

func (g accountGuard) Refuse(ctx context.Context, site string, r bot.Refusal) error {
	return g.Ledger.Refuse(ctx, g.site(site), r)
}

func (g accountGuard) Session(ctx context.Context, site string) ([]byte, error) {
	return g.Ledger.Session(ctx, g.site(site))
}

func (g accountGuard) KeepSession(ctx context.Context, site string, sealed []byte) error {
	return g.Ledger.KeepSession(ctx, g.site(site), sealed)
}
