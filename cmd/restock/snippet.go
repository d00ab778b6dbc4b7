package main

import (
	"embed"
	"html"
	"slices"
	"text/template"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/bot/config"
	"restock/selectors/strict"
)

//go:embed snippets/*
var snippets embed.FS

func (a *app) snippetCommand() *cobra.Command {
	files := map[string]string{"shopify": "shopify.liquid", "woocommerce": "woocommerce.php", "html": "html.html"}
	return &cobra.Command{
		Use:       "snippet shopify|woocommerce|html",
		Short:     "Print the sign-up form to paste into the shop's theme",
		Long:      "Print the sign-up form to paste into the shop's theme: it shows only where something is sold out, and works without JavaScript.",
		Args:      cobra.ExactArgs(1),
		ValidArgs: []string{"shopify", "woocommerce", "html"},
		RunE: func(_ *cobra.Command, args []string) error {
			file, ok := files[args[0]]
			if !ok {
				return usagef("%q: expected %s", args[0], strict.List([]string{"shopify", "woocommerce", "html"}))
			}
			c, err := config.Load(a.config)
			if err != nil {
				return err
			}
			if c.Public == nil || c.Public.SignUp == nil {
				return usagef("there is no form to send to: add public: with signup: to %s", c.File)
			}
			t, err := template.ParseFS(snippets, "snippets/"+file, "snippets/fields.html")
			if err != nil {
				return err
			}
			text, ways := c.Public.SignUp.Consent, a.workshop(c).signUpChannels()
			return t.Execute(a.stdout, struct {
				URL, Consent, Agreed string
				Mail, Text           bool
			}{
				html.EscapeString(c.Public.URL), html.EscapeString(text), bot.ConsentMark(text), slices.Contains(ways, bot.Email), slices.Contains(ways, bot.SMS),
			})
		},
	}
}
