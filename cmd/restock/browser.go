package main

import (
	"github.com/spf13/cobra"

	"restock/flows/browser"
)

func (a *app) browserCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "browser",
		Short: "Find or install the browser",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	find := &cobra.Command{
		Use:   "find",
		Short: "Show which browser would be used",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			found, err := browser.Find(c.Context(), "")
			if err != nil {
				return err
			}
			return a.printBrowser(found)
		},
	}
	install := &cobra.Command{
		Use:   "install",
		Short: "Install a browser if there is none",
		Long: "Install a browser if there is none: on Debian, as root, the distribution's package with apt-get, which is then updated\n" +
			"with the system; elsewhere Chrome for Testing into the user's cache folder, its hash checked.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			found, err := (browser.Installer{Say: a.stderr}).Ensure(c.Context(), "")
			if err != nil {
				return err
			}
			return a.printBrowser(found)
		},
	}
	c.AddCommand(a.jsonFlag(find), a.jsonFlag(install))
	return c
}

func (a *app) printBrowser(found browser.Found) error {
	if a.json {
		return a.printJSON(found)
	}
	a.print("%s  %s", found.Path, found.Version)
	return nil
}
