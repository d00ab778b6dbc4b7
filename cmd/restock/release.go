package main

import (
	"os/user"

	"github.com/spf13/cobra"
)

func (a *app) releaseCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "release ID",
		Short: "Let pass what a run has held for a person",
		Long: "Let pass what a run has held: its messages are queued again, its unusual reading is believed when the next run reads\n" +
			"the same within a day, and a list that has drifted is learned anew. Look at `restock runs show ID` first.",
		Args: cobra.ExactArgs(1),
		RunE: a.withState(func(c *cobra.Command, w *workshop, args []string) error {
			h, err := w.ledger.Release(c.Context(), args[0], who())
			if err != nil {
				return err
			}
			if h.Messages > 0 {
				a.print("%d message(s) are queued again: the next run sends them", h.Messages)
			}
			for _, d := range h.Doubts {
				a.print("the next run may find: %s", d.Found)
			}
			for _, list := range h.Drifted {
				a.print("the list %s is learned anew by the next run", list)
			}
			return nil
		}),
	}
}

// who is the person at the terminal, for the record.
func who() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "somebody"
}
