package browser

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"restock/bot"
	"restock/selectors"
)

// Tab goes to the tab of this page with a title or address, which a link or script opened; selectors.MainTab is the first
// one. It waits for the tab until the context ends.
func (p *Page) Tab(ctx context.Context, name string) error {
	if name == selectors.MainTab {
		return p.broken(p.attach(ctx, p.main))
	}
	pattern, err := selectors.Pattern(name)
	if err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		all, err := proto.TargetGetTargets{}.Call(p.b.at(ctx, ""))
		if err != nil {
			return p.broken(err)
		}
		var others []string
		for _, t := range all.TargetInfos {
			if t.Type != proto.TargetTargetInfoTypePage || t.BrowserContextID != p.context || t.TargetID == p.main {
				continue
			}
			if pattern.MatchString(t.URL) || pattern.MatchString(t.Title) {
				return p.broken(p.attach(ctx, t.TargetID))
			}
			others = append(others, fmt.Sprintf("%q at %s", t.Title, t.URL))
		}
		if err := p.wait(ctx, ladder(attempt)+20*time.Millisecond); err != nil {
			if ctx.Err() == nil {
				return p.broken(err)
			}
			return &bot.StepError{
				Class: bot.PageChanged, URL: p.url(), Expected: fmt.Sprintf("a tab with the title or address %q", name),
				Found: "no further tab" + strings.TrimPrefix(" but "+strings.Join(others, "; "), " but "),
				Hint:  "the step before must open it; * stands for anything",
			}
		}
	}
}

// CloseTab closes the tab that is worked in and goes back to the first one.
func (p *Page) CloseTab(ctx context.Context) error {
	target := p.currentTarget()
	if target == p.main {
		return nil
	}
	if err := p.attach(ctx, p.main); err != nil {
		return p.broken(err)
	}
	_, err := proto.TargetCloseTarget{TargetID: target}.Call(p.b.at(ctx, ""))
	return p.broken(err)
}

func (p *Page) current() proto.TargetSessionID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.session
}

func (p *Page) currentTarget() proto.TargetTargetID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.target
}

// detached takes note of a tab or frame that is gone. Only the tab that is worked in ends the page.
func (p *Page) detached(session proto.TargetSessionID) {
	p.mu.Lock()
	own := session == p.session
	for target, s := range p.sessions {
		if s == session {
			delete(p.sessions, target)
		}
	}
	p.mu.Unlock()
	if own {
		p.fail(errors.New("the tab was closed"))
	}
}
