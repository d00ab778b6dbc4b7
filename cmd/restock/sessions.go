package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"restock/bot"
)

// stateKey is the secret that encrypts kept sessions. One that is nowhere is made, as a private file beside restock.yaml.
const stateKey = "STATE_KEY"

func (w *workshop) key() ([]byte, error) {
	secret, ok, err := w.secrets.Lookup(stateKey)
	if err != nil || ok {
		return []byte(secret.Reveal()), err
	}
	path := filepath.Join(w.config.Folder, "secrets", stateKey)
	text := rand.Text() + rand.Text()
	err = os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(text+"\n"), 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("the key for kept sessions cannot be made: %w; give a secret %s in another way (`restock help config`)", err, stateKey)
	}
	return []byte(text), nil
}

// keyHere returns an error where the state was made with a key that this machine has not: a new one would open nothing.
func (w *workshop) keyHere(ctx context.Context, store bot.Store) error {
	_, here, err := w.secrets.Lookup(stateKey)
	if err != nil || here {
		return err
	}
	sealed, err := bot.Sealed(ctx, store)
	if err != nil || !sealed {
		return err
	}
	return &bot.StateError{Err: fmt.Errorf("this machine has no secret %s, and the state was made with one: copy %s from the machine that made it (`restock init` or `restock migrate`), with mode 0600; "+
		"nothing can be read without it", stateKey, filepath.Join(w.config.Folder, "secrets", stateKey))}
}

func (a *app) otpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "otp [SITE] CODE",
		Short: "Give the one-time code that a log-in waits for",
		Long: "Give the one-time code that a log-in waits for. A step otp: without a secret: asks a person; the run says so, and the\n" +
			"alerts do. SITE may be left out when only one asks.",
		Args: cobra.RangeArgs(1, 2),
		RunE: a.withState(func(c *cobra.Command, w *workshop, args []string) error {
			site := ""
			if len(args) == 2 {
				site = args[0]
			}
			q, err := w.ledger.Answer(c.Context(), site, args[len(args)-1])
			if err != nil {
				return err
			}
			a.print("given to the log-in of %s", q.Site)
			return nil
		}),
	}
}

func (a *app) sessionsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "sessions",
		Short: "List sites with a kept session, a refused log-in or a question",
		Args:  cobra.NoArgs,
		RunE: a.withState(func(c *cobra.Command, w *workshop, _ []string) error {
			list, err := w.ledger.SignIns(c.Context())
			if err != nil {
				return err
			}
			if a.json {
				if list == nil {
					list = []bot.SignIn{}
				}
				return a.printJSON(map[string]any{"sessions": list})
			}
			t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "SITE\tSESSION\tLOG-IN\tQUESTION")
			for _, s := range list {
				session, refused, question := "-", "-", "-"
				if s.Kept {
					session = "kept"
				}
				if s.Refused != nil {
					refused = "refused " + s.Refused.At.In(w.config.Location).Format("2006-01-02 15:04")
				}
				if s.Question != nil {
					question = s.Question.Text + ", until " + s.Question.Deadline.In(w.config.Location).Format("15:04:05")
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", s.Site, session, refused, question)
			}
			return t.Flush()
		}),
	}
	forget := &cobra.Command{
		Use:   "forget SITE",
		Short: "Forget the kept session and the refused log-in of a site",
		Long:  "Forget the kept session and the refused log-in of a site: the next run logs in anew, with the same password if it must.",
		Args:  cobra.ExactArgs(1),
		RunE: a.withState(func(c *cobra.Command, w *workshop, args []string) error {
			if err := w.ledger.ForgetSignIn(c.Context(), args[0]); err != nil {
				return err
			}
			a.print("forgotten: the next run logs in to %s anew", args[0])
			return nil
		}),
	}
	c.AddCommand(forget)
	return a.jsonFlag(c)
}
