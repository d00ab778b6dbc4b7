package selectors_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"restock/selectors"
)

// example is a piece of YAML in the manual.
type example struct {
	kind, text string
	line       int
}

func examples(t *testing.T) []example {
	t.Helper()
	var list []example
	lines := strings.Split(selectors.Manual(), "\n")
	for i := 0; i < len(lines); i++ {
		kind, ok := strings.CutPrefix(lines[i], "```yaml ")
		if !ok {
			continue
		}
		e := example{kind: kind, line: i + 1}
		for i++; i < len(lines) && lines[i] != "```"; i++ {
			e.text += lines[i] + "\n"
		}
		list = append(list, e)
	}
	return list
}

func indent(text string, by int) string {
	return strings.Repeat(" ", by) + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+strings.Repeat(" ", by)) + "\n"
}

// whole makes a file of an example.
func (e example) whole() string {
	const head = "version: 1\nsite: x\nbase: https://x.example\n"
	const list = "stock:\n  open: /\n  rows: {css: tr}\n  next: none\n"
	switch e.kind {
	case "elements":
		return head + "elements:\n" + indent(e.text, 2)
	case "steps":
		return head + list + "  columns: {sku: {css: a}, quantity: {css: b}}\n  steps:\n" + indent(e.text, 4)
	case "columns":
		return head + list + "  columns:\n" + indent(e.text, 4)
	case "stock":
		return head + "stock:\n" + indent(e.text, 2)
	}
	return e.text
}

// manualFile is the whole file at the beginning of the manual.
func manualFile(t *testing.T) string {
	t.Helper()
	for _, e := range examples(t) {
		if e.kind == "file" {
			return e.text
		}
	}
	t.Fatal("the manual has no whole file")
	return ""
}

// TestManual: the tables of the manual are those of the code (-update writes them), and every example in it loads.
func TestManual(t *testing.T) {
	text := selectors.Manual()
	generated := selectors.Generate(text)
	if update() {
		if err := os.WriteFile("README.md", []byte(generated), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if generated != text {
		t.Error("the tables of README.md are not those of the code: run go test ./selectors -update")
	}
	if n := strings.Count(text, "\n| --- "); n < 18 {
		t.Errorf("%d tables", n)
	}
	list := examples(t)
	for _, e := range list {
		if _, err := selectors.Load(fmt.Sprintf("README.md, example in line %d", e.line), []byte(e.whole())); err != nil {
			t.Errorf("%v\n%s", err, e.whole())
		}
	}
	if len(list) < 6 {
		t.Errorf("%d examples", len(list))
	}
}
