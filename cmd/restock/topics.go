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
