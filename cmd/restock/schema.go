package main

import (
	"github.com/spf13/cobra"

	"restock/bot/config"
	"restock/selectors"
	"restock/selectors/strict"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [selectors|config]",
		Short: "Print the JSON Schema of selector files, or of restock.yaml",
		Long: "Print the JSON Schema (draft 2020-12) of selector files, or of restock.yaml. Editors complete and check files by it:\n" +
			"save it, and begin the file with   # yaml-language-server: $schema=../selectors.schema.json",
		Example:   "  restock schema > selectors.schema.json\n  restock schema config > config.schema.json",
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"selectors", "config"},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] == "config" {
				return a.printJSON(strict.SchemaOf("restock.yaml", config.Config{}))
			}
			return a.printJSON(selectors.Schema())
		},
	}
}
