package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/state"
)

func (a *app) migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate FROM TO",
		Short: "Move the state: from a file to servers, or back",
		Long: "Move the state. FROM and TO are file (the folder data:), cluster (the servers of cluster:), or addresses: bolt://FOLDER,\n" +
			"nats://USER:PASSWORD@HOST:4222,HOST:4222,HOST:4222/NAME. Stop every restock first. TO is made if it is missing, and must be\n" +
			"empty. Nothing can be sent with either state meanwhile, and nothing with the former one afterwards. What has arrived is\n" +
			"compared with what was sent, by counts and hashes. Cut off, it goes on when it is run again.\n\n" +
			"Afterwards put cluster: into restock.yaml, or take it out.",
		Example: "  restock migrate file cluster",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			w, err := a.closed()
			if err != nil {
				return err
			}
			return w.migrate(c.Context(), args[0], args[1])
		},
	}
}

// place is the address of a state by its word.
func (w *workshop) place(word string) (string, error) {
	switch {
	case word == "file":
		return "bolt://" + w.config.Path(w.config.Data), nil
	case word == "cluster" && w.config.Cluster == nil:
		return "", usagef("%s has no cluster:", w.config.File)
	case word == "cluster":
		return w.stateAddress()
	case strings.HasPrefix(word, "bolt://"), strings.HasPrefix(word, "nats://"):
		return word, nil
	}
	return "", usagef("%q: expected file, cluster, bolt://FOLDER or nats://HOST:4222,…/NAME", word)
}

// named is an address as it may be shown.
func named(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	if _, host, ok := strings.Cut(rest, "@"); ok {
		rest = host
	}
	rest, _, _ = strings.Cut(rest, "?")
	return scheme + "://" + rest
}

func (w *workshop) migrate(ctx context.Context, from, to string) (err error) {
	source, err := w.place(from)
	if err != nil {
		return err
	}
	target, err := w.place(to)
	if err != nil {
		return err
	}
	if named(source) == named(target) {
		return usagef("FROM and TO are the same state")
	}
	old, err := state.Open(ctx, source, state.Runner)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, old.Close()) }()
	fresh, err := state.Open(ctx, target, state.Runner)
	if _, missing := errors.AsType[*bot.StateError](err); missing {
		if err := state.Create(ctx, target); err != nil {
			return err
		}
		fresh, err = state.Open(ctx, target, state.Runner)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fresh.Close()) }()
	list, err := state.Migrate(ctx, old, fresh, named(source), named(target), func(m state.Moved) {
		if m.Entries > 0 {
			w.a.print("%-14s %8d entries  %.12s…", m.Table, m.Entries, m.Hash)
		}
	})
	if err != nil {
		return err
	}
	entries := 0
	for _, m := range list {
		entries += m.Entries
	}
	w.a.print("%d entries moved to %s, and compared. Nothing can be sent with %s any more.", entries, named(target), named(source))
	return nil
}
