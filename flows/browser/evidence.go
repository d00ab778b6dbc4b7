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

// Picture takes a picture as a JPEG of a width, secrets and personal data covered. It must not hold up the work: it is given
// up after a moment.
func (p *Page) Picture(ctx context.Context, width int, hide selectors.Hidden) (data []byte, err error) {
	masked, quality := 0, 60
	scale := float64(width) / float64(p.b.opts.Width)
	err = p.masked(ctx, &masked, hide, func(ctx context.Context) error {
		data, err = p.screenshot(ctx, proto.PageCaptureScreenshot{
			Format: proto.PageCaptureScreenshotFormatJpeg, Quality: &quality,
			Clip: &proto.PageViewport{Width: float64(p.b.opts.Width), Height: float64(p.b.opts.Height), Scale: scale},
		})
		return err
	})
	return data, p.broken(err)
}

// masked covers what must not be seen and then takes the picture. If it cannot cover, there is no picture.
func (p *Page) masked(ctx context.Context, n *int, hide selectors.Hidden, take func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, pictureLimit)
	defer cancel()
	if err := p.ask(ctx, request{Do: "mask", Mask: p.opts.Mask, Hidden: &hide}, n); err != nil {
		return fmt.Errorf("no picture, because secrets could not be covered: %w", err)
	}
	err := take(ctx)
	return errors.Join(err, p.ask(ctx, request{Do: "unmask"}, nil))
}

func (p *Page) screenshot(ctx context.Context, shot proto.PageCaptureScreenshot) (data []byte, err error) {
	// A tab that is not in front may wait for ever for a frame to draw.
	if err := (proto.PageBringToFront{}).Call(p.at(ctx)); err != nil {
		return nil, err
	}
	for range 3 {
		if data, err = p.shoot(ctx, shot); err == nil || ctx.Err() != nil {
			break
		}
	}
	return data, err
}

// shoot takes one picture. Chrome never answers when the document is replaced meanwhile; the next try succeeds.
func (p *Page) shoot(ctx context.Context, shot proto.PageCaptureScreenshot) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, pictureLimit/4)
	defer cancel()
	got, err := shot.Call(p.at(ctx))
	if err != nil {
		return nil, err
	}
	return got.Data, nil
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
