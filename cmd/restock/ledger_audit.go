package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/selectors/strict"
	"restock/state/journal"
)

// audited is what a comparison of this machine's journals with the ledger found.
type audited struct {
	Runs     int       `json:"runs"`
	Left     int       `json:"left"` // attempts that this machine let leave
	Findings []finding `json:"findings"`
}

// finding is an attempt of which journal and ledger say different things.
type finding struct {
	Run     string `json:"run"`
	Key     string `json:"key"`
	Attempt int    `json:"attempt"`
	Journal string `json:"journal"`
	Ledger  string `json:"ledger"`
}

func (a *app) ledgerAudit() *cobra.Command {
	c := &cobra.Command{
		Use:   "audit",
		Short: "Compare what this machine let leave with what the ledger knows",
		Long: "Compare what this machine let leave, by its own journals in data/sent, with what the ledger knows. Where the state is on\n" +
			"servers each machine keeps such journals: run it on each, above all after the state was put back from a backup. What the ledger\n" +
			"does not know would be sent again: settle it with `restock ledger resolve`. Exit code 3 where there are findings.",
		Args: cobra.NoArgs,
		RunE: a.withState(func(c *cobra.Command, w *workshop, _ []string) error {
			found, err := w.audit(c.Context())
			if err != nil {
				return err
			}
			if a.json {
				if err := a.printJSON(found); err != nil {
					return err
				}
			} else {
				for _, f := range found.Findings {
					a.print("%s  run %s, attempt %d: this machine says %s, the ledger says %s", f.Key, f.Run, f.Attempt, f.Journal, f.Ledger)
				}
				if found.Runs == 0 && w.config.Cluster == nil {
					a.print("nothing to compare: the state is a file of this machine, and each run compares its journal (data/journal) as it begins")
					return nil
				}
				a.print("%d attempt(s) of %d run(s) left this machine; %d finding(s)", found.Left, found.Runs, len(found.Findings))
			}
			if len(found.Findings) > 0 {
				return strict.Findings{{Found: fmt.Sprintf("%d message(s) of which this machine and the ledger say different things", len(found.Findings)), Expected: "the same"}}
			}
			return nil
		}),
	}
	return a.jsonFlag(c)
}

// audit compares the journals of this machine with the ledger.
func (w *workshop) audit(ctx context.Context) (audited, error) {
	found := audited{Findings: []finding{}}
	journals := journal.In(filepath.Join(w.config.Path(w.config.Data), "sent"))
	runs, err := journals.Runs()
	if err != nil {
		return found, err
	}
	for _, run := range runs {
		trace, err := journals.Read(run)
		if err != nil {
			return found, err
		}
		found.Runs++
		for attempt := range trace.Left {
			found.Left++
			at := strings.LastIndexByte(attempt, '/')
			number, err := strconv.Atoi(attempt[at+1:])
			if at < 0 || err != nil {
				return found, fmt.Errorf("the journal of run %s has an attempt %q", run, attempt)
			}
			n, ok, err := w.ledger.Find(ctx, attempt[:at])
			if err != nil {
				return found, err
			}
			if says := disagree(n, ok, number, trace.Done[attempt]); says != "" {
				said := "it has begun to leave"
				if d, done := trace.Done[attempt]; done {
					said = string(d.State)
				}
				found.Findings = append(found.Findings, finding{run, attempt[:at], number, said, says})
			}
		}
	}
	return found, nil
}

// disagree says what the ledger has of an attempt that left, where it could be sent again or is not what became of it; else "".
func disagree(n bot.Notification, ok bool, attempt int, d bot.Delivery) string {
	switch {
	case !ok:
		return "nothing: there is no such notification"
	case n.Attempt < attempt:
		return fmt.Sprintf("%s, and only %d attempt(s)", n.State, n.Attempt)
	case n.Attempt > attempt: // a later attempt settled it
		if d.State == bot.Accepted {
			return fmt.Sprintf("%s after %d attempts, though this one was accepted", n.State, n.Attempt)
		}
		return ""
	case d.State == bot.Accepted && n.State != bot.Accepted && n.State != bot.Bounced && n.State != bot.Ambiguous:
		return string(n.State)
	case d.State == "" && (n.State == bot.Queued || n.State == bot.Retry || n.State == bot.Claimed || n.State == bot.Held):
		return string(n.State) + ", so that it would be sent again"
	}
	return ""
}
