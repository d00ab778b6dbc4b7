package browser

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-rod/rod/lib/input"
	"github.com/go-rod/rod/lib/proto"

	"restock/bot"
	"restock/selectors"
)

// press clicks the prepared point. The engine watches the press from inside the page and stops it if the layout moved
// under it; then it is tried again.
func (p *Page) press(ctx context.Context, at prepared, clicks int) (again string, err error) {
	if again, err := p.uncovered(ctx, at); again != "" || err != nil {
		return again, err
	}
	if err := p.mouse(ctx, proto.InputDispatchMouseEventTypeMouseMoved, at, 0); err != nil {
		return "", err
	}
	if err := p.askOnce(ctx, request{Do: "arm"}, nil); err != nil {
		return "", err
	}
	for n := 1; n <= clicks; n++ {
		for _, kind := range []proto.InputDispatchMouseEventType{
			proto.InputDispatchMouseEventTypeMousePressed, proto.InputDispatchMouseEventTypeMouseReleased,
		} {
			if err := p.mouse(ctx, kind, at, n); err != nil {
				return "", err
			}
		}
		if again, err := p.met(ctx, n == clicks); again != "" || err != nil {
			return again, err
		}
	}
	return "", p.followed(ctx)
}

// followTime is how long a page may take to begin to go where a press leads.
const followTime = 15 * time.Millisecond

// followed waits until the document is shown to which a press led, if it led to one: whatever comes next would cut it off. A
// page that does not arrive is for the next step to find out.
func (p *Page) followed(ctx context.Context) error {
	if err := p.wait(ctx, followTime); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, followLimit)
	defer cancel()
	err := p.until(bounded, func() bool { return !p.leaving })
	if err != nil && ctx.Err() == nil && p.Err() == nil {
		return nil //nolint:nilerr // see above
	}
	return err
}

// followLimit is how long the document may take.
const followLimit = 8 * time.Second

// uncovered makes sure that nothing of the page around lies over a point in the frame that is worked in.
func (p *Page) uncovered(ctx context.Context, at prepared) (again string, err error) {
	p.mu.Lock()
	scope := p.scope
	p.mu.Unlock()
	if scope.id == "" {
		return "", nil
	}
	p.setScope(frameRef{})
	defer p.setScope(scope)
	var above prepared
	err = p.askOnce(ctx, request{Do: "above", X: at.X + scope.x, Y: at.Y + scope.y}, &above)
	return above.Why, err
}

// met asks what the press met.
func (p *Page) met(ctx context.Context, last bool) (again string, err error) {
	var press struct {
		Hit *bool  `json:"hit"`
		Met string `json:"met"`
	}
	r := request{Do: "pressed"}
	if last {
		r.Text = "end"
	}
	err = p.askOnce(ctx, r, &press)
	switch {
	case errors.Is(err, errNavigated):
		return "", nil // the press led to another document
	case err != nil:
		return "", err
	case press.Hit != nil && !*press.Hit:
		return "the press met " + press.Met + ": the page moved", nil
	case press.Hit == nil:
		// What it met instead is not known, so it must not be tried again.
		return "", &bot.StepError{
			Class: bot.PageChanged, URL: p.url(), Expected: "the press to reach the element", Found: "nothing of it there",
			Hint: "something may lie over it: look at the screenshot",
		}
	}
	return "", nil
}

func (p *Page) mouse(ctx context.Context, kind proto.InputDispatchMouseEventType, at prepared, clicks int) error {
	p.mu.Lock()
	scope := p.scope
	p.mu.Unlock()
	e := proto.InputDispatchMouseEvent{Type: kind, X: at.X + scope.x, Y: at.Y + scope.y, ClickCount: clicks}
	if clicks > 0 {
		e.Button = proto.InputMouseButtonLeft
		one := 1
		if kind == proto.InputDispatchMouseEventTypeMousePressed {
			e.Buttons = &one
		}
	}
	return e.Call(p.at(ctx))
}

func (p *Page) focus(ctx context.Context) (bool, error) {
	var focused bool
	err := p.askOnce(ctx, request{Do: "focus"}, &focused)
	return focused, err
}

// targetValue reads the prepared field again.
func (p *Page) targetValue(ctx context.Context) (string, bool, error) {
	var out prepared
	err := p.askOnce(ctx, request{Do: "targetValue"}, &out)
	return out.Value, out.OK, err
}

// settle is how long a filled field must keep its value: frameworks load late and overwrite what was typed early.
const settle = 60 * time.Millisecond

// fill replaces what stands in the prepared field and reads it back, twice. append adds a line to it, once.
func (p *Page) fill(ctx context.Context, a selectors.Action) (again string, err error) {
	text := a.Text
	if a.Secret {
		if err := p.askOnce(ctx, request{Do: "keepSecret"}, nil); err != nil {
			return "", err
		}
	}
	if a.Do == "append" {
		old, ok, err := p.targetValue(ctx)
		if err != nil || !ok {
			return "it was replaced while it was read", err
		}
		if strings.Contains(fold(old), fold(text)) {
			return "", nil
		}
		if strings.TrimSpace(old) != "" {
			text = strings.TrimRight(old, "\r\n") + "\n" + text
		}
	}
	if focused, err := p.focus(ctx); err != nil || !focused {
		return "it does not take the focus", err
	}
	if text == "" {
		if err := p.pressKey(ctx, "Delete"); err != nil {
			return "", err
		}
	} else if err := (proto.InputInsertText{Text: text}).Call(p.in(ctx)); err != nil {
		return "", err
	}
	return p.readBack(ctx, a, text)
}

// readBack proves that a field holds what was put into it, now and a moment later.
func (p *Page) readBack(ctx context.Context, a selectors.Action, text string) (again string, err error) {
	for range 2 {
		got, ok, err := p.targetValue(ctx)
		switch {
		case err != nil:
			return "", err
		case !ok:
			return "it was replaced while it was filled", nil
		case fold(got) != fold(text):
			if a.Secret {
				return "it does not hold what was typed", nil
			}
			return fmt.Sprintf("it holds %q after %q was typed", got, text), nil
		}
		if err := p.wait(ctx, settle); err != nil {
			return "", err
		}
	}
	return "", nil
}

// fold makes line ends comparable: a textarea gives \n whatever was typed.
func fold(s string) string {
	return strings.TrimRight(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\u00a0", " "), "\n")
}

// typeKeys types the text key by key, for fields that listen to keys.
func (p *Page) typeKeys(ctx context.Context, a selectors.Action) (again string, err error) {
	if a.Secret {
		if err := p.askOnce(ctx, request{Do: "keepSecret"}, nil); err != nil {
			return "", err
		}
	}
	if focused, err := p.focus(ctx); err != nil || !focused {
		return "it does not take the focus", err
	}
	if err := p.pressKey(ctx, "Delete"); err != nil {
		return "", err
	}
	for _, r := range a.Text {
		if err := p.typeRune(ctx, r); err != nil {
			return "", err
		}
	}
	return p.readBack(ctx, a, a.Text)
}

func (p *Page) typeRune(ctx context.Context, r rune) error {
	if r < ' ' || r > '~' {
		return proto.InputInsertText{Text: string(r)}.Call(p.in(ctx))
	}
	key := input.Key(r)
	if err := key.Encode(proto.InputDispatchKeyEventTypeKeyDown, 0).Call(p.in(ctx)); err != nil {
		return err
	}
	return key.Encode(proto.InputDispatchKeyEventTypeKeyUp, 0).Call(p.in(ctx))
}

// tick sets a check box and proves it.
func (p *Page) tick(ctx context.Context, at prepared, want bool) (again string, err error) {
	wanted := fmt.Sprint(want)
	got, ok, err := p.targetValue(ctx)
	if err != nil || ok && got == wanted {
		return "", err
	}
	if again, err = p.press(ctx, at, 1); again != "" || err != nil {
		return again, err
	}
	for started := time.Now(); ; {
		got, ok, err = p.targetValue(ctx)
		switch {
		case err != nil || ok && got == wanted:
			return "", err
		case time.Since(started) > tickLimit && p.pending() == 0 || time.Since(started) > 3*tickLimit:
			return "it did not change", nil
		}
		if err := p.wait(ctx, 50*time.Millisecond); err != nil {
			return "", err
		}
	}
}

// tickLimit is how long a switch may take to show that it was pressed: some ask the server first.
const tickLimit = 2 * time.Second

// pressKey presses a key or a combination such as "Enter" or "Control+a".
func (p *Page) pressKey(ctx context.Context, name string) error {
	parts := strings.Split(name, "+")
	modifiers := 0
	for _, m := range parts[:len(parts)-1] {
		bit, ok := map[string]int{"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}[m]
		if !ok {
			return fmt.Errorf("unknown modifier %q: Alt, Control, Meta or Shift", m)
		}
		modifiers |= bit
	}
	key, ok := keyNamed(parts[len(parts)-1])
	if !ok {
		return fmt.Errorf("unknown key %q: a letter, or one of %s", name, strings.Join(selectors.NamedKeys(), ", "))
	}
	if err := key.Encode(proto.InputDispatchKeyEventTypeKeyDown, modifiers).Call(p.in(ctx)); err != nil {
		return err
	}
	return key.Encode(proto.InputDispatchKeyEventTypeKeyUp, modifiers).Call(p.in(ctx))
}

func keyNamed(name string) (input.Key, bool) {
	named := map[string]input.Key{
		"Enter": input.Enter, "Tab": input.Tab, "Escape": input.Escape, "Backspace": input.Backspace, "Delete": input.Delete,
		"Space": input.Space, "Home": input.Home, "End": input.End, "PageUp": input.PageUp, "PageDown": input.PageDown,
		"ArrowUp": input.ArrowUp, "ArrowDown": input.ArrowDown, "ArrowLeft": input.ArrowLeft, "ArrowRight": input.ArrowRight,
		"F1": input.F1, "F2": input.F2, "F3": input.F3, "F4": input.F4, "F5": input.F5, "F6": input.F6, "F7": input.F7,
		"F8": input.F8, "F9": input.F9, "F10": input.F10, "F11": input.F11, "F12": input.F12,
	}
	if key, ok := named[name]; ok {
		return key, true
	}
	if len(name) == 1 && name[0] > ' ' && name[0] <= '~' {
		return input.Key(name[0]), true
	}
	return 0, false
}
