package main

import (
	"context"
	"sync"

	"restock/bot"
	"restock/bot/config"
	"restock/selectors"
)

// goodSites are the selector files of a daemon as they were when all of them were right. An edit that is wrong never changes
// what runs: it is reported, and the files before it go on.
type goodSites struct {
	mu    sync.Mutex
	sites map[string]*selectors.Site
	told  string // the error that was reported last
}

// current loads the selector files for a run.
func (w *workshop) current(ctx context.Context, job config.Job) (map[string]*selectors.Site, error) {
	sites, err := loadSites(w.config.Path(w.config.Sites))
	if err == nil {
		err = missingFlows(w.config, job, sites).Err()
	}
	if w.good == nil {
		return sites, err
	}
	w.good.mu.Lock()
	defer w.good.mu.Unlock()
	if err == nil {
		if w.good.told != "" {
			w.a.say("the selector files are right again")
		}
		w.good.sites, w.good.told = sites, ""
		return sites, nil
	}
	if w.good.sites == nil {
		return nil, err
	}
	w.a.say("restock: a selector file is wrong; the run goes on with the files before the edit: %s", firstLine(err))
	if text := bot.Redact(err.Error()); text != w.good.told {
		w.good.told = text
		go w.alert(context.WithoutCancel(ctx), []bot.Alert{{ // a mail server that hangs must not hold up the run
			Kind: bot.AlertFailure, For: []bot.Role{bot.Analyst}, Job: job.Name, Class: bot.Config, At: w.a.now(), Title: "a selector file is wrong",
			Text: text + "\n\nNothing has changed: restock goes on with the files as they were before the edit.", Next: "correct the file; `restock check` shows what is wrong",
		}})
	}
	return w.good.sites, nil
}
