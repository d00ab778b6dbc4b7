package main

import (
	"github.com/spf13/cobra"

	"restock/bot"
)

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
			if _, err := w.person(args[0]); err != nil {
				return err
			}
			n, err := w.ledger.Erase(c.Context(), args[0])
			if err != nil {
				return err
			}
			a.print("%s is forgotten: %d notification(s) were about them. `restock compact` wipes the traces of the key from the file", bot.Redact(args[0]), n)
			return nil
		}),
	}
}
