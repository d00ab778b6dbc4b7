package main

import (
	"embed"
	"strings"

	"github.com/spf13/cobra"

	"restock/selectors"
)

//go:embed topics/*.md
var topicFiles embed.FS

// topics are the chapters of the manual: `restock help TOPIC`.
func topics() []*cobra.Command {
	list := []*cobra.Command{{Use: "selectors", Short: "The selector file: everything about a site", Long: selectors.Manual()}}
	entries, err := topicFiles.ReadDir("topics")
	if err != nil {
		return list
	}
	for _, e := range entries {
		text, err := topicFiles.ReadFile("topics/" + e.Name())
		if err != nil {
			continue
		}
		title, _, _ := strings.Cut(string(text), "\n")
		list = append(list, &cobra.Command{
			Use: strings.TrimSuffix(e.Name(), ".md"), Short: strings.TrimPrefix(title, "# "), Long: string(text),
		})
	}
	return list
}
