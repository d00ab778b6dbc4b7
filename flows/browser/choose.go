package browser

import (
	"context"
	"errors"
	"fmt"
	"time"

	"restock/selectors"
)

// choose picks an option of a <select>, or of a drop-down made of other elements: that is opened, its option is clicked,
// and what it shows then is read.
func (p *Page) choose(ctx context.Context, a selectors.Action, at prepared) (again string, err error) {
	var done struct {
		prepared
		Custom bool `json:"custom"`
		Shows  bool `json:"shows"`
	}
	err = p.askOnce(ctx, request{Do: "choose", Text: a.Text}, &done)
	switch {
	case err != nil:
		return "", err
	case !done.OK && done.Why == "":
		return "it did not take the option", nil
	case !done.Custom || done.Shows:
		return done.Why, nil
	}
	return p.chooseMade(ctx, a, at)
}

// optionWait is how long the options of an opened drop-down may take to show up; many are fetched from the server.
const optionWait = 4 * time.Second

func (p *Page) chooseMade(ctx context.Context, a selectors.Action, at prepared) (again string, err error) {
	defer func() {
		if err == nil {
			err = p.askOnce(ctx, request{Do: "forget"}, nil)
		}
	}()
	if again, err = p.press(ctx, at, 1); again != "" || err != nil {
		return again, err
	}
	waiting, cancel := context.WithTimeout(ctx, optionWait)
	defer cancel()
	for attempt := 0; ; attempt++ {
		var found prepared
		if err := p.askOnce(ctx, request{Do: "option", Text: a.Text, Element: a.Options}, &found); err != nil {
			return "", err
		}
		if found.OK {
			break
		}
		if err := p.wait(waiting, ladder(attempt)); err != nil {
			if ctx.Err() != nil {
				return "", err
			}
			closeErr := p.pressKey(ctx, "Escape")
			return found.Why, closeErr
		}
	}
	for attempt := 0; ; attempt++ {
		ready, err := p.prepareTarget(ctx, attempt)
		if err == nil && ready.OK {
			if again, err = p.press(ctx, ready, 1); err == nil && again == "" {
				break
			}
		}
		if err != nil && !errors.Is(err, errNavigated) {
			return "", err
		}
		if err := p.wait(waiting, ladder(attempt)); err != nil {
			return fmt.Sprintf("its option cannot be clicked: %s", ready.Why), ctx.Err()
		}
	}
	for attempt := 0; ; attempt++ {
		var shown prepared
		err := p.askOnce(ctx, request{Do: "chose", Text: a.Text}, &shown)
		if errors.Is(err, errNavigated) {
			return "", nil
		}
		if err == nil && shown.OK {
			return "", p.closeOptions(ctx)
		}
		if err != nil {
			return "", err
		}
		if err := p.wait(waiting, ladder(attempt)); err != nil {
			return "it does not show the option that was chosen", ctx.Err()
		}
	}
}

// closeOptions puts away the options of a drop-down that allows several, which stay open for the next one.
func (p *Page) closeOptions(ctx context.Context) error {
	for attempt := range 4 {
		var open prepared
		if err := p.askOnce(ctx, request{Do: "stillOpen"}, &open); err != nil || !open.OK {
			if errors.Is(err, errNavigated) {
				return nil
			}
			return err
		}
		if err := p.wait(ctx, ladder(attempt+1)); err != nil {
			return err
		}
	}
	return p.pressKey(ctx, "Escape")
}

// prepareTarget makes the element that the engine holds ready for a press.
func (p *Page) prepareTarget(ctx context.Context, attempt int) (prepared, error) {
	var ready prepared
	return ready, p.askOnce(ctx, request{Do: "prepareTarget", Attempt: attempt, Enabled: true, Point: true}, &ready)
}
