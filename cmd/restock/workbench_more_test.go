package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"restock/bot/web/admin"
	"restock/selectors"
)

func TestFaultSaveMissingFlow(t *testing.T) {
	s, w, b := labOf(t)
	path := filepath.Join(s.dir, "sites", "crm.yaml")
	data, _ := os.ReadFile(path)
	good := string(data)
	i := strings.Index(good, "\nfollowup:")
	text := good[:i] + "\n"
	if site, err := selectors.Load("crm.yaml", []byte(text)); err != nil {
		t.Fatalf("%v %v", site, err)
	}
	kept, err := b.Save("crm", text, admin.Sum(good), false)
	job := w.config.Jobs[0]
	w.good = &goodSites{}
	_, loadErr := w.current(t.Context(), job)
	if err == nil && loadErr != nil {
		t.Errorf("saved (%s), and the page says “the next run uses the new one”; the next run: %v", kept, loadErr)
	}
}

// TestFaultLiveClicks: what clicks on the live site is what was saved, whoever tries a text there.
func TestFaultLiveClicks(t *testing.T) {
	_, _, b := labOf(t)
	data, err := os.ReadFile(b.path("ims"))
	if err != nil {
		t.Fatal(err)
	}
	former := string(data)
	for name, text := range map[string]string{
		"login steps":   strings.Replace(former, "  steps:\n", "  steps:\n    - {click: {css: \".delete\"}}\n", 1),
		"interruptions": strings.Replace(former, "interruptions:\n", "interruptions:\n  - {see: {visible: {css: body}}, click: {css: \".delete\"}}\n", 1),
		"elements":      strings.Replace(former, "{role: button, name: Log in}", "{text: Delete everything}", 1),
	} {
		if text == former {
			t.Fatalf("%s: the sample file is another one now:\n%s", name, former)
		}
		site, err := selectors.Load(b.path("ims"), []byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if looksOnly(site, b.path("ims"), data) == nil {
			t.Errorf("%s: may be tried on the live site by whoever may not save it there", name)
		}
	}
	site, err := selectors.Load(b.path("ims"), []byte("# a word\n"+strings.Replace(former, "Products", "Goods", -1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := looksOnly(site, b.path("ims"), data); err != nil {
		t.Errorf("what only reads may not be tried: %v", err)
	}
}
