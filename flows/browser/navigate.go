package browser

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/go-rod/rod/lib/proto"

	"restock/bot"
)

// Open goes to an address and waits until the document is parsed. An address that differs from the present one in its
// fragment only stays in the document, as in the address bar of a person; about:blank leaves it. An error status is an error.
func (p *Page) Open(ctx context.Context, address string) error {
	err := p.Go(ctx, address)
	if err == nil && address != blank {
		err = p.broken(p.parsed(ctx))
	}
	return err
}

// Go does the same without waiting for more than the beginning of the document: what is asked next waits for the rest.
func (p *Page) Go(ctx context.Context, address string) error {
	if address == blank {
		return p.broken(p.navigate(ctx, blank))
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return &bot.StepError{
			Class: bot.Config, Step: "open", Expected: "an http or https address", Found: address, Hint: "correct open: in the selector file",
		}
	}
	return p.broken(p.navigate(ctx, address))
}

// blank is the empty document.
const blank = "about:blank"

func (p *Page) navigate(ctx context.Context, address string) error {
	if err := p.Err(); err != nil {
		return err
	}
	res, err := proto.PageNavigate{URL: address}.Call(p.at(ctx))
	if err != nil {
		return err
	}
	if res.ErrorText != "" {
		if err := p.strayed(); err != nil {
			return err
		}
		return unreachable(address, res.ErrorText)
	}
	p.mu.Lock()
	p.scope = frameRef{}
	p.mu.Unlock()
	return p.committed(ctx, res.LoaderID)
}

// committed waits until the document of a navigation is shown. Chrome answers a navigation earlier, and one that is begun
// before the last was committed may never be answered. An empty loader means that the document stayed.
func (p *Page) committed(ctx context.Context, loader proto.NetworkLoaderID) error {
	return p.until(ctx, func() bool { return loader == "" || slices.Contains(p.loaders, loader) })
}

// parsed waits until the present document is parsed. One that was cut off may stay loading for ever.
func (p *Page) parsed(ctx context.Context) error {
	err := p.until(ctx, func() bool { return p.ready != "" || p.document.failed != "" })
	if err != nil {
		return err
	}
	return p.checkDocument()
}

// Loaded waits until the document has loaded with all that it shows.
func (p *Page) Loaded(ctx context.Context) error {
	return p.broken(p.until(ctx, func() bool { return p.ready == "complete" }))
}

// until waits for something that events change. so is called with p.mu held.
func (p *Page) until(ctx context.Context, so func() bool) error {
	for {
		p.mu.Lock()
		holds, changed := so(), p.changed
		p.mu.Unlock()
		if holds {
			return nil
		}
		select {
		case <-changed:
		case <-p.gone.Done():
			return p.Err()
		case <-ctx.Done():
			return fmt.Errorf("%w", context.Cause(ctx))
		}
	}
}
