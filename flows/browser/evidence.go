package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"restock/bot"
	"restock/selectors"
)

// Limits of evidence. It has its own deadlines, because the page may be the very thing that hangs.
const (
	pictureLimit   = 8 * time.Second
	structureLimit = 400_000 // characters
)

// Evidence is what page.json of a failed step holds.
type Evidence struct {
	URL     string    `json:"url"`
	At      time.Time `json:"at"`
	Status  int       `json:"status,omitempty"` // of the main document
	Dialogs []Dialog  `json:"dialogs,omitempty"`
	Near    []string  `json:"near,omitempty"`    // what is on the page: buttons, links, fields, headings
	Network []string  `json:"network,omitempty"` // requests that went wrong
	Console []string  `json:"console,omitempty"` // errors of the page's scripts
	Refused []string  `json:"refused,omitempty"` // requests that restock did not let through
	Masked  int       `json:"masked"`            // elements covered in the picture
	Missing []string  `json:"missing,omitempty"` // what could not be captured, and why
}

// Capture writes what the page shows into a folder: screenshot.png with secrets and personal data covered, page.html with
// every text replaced by its shape, and page.json. It writes as much as it can; the error says what is missing.
func (p *Page) Capture(ctx context.Context, dir string, hide selectors.Hidden) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	e := Evidence{URL: p.url(), At: time.Now(), Dialogs: p.Dialogs()}
	p.mu.Lock()
	e.Status, e.Network, e.Refused = p.document.status, append([]string(nil), p.traffic.trouble...), append([]string(nil), p.traffic.refused...)
	p.mu.Unlock()
	var missing []error
	missed := func(what string, err error) {
		if err != nil {
			e.Missing = append(e.Missing, fmt.Sprintf("%s: %v", what, err))
			missing = append(missing, fmt.Errorf("%s: %w", what, err))
		}
	}
	missed("mask", p.masked(ctx, &e.Masked, hide, func(ctx context.Context) error {
		data, err := p.screenshot(ctx, proto.PageCaptureScreenshot{Format: proto.PageCaptureScreenshotFormatPng})
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, "screenshot.png"), data, 0o600)
	}))
	missed("page structure", p.structure(ctx, filepath.Join(dir, "page.html")))
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	missed("elements near", p.ask(short, request{Do: "near"}, &e.Near))
	missed("scripts", p.ask(short, request{Do: "troubles"}, &e.Console))
	cancel()
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	clean := bot.Redact(hideNames(string(data), hide.Names))
	return errors.Join(append(missing, os.WriteFile(filepath.Join(dir, "page.json"), []byte(clean+"\n"), 0o600))...)
}

// hideNames replaces personal texts.
func hideNames(text string, names []string) string {
	for _, name := range names {
		if len([]rune(name)) >= 3 {
			text = strings.ReplaceAll(text, name, "…")
		}
	}
	return text
}

func (p *Page) structure(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, pictureLimit)
	defer cancel()
	var text string
	if err := p.ask(ctx, request{Do: "structure", Limit: structureLimit}, &text); err != nil {
		return err
	}
	return os.WriteFile(path, []byte("<!-- structure of the page; every text is replaced by its shape -->\n"+text), 0o600)
}
