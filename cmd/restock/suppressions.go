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
		list := []bot.Suppression{}
		for _, s := range all {
			if address == "" || s.Who == w.ledger.Person(person(address)) {
				list = append(list, s)
			}
		}
		if a.json {
			return a.printJSON(map[string]any{"suppressions": list})
		}
		t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "PERSON\tCHANNEL\tREASON\tSINCE\tBY")
		for _, s := range list {
			channel := string(s.Channel)
			if channel == "" {
				channel = "all"
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", s.Who, channel, s.Reason, s.At.In(w.config.Location).Format("2006-01-02 15:04"), s.Source)
		}
		return t.Flush()
	})
	c.AddCommand(a.suppress(), a.unsuppress())
	return a.jsonFlag(c)
}

// person is an address as it is in the ledger.
func person(address string) string {
	if phone := bot.E164(address); bot.ValidPhone(phone) {
		return phone
	}
	return address
}

func (a *app) suppress() *cobra.Command {
	return &cobra.Command{
		Use:   "add ADDRESS",
		Short: "Tell somebody nothing any more",
		Args:  cobra.ExactArgs(1),
		RunE: a.withState(func(c *cobra.Command, w *workshop, args []string) error {
			err := w.ledger.Suppress(c.Context(), bot.Suppression{Who: w.ledger.Person(person(args[0])), Reason: bot.LeftUs, Source: "by " + who()})
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
			removed := 0
			for _, channel := range []bot.Channel{"", bot.Email, bot.SMS} {
				ok, err := w.ledger.Unsuppress(c.Context(), w.ledger.Person(person(args[0])), channel)
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

func (a *app) forgetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "forget ADDRESS",
		Short: "Forget a person: name, address, phone number",
		Long: "Forget a person who asks for it. The key to everything that is kept of them is deleted, so that no copy of the records\n" +
			"can be read any more; what waits for them is not sent, and nothing is sent to that address later. Backups that were made\n" +
			"before hold the key: remove them, or forget the person again after a restore. The CRM is not touched: delete the\n" +
			"request there too.",
		Args: cobra.ExactArgs(1),
		RunE: a.withState(func(c *cobra.Command, w *workshop, args []string) error {
			n, err := w.ledger.Erase(c.Context(), args[0])
			if err != nil {
				return err
			}
			a.print("%s is forgotten: %d notification(s) were about them", bot.Redact(args[0]), n)
			return nil
		}),
	}
}
