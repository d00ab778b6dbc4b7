package browser

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-rod/rod/lib/proto"

	"restock/selectors"
)

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

// Dark shows pages as they look to those who like them dark, or light.
func (p *Page) Dark(ctx context.Context, dark bool) error {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	media := proto.EmulationSetEmulatedMedia{Features: []*proto.EmulationMediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	return p.broken(media.Call(p.at(ctx)))
}

// Shot takes a PNG of a whole page of our own, as it looks to those who like it dark or light. Nothing is covered.
func (p *Page) Shot(ctx context.Context, dark bool) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, pictureLimit)
	defer cancel()
	if err := p.Dark(ctx, dark); err != nil {
		return nil, err
	}
	size, err := (proto.PageGetLayoutMetrics{}).Call(p.at(ctx))
	if err != nil {
		return nil, p.broken(err)
	}
	data, err := p.screenshot(ctx, proto.PageCaptureScreenshot{
		Format: proto.PageCaptureScreenshotFormatPng, CaptureBeyondViewport: true,
		Clip: &proto.PageViewport{Width: size.CSSContentSize.Width, Height: size.CSSContentSize.Height, Scale: 1},
	})
	return data, p.broken(err)
}
