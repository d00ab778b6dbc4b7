package browser

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"restock/bot"
)

// Governor gives a run its browser, and keeps it fit: it starts one when the first page is wanted, makes sure that it answers
// before each page, replaces one that has died, hangs, has worked for long or takes too much memory, and clears away what
// killed runs left.
type Governor struct {
	Options Options
	Uses    int          // pages after which a browser is replaced; 0: never
	Memory  int64        // bytes that it may take; more replaces it when no page is open, twice as much kills it
	Say     func(string) // told what was cleared away or replaced
	Sandbox bool         // refuse a browser whose pages are not in the sandbox

	mu    sync.Mutex
	b     *Browser
	uses  int
	pages int
	swept bool
}

// pingLimit is how long a healthy browser may take to say that it is there.
const pingLimit = 5 * time.Second

// Page opens a page in a browser that answers.
func (g *Governor) Page(ctx context.Context, o PageOptions) (*Page, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.ready(ctx); err != nil {
		return nil, err
	}
	p, err := g.b.NewPage(ctx, o)
	if err != nil {
		return nil, err
	}
	g.uses++
	if g.Sandbox && g.uses == 1 {
		if found, ok := g.b.Sandboxed(); !ok {
			return nil, errors.Join(&bot.StepError{
				Class: bot.Browser, Step: "check the sandbox", Expected: "pages in Chrome's sandbox", Found: found,
				Hint: "install the package chromium-sandbox, or allow user namespaces; `restock doctor` tells more",
			}, p.Close())
		}
	}
	g.pages++
	b := g.b
	p.closed = func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.b == b { // else it went with its browser
			g.pages--
		}
	}
	return p, nil
}

// ready makes sure that there is a browser and that it answers.
func (g *Governor) ready(ctx context.Context) error {
	if g.b != nil {
		why := g.b.degraded(ctx)
		if why == "" && g.pages == 0 {
			why = g.worn()
		}
		if why == "" {
			return nil
		}
		g.say("the browser is replaced: " + why)
		_ = g.b.Close() // it is dead or worn: what matters was reported where it happened
		g.b, g.pages = nil, 0
	}
	if !g.swept {
		g.sweep()
	}
	var err error
	if g.b, err = Launch(ctx, g.Options); err != nil {
		g.b = nil
		return err
	}
	g.uses = 0
	if g.Memory > 0 {
		go g.b.weigh(2 * g.Memory)
	}
	return nil
}

// Worn reports whether the browser should be replaced before the next flow; its pages must be closed for that.
func (g *Governor) Worn() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.b != nil && (g.b.Err() != nil || g.worn() != "")
}

func (g *Governor) worn() string {
	if g.Uses > 0 && g.uses >= g.Uses {
		return fmt.Sprintf("it has opened %d pages", g.uses)
	}
	if n := g.b.memory(); g.Memory > 0 && n > g.Memory {
		return fmt.Sprintf("it takes %d MB", n>>20)
	}
	return ""
}

// Sandboxed looks whether the pages of the browser are confined.
func (g *Governor) Sandboxed() (found string, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.b == nil {
		return "no browser", false
	}
	return g.b.Sandboxed()
}

// Close ends the browser.
func (g *Governor) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.b == nil {
		return nil
	}
	err := g.b.Close()
	g.b = nil
	return err
}

func (g *Governor) say(text string) {
	if g.Say != nil {
		g.Say(text)
	}
}

// sweep clears away what killed runs left, once.
func (g *Governor) sweep() {
	g.swept = true
	if n := KillOrphans(); n > 0 {
		g.say(fmt.Sprintf("%d process(es) of browsers were ended whose restock was killed", n))
	}
	for _, dir := range []string{g.Options.Profile, ""} {
		n, err := Sweep(dir)
		if n > 0 {
			g.say(fmt.Sprintf("%d profile(s) of browsers were removed whose restock was killed", n))
		}
		if err != nil {
			g.say(fmt.Sprintf("an old browser profile cannot be removed: %v", err))
		}
	}
}

// degraded says why a browser is not fit for work: it has ended, or does not answer the simplest question in time.
func (b *Browser) degraded(ctx context.Context) string {
	if err := b.Err(); err != nil {
		return err.Error()
	}
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	if _, err := b.Version(ctx); err != nil {
		return fmt.Sprintf("it does not answer within %s", pingLimit)
	}
	return ""
}

// weigh kills a browser that takes more memory than it may ever: a page that eats all would take the machine along.
func (b *Browser) weigh(most int64) {
	ticker := time.NewTicker(2 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-b.closed:
			return
		case <-ticker.C:
		}
		if n := b.memory(); n > most {
			b.fail(fmt.Errorf("the browser took %d MB of memory, more than the %d MB allowed (twice browser.memory), and was killed", n>>20, most>>20))
			b.proc.killGroup()
			return
		}
	}
}
