package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	Masked  int       `json:"masked"`            // elements covered in the picture
	Missing []string  `json:"missing,omitempty"` // what could not be captured, and why
}

// Capture writes what the page shows into a folder: screenshot.png with secrets covered, page.html with every text replaced
// by its shape, and page.json. It writes as much as it can; the error says what is missing.
func (p *Page) Capture(ctx context.Context, dir string, extra ...selectors.Element) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	e := Evidence{URL: p.url(), At: time.Now(), Dialogs: p.Dialogs()}
	p.mu.Lock()
	e.Status = p.document.status
	p.mu.Unlock()
	var missing []error
	missed := func(what string, err error) {
		if err != nil {
			e.Missing = append(e.Missing, fmt.Sprintf("%s: %v", what, err))
			missing = append(missing, fmt.Errorf("%s: %w", what, err))
		}
	}
	missed("mask", p.masked(ctx, &e, extra, func(ctx context.Context) error {
		return p.screenshot(ctx, filepath.Join(dir, "screenshot.png"))
	}))
	missed("page structure", p.structure(ctx, filepath.Join(dir, "page.html")))
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	missed("elements near", p.ask(short, request{Do: "near"}, &e.Near))
	cancel()
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(append(missing, os.WriteFile(filepath.Join(dir, "page.json"), []byte(bot.Redact(string(data))+"\n"), 0o600))...)
}

// masked covers what must not be seen and then takes the picture. If it cannot cover, there is no picture.
func (p *Page) masked(ctx context.Context, e *Evidence, extra []selectors.Element, take func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, pictureLimit)
	defer cancel()
	mask := append(append([]selectors.Element{}, p.opts.Mask...), extra...)
	if err := p.ask(ctx, request{Do: "mask", Mask: mask}, &e.Masked); err != nil {
		return fmt.Errorf("no picture, because secrets could not be covered: %w", err)
	}
	err := take(ctx)
	return errors.Join(err, p.ask(ctx, request{Do: "unmask"}, nil))
}

func (p *Page) screenshot(ctx context.Context, path string) error {
	// A tab that is not in front may wait for ever for a frame to draw.
	if err := (proto.PageBringToFront{}).Call(p.at(ctx)); err != nil {
		return err
	}
	var err error
	for range 3 {
		if err = p.shoot(ctx, path); err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

// shoot takes one picture. Chrome never answers when the document is replaced meanwhile; the next try succeeds.
func (p *Page) shoot(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, pictureLimit/4)
	defer cancel()
	shot, err := proto.PageCaptureScreenshot{Format: proto.PageCaptureScreenshotFormatPng}.Call(p.at(ctx))
	if err != nil {
		return err
	}
	return os.WriteFile(path, shot.Data, 0o600)
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
