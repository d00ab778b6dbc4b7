package main

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/bot/config"
	"restock/state"
)

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a copy of the state, also while restock works",
		Long:  "Write a copy of the state into a file, also while restock works. The copy is read back before the file appears.",
		Args:  cobra.ExactArgs(1),
		RunE: a.withState(func(_ *cobra.Command, w *workshop, args []string) error {
			path, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			if err := state.Backup(w.store, path); err != nil {
				return err
			}
			a.print("%s", path)
			return nil
		}),
	}
}

func (a *app) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of the state",
		Long: "Put a backup in the place of the state. The former file is kept beside it. Messages that the backup has not seen sent\n" +
			"may have gone out since: all that would be sent are held, and you release them. Who has left since, and who was\n" +
			"forgotten, is taken over from the former state.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			w, err := a.closed()
			if err != nil {
				return err
			}
			address, err := w.stateAddress()
			if err != nil {
				return err
			}
			former, err := state.Restore(address, args[0], a.now())
			if err != nil {
				return err
			}
			if former == "" {
				return w.adopt(c)
			}
			a.print("the former state is %s", former)
			return errors.Join(w.adopt(c), w.inherit(c, former))
		},
	}
}

// inherit takes over from the former state who has left, and who was forgotten.
func (w *workshop) inherit(c *cobra.Command, former string) (err error) {
	old, err := state.OpenFile(former)
	if err != nil {
		w.a.say("restock: the former state cannot be read: who has left since the backup is not known any more. Ask your mail provider for its list: %v", err)
		return nil
	}
	defer func() { err = errors.Join(err, old.Close()) }()
	store, err := w.state(c.Context(), state.Runner)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	left, forgotten, err := bot.NewLedger(store, w.a.now).Inherit(c.Context(), bot.NewLedger(old, w.a.now))
	if err == nil && left+forgotten > 0 {
		w.a.print("taken over: %d who have left, %d who were forgotten", left, forgotten)
	}
	return err
}

func (a *app) compactCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "compact",
		Short: "Write the state anew, without what was deleted in it",
		Long:  "Write the state anew, without what was deleted in it: it takes less room afterwards. Nothing else may work with it meanwhile.",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			w, err := a.closed()
			if err != nil {
				return err
			}
			address, err := w.stateAddress()
			if err != nil {
				return err
			}
			before, after, err := state.Compact(address)
			if err == nil {
				a.print("%.1f MB, before %.1f MB", float64(after)/(1<<20), float64(before)/(1<<20))
			}
			return err
		},
	}
}

func (a *app) adoptCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "adopt",
		Short: "Take on a state that was put back from a backup or a snapshot",
		Long: "Take on a state that was put back from a backup or a snapshot. It does not know who was told since: every message that\n" +
			"it would send is held. Look at them with `restock ledger --state held`, and settle each with `restock ledger resolve`.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			w, err := a.closed()
			if err != nil {
				return err
			}
			return w.adopt(c)
		},
	}
}

// closed is a workshop without its state.
func (a *app) closed() (*workshop, error) {
	c, err := config.Load(a.config)
	if err != nil {
		return nil, err
	}
	return a.workshop(c), nil
}

func (w *workshop) adopt(c *cobra.Command) error {
	address, err := w.stateAddress()
	if err != nil {
		return err
	}
	store, err := state.Adopt(address)
	if err != nil {
		return err
	}
	if err := state.Seen(c.Context(), store, w.seen(), true); err != nil {
		return errors.Join(err, store.Close())
	}
	n, err := bot.NewLedger(store, w.a.now).HoldAll(c.Context(), "the state was put back: it may have gone out since")
	if err = errors.Join(err, store.Close()); err == nil {
		w.a.print("adopted; %d message(s) are held: see `restock ledger --state held`", n)
	}
	return err
}
