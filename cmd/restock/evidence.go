package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"restock/bot"
	"restock/flows"
	"restock/flows/evidence"
	"restock/state"
)

// evidence is the folder of what failed steps leave on this machine.
func (w *workshop) evidence() string { return filepath.Join(w.config.Path(w.config.Data), "runs") }

// workerMark stands in the names of folders that workers leave, after the site and the flow.
const workerMark = "-worker-"

// shareEvidence keeps what a run left on this machine for the others: its own, or what its workers here left. It is sealed. What cannot
// be kept is said, and does no more harm than that.
func (w *workshop) shareEvidence(ctx context.Context, run, part string) {
	files, ok := state.FilesOf(w.store)
	if !ok {
		return
	}
	packed, err := evidence.Pack(filepath.Join(w.evidence(), run), func(folder string) bool { return belongs(folder, part) })
	if err == nil && packed != nil {
		name := run + "/" + part
		keep := w.config.Evidence
		err = files.Put(context.WithoutCancel(ctx), name, w.ledger.Vault.SealFile(name, packed), time.Duration(keep.Days)*24*time.Hour, int64(keep.Size))
	}
	if err != nil {
		w.a.say("restock: what run %s left stays on this machine only: %v", run, err)
	}
}

// ownPart is the part that the machine with a run has of its evidence.
const ownPart = "run"

// belongs reports whether a folder is of a part of a run's evidence.
func belongs(folder, part string) bool {
	if part == ownPart {
		return !strings.Contains(folder, workerMark)
	}
	return strings.HasSuffix(folder, part)
}

// bringEvidence brings here what a run has left on other machines.
func (w *workshop) bringEvidence(ctx context.Context, run string) error {
	files, ok := state.FilesOf(w.store)
	if !ok {
		return nil
	}
	names, err := files.List(ctx, run+"/")
	if err != nil {
		return err
	}
	dir := filepath.Join(w.evidence(), filepath.Base(run))
	for _, name := range names {
		if w.has(dir, strings.TrimPrefix(name, run+"/")) {
			continue
		}
		sealed, err := files.Get(ctx, name)
		if err != nil {
			return err
		}
		packed, err := w.ledger.Vault.OpenFile(name, sealed)
		if err == nil {
			err = evidence.Unpack(dir, packed)
		}
		if err != nil {
			return fmt.Errorf("what run %s left on another machine cannot be read: %w", run, err)
		}
	}
	return nil
}

// has reports whether a part of a run's evidence is on this machine.
func (w *workshop) has(dir, part string) bool {
	folders, err := filepath.Glob(filepath.Join(dir, "*", "record.json"))
	if err != nil {
		return false
	}
	for _, record := range folders {
		if belongs(filepath.Base(filepath.Dir(record)), part) {
			return true
		}
	}
	return false
}

// here is where the page of a run's evidence is on this machine, once it was brought.
func (w *workshop) here(run bot.Run) string {
	return filepath.Join(w.evidence(), run.ID, evidence.FileName)
}

// sharing is what reads parts of a list, and keeps for the other machines what a failure leaves.
type sharing struct {
	*flows.Sites
	share   func(ctx context.Context)
	account int
	secrets []string // that the file asks for
}

// StockPart implements bot.Divider.
func (s sharing) StockPart(ctx context.Context, site string, p bot.Pages, from, to int) (bot.Part, error) {
	part, err := s.Sites.StockPart(ctx, site, p, from, to)
	return part, s.failed(ctx, site, err)
}

// SubscribersPart implements bot.Divider.
func (s sharing) SubscribersPart(ctx context.Context, site string, skus []string) (bot.Part, error) {
	part, err := s.Sites.SubscribersPart(ctx, site, skus)
	return part, s.failed(ctx, site, err)
}

// failed shares evidence, and says whose account it was: what the file calls a secret is another one for each account.
func (s sharing) failed(ctx context.Context, site string, err error) error {
	step, ok := errors.AsType[*bot.StepError](err)
	if !ok {
		return err
	}
	if step.Evidence != "" {
		s.share(ctx)
	}
	if step.Class != bot.Auth && step.Class != bot.MFA {
		return err
	}
	for _, name := range s.secrets {
		step.Hint = strings.ReplaceAll(step.Hint, name, numbered(name, s.account))
	}
	step.Hint = strings.ReplaceAll(step.Hint, "sessions forget "+site, fmt.Sprintf("sessions forget %q", fmt.Sprintf("%s account %d", site, s.account)))
	step.Hint = fmt.Sprintf("this is account %d, on %s; its parts are left to others for a while: %s", s.account, bot.ThisProcess(), step.Hint)
	return step
}
