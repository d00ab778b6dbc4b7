package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"restock/bot"
	"restock/state/journal"
)

// courier sends a part of what runs of other machines send, until ctx ends.
func (w *workshop) courier(ctx context.Context) {
	ledger := *w.ledger
	ledger.Journals = w.sharedJournals(w.store, fmt.Sprintf("-courier-%d", os.Getpid()))
	c := &bot.Courier{Ledger: &ledger, Name: bot.ThisProcess(), Texts: w.texts, Now: w.a.now, Log: w.a.log(), Senders: w.senders, Say: w.a.say}
	c.Run(ctx)
}

// sharedJournals are those of a cluster; mark is added to the names of the files that this machine keeps of them.
func (w *workshop) sharedJournals(store bot.Store, mark string) bot.Journals {
	own := journal.In(filepath.Join(w.config.Path(w.config.Data), "sent"))
	own.Keep, own.Mark = true, mark
	return bot.SharedJournals{Store: store, Own: own}
}

// texts is a mark of everything that a customer would read otherwise if it were different, the program included. Only machines with the
// same mark send for each other. It is "" where no other machine could.
func (w *workshop) texts() (string, error) {
	c := w.config
	if c.Cluster == nil {
		return "", nil
	}
	version, revision := version()
	facts := []any{version, revision, c.Shop.Name, c.Shop.Product, c.Shop.Contact, c.Shop.Unsubscribe, c.Zone}
	if s := c.SMTP; s != nil {
		facts = append(facts, "smtp", s.From, s.Name, s.ReplyTo, s.Bounce, s.DKIM != nil)
	}
	if s := c.SMS; s != nil {
		facts = append(facts, "sms", s.Base.Text, s.From, s.Service)
	}
	if p := c.Public; p != nil {
		facts = append(facts, "public", p.URL, p.Links == nil || *p.Links, c.Hosts())
	}
	sum := sha256.New()
	if err := json.NewEncoder(sum).Encode(facts); err != nil {
		return "", err
	}
	if c.Texts != "" {
		if err := addFiles(sum, c.Path(c.Texts)); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

// addFiles adds what the texts of a folder say.
func addFiles(sum io.Writer, folder string) error {
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") || strings.HasSuffix(d.Name(), "~") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err == nil {
			_, err = fmt.Fprintf(sum, "%s\n%d\n%s", filepath.ToSlash(name), len(data), data)
		}
		return err
	})
}
