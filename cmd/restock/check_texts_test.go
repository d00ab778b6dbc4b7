package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"restock/bot/config"
)

// TestBadTexts: a mistake in a text of one's own is found by `restock check`, once, at its place.
func TestBadTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Hello {{.Nme}} {{.Link}}\n":              "mail.txt:1:8: found executing",
		"Hello\n{{with}}":                         "mail.txt:2:1: found missing value for with",
		"Hello {{.Unsubscribe}}":                  "mail.txt does not show {{.Link}}",
		"{{.Product}} {{.Link}} {{.Unsubscribe}}": "",
	} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "texts"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "texts", "mail.txt"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Parse(filepath.Join(dir, "restock.yaml"), []byte("version: 1\ntemplates: texts\njobs:\n  - {name: a, ims: x, crm: y}\n"))
		if err != nil {
			t.Fatal(err)
		}
		found := badTexts(c)
		switch {
		case want == "" && len(found) == 0:
		case want == "" || len(found) != 1 || !strings.Contains(found.Err().Error(), want):
			t.Errorf("%q: %v, expected %q", text, found, want)
		}
	}
}
