package main

import (
	"embed"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"restock/flows/flowtest"
	"restock/selectors"
)

//go:embed topics/*.md
var topicFiles embed.FS

// plainManual is the manual without the marks of what is generated in it.
func plainManual() string {
	var lines []string
	for line := range strings.SplitSeq(selectors.Manual(), "\n") {
		if !strings.HasPrefix(line, "<!-- ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// examples are all sample pages with their files, each tried by a test.
func examples() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Examples: %d small pages, each with the selector file that reads it\n\n"+
		"Each page has one thing that real web UIs do. {{ }} is where the sample server puts its data in.\n", flowtest.Last)
	for n := 1; n <= flowtest.Last; n++ {
		file, page, err := flowtest.Example(n)
		if err != nil {
			continue
		}
		title, rest, _ := strings.Cut(file, "\n")
		fmt.Fprintf(&b, "\n## %d. %s\n\n%s\nThe page:\n\n%s", n, strings.TrimPrefix(title, "# "), rest, page)
	}
	return b.String()
}

// topics are the chapters of the manual: `restock help TOPIC`.
func topics() []*cobra.Command {
	list := []*cobra.Command{
		{Use: "selectors", Short: "The selector file: everything about a site", Long: plainManual()},
		{Use: "examples", Short: "Small pages, each with the selector file that reads it", Long: examples()},
	}
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

// helpCommand shows a chapter, also where a command has the same name, or how a command is used.
func helpCommand(chapters []*cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [TOPIC | COMMAND]", Short: "Show a chapter of the manual, or how a command is used",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				for _, chapter := range chapters {
					if chapter.Name() == args[0] {
						_, err := fmt.Fprintln(c.OutOrStdout(), strings.TrimSuffix(chapter.Long, "\n"))
						return err
					}
				}
			}
			about, _, err := c.Root().Find(args)
			if about == nil || err != nil {
				return usagef("there is no chapter and no command %q; `restock help` lists them", strings.Join(args, " "))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}
