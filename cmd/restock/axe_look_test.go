package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"restock/flows/browser"
)

// accessible looks at a page in a real browser, as wide as a desktop and as a phone, light and dark, and fails on what axe-core finds.
func accessible(t *testing.T, name, page string) {
	t.Helper()
	ctx := t.Context()
	found, err := (browser.Installer{Say: io.Discard}).Ensure(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	url := examined(t, page).URL
	for _, size := range []struct {
		name          string
		width, height int
	}{{"desktop", 1280, 900}, {"phone", 390, 844}} {
		b, err := browser.Launch(ctx, browser.Options{Path: found.Path, Width: size.width, Height: size.height})
		if err != nil {
			t.Fatal(err)
		}
		for _, dark := range []bool{false, true} {
			for _, violation := range look(t, b, name+"-"+size.name, url, dark) {
				t.Errorf("%s, %s, dark %v: %s", name, size.name, dark, violation)
			}
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

// look returns what is wrong with a page.
func look(t *testing.T, b *browser.Browser, name, url string, dark bool) (list []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p, err := b.NewPage(ctx, browser.PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Dark(ctx, dark); err != nil {
		t.Fatal(err)
	}
	if err := p.Open(ctx, url); err != nil {
		t.Fatal(err)
	}
	result := regexp.MustCompile(`(?s)EXAMINED(\[.*\])DEXAMINE`)
	for {
		text, err := p.Snapshot(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if m := result.FindStringSubmatch(html.UnescapeString(text)); m != nil {
			if err := json.Unmarshal([]byte(m[1]), &list); err != nil {
				t.Fatal(err)
			}
			break
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: axe-core never ended", name)
		case <-time.After(100 * time.Millisecond):
		}
	}
	if dir := os.Getenv("RESTOCK_PICTURES"); dir != "" {
		data, err := p.Shot(ctx, dark)
		if err != nil {
			t.Fatal(err)
		}
		file := fmt.Sprintf("%s-%s.png", name, map[bool]string{false: "light", true: "dark"}[dark])
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return list
}
