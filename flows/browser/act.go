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

// prepared is the engine's answer to whether an element can be acted upon.
type prepared struct {
	OK          bool    `json:"ok"`
	Why         string  `json:"why"`
	Many        bool    `json:"many"`
	What        string  `json:"what"`
	X           float64 `json:"x"`
	Y           float64 `json:"y"`
	Value       string  `json:"value"`
	Alternative int     `json:"alternative"`
}

// ladder is how long to wait between attempts.
func ladder(attempt int) time.Duration {
	steps := []time.Duration{0, 20, 100, 100, 250, 500}
	return steps[min(attempt, len(steps)-1)] * time.Millisecond
}

// actionLimit bounds an action whose context has no earlier end.
const actionLimit = 10 * time.Second

// Act does one action and proves it. It tries until the element can be acted upon or the context ends, and returns which
// alternative of the element matched.
func (p *Page) Act(ctx context.Context, a selectors.Action) (alternative int, err error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, actionLimit)
		defer cancel()
	}
	if a.Element == nil {
		return 0, p.broken(p.actWithout(ctx, a))
	}
	if a.Do == "scroll" {
		_, alternative, err := p.Scroll(ctx, a, "end")
		return alternative, err
	}
	inside, leave, err := p.enterFrameOf(ctx, a.Element)
	if err != nil {
		return 0, p.broken(err)
	}
	defer leave()
	a.Element = inside
	why := ""
	for attempt := 0; ; attempt++ {
		if err := p.wait(ctx, ladder(attempt)); err != nil {
			return 0, p.gaveUp(a, why, err)
		}
		ready, err := p.prepare(ctx, a, attempt)
		if err == nil && ready.OK && a.Secret {
			if err := p.trusted(ctx); err != nil {
				return 0, p.broken(err)
			}
		}
		if err == nil && ready.OK {
			var again string
			again, err = p.perform(ctx, a, ready)
			if err == nil && again == "" {
				return ready.Alternative, nil
			}
			ready.Why = again
		}
		if err != nil && !errors.Is(err, errNavigated) {
			return 0, p.gaveUp(a, why, err)
		}
		if ready.Many {
			return 0, p.refuse(a, ready.Why, "make the selector narrower, or say first: true or many: true")
		}
		if ready.Why != "" {
			why = ready.Why
		}
		if ready.Why == "not on the page" {
			if _, err := p.pierce(ctx); err != nil {
				return 0, p.gaveUp(a, why, err)
			}
		}
	}
}

// Scroll moves what an element scrolls: to its end, to its top, or on by most of what it shows. at tells where it stands.
func (p *Page) Scroll(ctx context.Context, a selectors.Action, where string) (at selectors.Scrolled, alternative int, err error) {
	why := ""
	for attempt := 0; ; attempt++ {
		if err := p.wait(ctx, ladder(attempt)); err != nil {
			return at, 0, p.gaveUp(a, why, err)
		}
		var done struct {
			prepared
			selectors.Scrolled
		}
		r := p.elementRequest(a)
		r.Do = map[string]string{"end": "scrollEnd", "top": "scrollTop", "on": "scrollOn"}[where]
		if err := p.ask(ctx, r, &done); err != nil {
			return at, 0, p.gaveUp(a, why, err)
		}
		if done.OK {
			return done.Scrolled, done.Alternative, nil
		}
		if why = done.Why; done.Many {
			return at, 0, p.refuse(a, why, "make the selector narrower, or say first: true")
		}
	}
}

// actWithout does the actions that need no element.
func (p *Page) actWithout(ctx context.Context, a selectors.Action) error {
	switch a.Do {
	case "press":
		return p.pressKey(ctx, a.Key)
	case "dialog":
		p.mu.Lock()
		p.answer = a.Text
		p.mu.Unlock()
		return nil
	}
	return fmt.Errorf("%s needs an element", a.Do)
}

func (p *Page) prepare(ctx context.Context, a selectors.Action, attempt int) (prepared, error) {
	r := p.elementRequest(a)
	r.Do, r.Attempt = "prepare", attempt
	switch a.Do {
	case "fill", "type", "append", "clear":
		r.Enabled, r.Editable = true, true
	case "select":
		r.Enabled, r.Point = true, true
	case "upload":
		r.Enabled, r.Text = true, "hidden"
	case "click", "doubleclick", "check", "uncheck":
		r.Enabled, r.Point = true, true
	case "hover":
		r.Point = true
	}
	var ready prepared
	return ready, p.askOnce(ctx, r, &ready)
}

func (p *Page) elementRequest(a selectors.Action) request {
	r := request{Watch: p.opts.Watch, Element: a.Element}
	if a.Row != nil {
		r.Rows, r.Skip, r.Row, r.Print = &a.Row.Rows, a.Row.Skip, &a.Row.Index, a.Row.Print
	}
	return r
}

// perform does the action on the prepared element. again says why it must be tried once more.
func (p *Page) perform(ctx context.Context, a selectors.Action, ready prepared) (again string, err error) {
	switch a.Do {
	case "click":
		return p.press(ctx, ready, 1)
	case "doubleclick":
		return p.press(ctx, ready, 2)
	case "hover":
		return "", p.mouse(ctx, proto.InputDispatchMouseEventTypeMouseMoved, ready, 0)
	case "check", "uncheck":
		return p.tick(ctx, ready, a.Do == "check")
	case "fill", "append", "clear":
		return p.fill(ctx, a)
	case "upload":
		return p.upload(ctx, a)
	case "type":
		return p.typeKeys(ctx, a)
	case "select":
		return p.choose(ctx, a, ready)
	case "press":
		if _, err := p.focus(ctx); err != nil {
			return "", err
		}
		return "", p.pressKey(ctx, a.Key)
	}
	return "", fmt.Errorf("unknown action %q", a.Do)
}

// gaveUp explains an action that did not come about.
func (p *Page) gaveUp(a selectors.Action, why string, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && p.Err() == nil && p.b.Err() == nil {
		if why == "" {
			return p.silent(fmt.Sprintf("to %s %s", a.Do, a.Element.Full()), err)
		}
		return p.refuse(a, why, hintFor(why))
	}
	return p.broken(err)
}

// silent explains a page that did not answer at all: the site has not sent the document yet, or a script of it never ends.
func (p *Page) silent(expected string, err error) error {
	if cut := p.cutOff(); cut != nil {
		return cut
	}
	p.mu.Lock()
	waiting := p.leaving || p.document.status == 0 || p.ready == ""
	p.mu.Unlock()
	e := &bot.StepError{
		Class: bot.Browser, URL: p.url(), Expected: expected, Found: "no answer in time: the page is busy, perhaps with a script that never ends", Err: err,
		Hint: "look at the page in a browser; the next run starts a new one",
	}
	if waiting {
		e.Class, e.Found, e.Hint = bot.SiteDown, "no answer in time", "look at the site in a browser: is it slow, or down? The next run tries again"
	}
	return e
}

func (p *Page) refuse(a selectors.Action, found, hint string) error {
	return &bot.StepError{
		Class: bot.PageChanged, URL: p.url(), Expected: fmt.Sprintf("to %s %s", a.Do, a.Element.Full()), Found: found, Hint: hint,
	}
}

func hintFor(why string) string {
	switch {
	case strings.Contains(why, "covered"):
		return "something lies over it: close it in an earlier step, or add it to interruptions:"
	case strings.Contains(why, "not visible"):
		return "an earlier step must open what it is in"
	case strings.Contains(why, "disabled"):
		return "the page does not allow it yet: is a required field empty?"
	case strings.Contains(why, "not on the page"):
		return "look at the screenshot and correct the selector"
	}
	return "look at the screenshot"
}
