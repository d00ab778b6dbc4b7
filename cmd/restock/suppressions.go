package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"restock/bot"
)

func (a *app) suppressionsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "suppressions",
		Short: "List who is not to be told any more, and why",
		Long: "List who is not to be told any more, and why: by link, at the provider, by STOP, because there is no such address, or by\n" +
			"`restock suppressions add`. People are shown by a keyed hash: give --address to look for one.",
		Example: "  restock suppressions --address bob@example.com\n  restock suppressions add bob@example.com\n  restock suppressions remove bob@example.com",
		Args:    cobra.NoArgs,
	}
	var address string
	c.Flags().StringVar(&address, "address", "", "Only this address or phone number")
	c.RunE = a.withState(func(c *cobra.Command, w *workshop, _ []string) error {
		all, err := w.ledger.Suppressions(c.Context())
		if err != nil {
			return err
		}
		list, only := []bot.Suppression{}, ""
		if address != "" {
			if only, err = w.person(address); err != nil {
				return err
			}
		}
		for _, s := range all {
			if only == "" || s.Who == only {
				list = append(list, s)
			}
		}
		if a.json {
			return a.printJSON(map[string]any{"suppressions": list})
		}
		t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "PERSON\tCHANNEL\tREASON\tSINCE\tIN THE CRM\tBY")
		for _, s := range list {
			channel := string(s.Channel)
			if channel == "" {
				channel = "all"
			}
			known := "-"
			if !s.Written.IsZero() {
				known = s.Written.In(w.config.Location).Format("2006-01-02")
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Who, channel, s.Reason, s.At.In(w.config.Location).Format("2006-01-02 15:04"), known, s.Source)
		}
		return t.Flush()
	})
	c.AddCommand(a.suppress(), a.unsuppress(), a.suppressionsWritten())
	return a.jsonFlag(c)
}

// person names whoever has an address, in the one form in which the ledger has it.
func (w *workshop) person(address string) (string, error) {
	if phone := bot.E164(address); bot.ValidPhone(phone) {
		return w.ledger.Person(phone), nil
	}
	if !bot.ValidEmail(address) {
		return "", usagef("%q: expected a mail address, or a phone number with its country code such as +61491570006", address)
	}
	return w.ledger.Person(address), nil
}

func (a *app) suppress() *cobra.Command {
	return &cobra.Command{
		Use:   "add ADDRESS",
		Short: "Tell somebody nothing any more",
		Args:  cobra.ExactArgs(1),
		RunE: a.withState(func(c *cobra.Command, w *workshop, args []string) error {
			person, err := w.person(args[0])
			if err != nil {
				return err
			}
			err = w.ledger.Suppress(c.Context(), bot.Suppression{Who: person, Reason: bot.LeftUs, Source: "by " + who()})
			if err == nil {
				a.print("%s is told nothing any more", bot.Redact(args[0]))
			}
			return err
		}),
	}
}

func (a *app) unsuppress() *cobra.Command {
	return &cobra.Command{
		Use:   "remove ADDRESS",
		Short: "Let somebody be told again, who has asked for it",
		Long:  "Let somebody be told again, over every channel. Do so only when they have asked for it: the law wants proof of it.",
		Args:  cobra.ExactArgs(1),
		RunE: a.withState(func(c *cobra.Command, w *workshop, args []string) error {
			person, err := w.person(args[0])
			if err != nil {
				return err
			}
			removed := 0
			for _, channel := range []bot.Channel{"", bot.Email, bot.SMS} {
				ok, err := w.ledger.Unsuppress(c.Context(), person, channel)
				if err != nil {
					return err
				}
				if ok {
					removed++
				}
			}
			if removed == 0 {
				return fmt.Errorf("%s is not on the list", bot.Redact(args[0]))
			}
			a.print("%s may be told again", bot.Redact(args[0]))
			return nil
		}),
	}
}

func (a *app) suppressionsWritten() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "written [ADDRESS]",
		Short: "Note that the CRM knows that somebody has left",
		Long: "Note that you have entered into the CRM that somebody, or with --all everybody on the list, has left. Until then ops are\n" +
			"reminded each day after two working days; the law gives five.",
		Args: cobra.MaximumNArgs(1),
		RunE: a.withState(func(c *cobra.Command, w *workshop, args []string) error {
			if all == (len(args) == 1) {
				return usagef("expected an address, or --all")
			}
			person := ""
			if !all {
				var err error
				if person, err = w.person(args[0]); err != nil {
					return err
				}
			}
			n, err := w.ledger.Written(c.Context(), person)
			if err == nil {
				a.print("%d noted", n)
			}
			return err
		}),
	}
	c.Flags().BoolVar(&all, "all", false, "Everybody on the list")
	return c
}
