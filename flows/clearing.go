package flows

import (
	"context"
	"errors"

	"restock/bot"
	"restock/selectors"
)

// clearing is a page on which interruptions that a click puts away are put away at once, and what they interrupted goes on.
// A page reports an interruption before it does anything, so nothing is done twice.
type clearing struct {
	Page
	v *visit
}

// maxCleared is how many interruptions one step may meet.
const maxCleared = 8

// clear does something and puts away what interrupts it.
func (c *clearing) clear(ctx context.Context, do func() error) error {
	for range maxCleared {
		err := do()
		cut, ok := errors.AsType[*selectors.Interrupted](err)
		if !ok || cut.Index >= len(c.v.site.Interruptions) || c.v.site.Interruptions[cut.Index].Click == nil {
			return err
		}
		in := c.v.site.Interruptions[cut.Index]
		c.v.log("interruption " + in.See.String() + ": click " + in.Click.String())
		c.Watch(nil)
		c.Reading(false) // the file says so
		acting, cancel := context.WithTimeout(ctx, c.v.stepLimit())
		_, err = c.Page.Act(acting, selectors.Action{Do: "click", Element: in.Click})
		cancel()
		c.Watch(c.v.interruptions())
		c.Reading(c.v.reads())
		if err != nil {
			return err
		}
	}
	return &bot.StepError{
		Class: bot.PageChanged, Expected: "interruptions to go away", Found: "that they come again and again",
		Hint: "does click: of the interruption put it away? Look at the screenshot",
	}
}

func (c *clearing) Act(ctx context.Context, a selectors.Action) (alternative int, err error) {
	err = c.clear(ctx, func() error { alternative, err = c.Page.Act(ctx, a); return err })
	return alternative, err
}

func (c *clearing) See(ctx context.Context, conditions ...selectors.Condition) (seen []bool, err error) {
	err = c.clear(ctx, func() error { seen, err = c.Page.See(ctx, conditions...); return err })
	return seen, err
}

func (c *clearing) Read(ctx context.Context, plan selectors.Plan) (a selectors.Answer, err error) {
	err = c.clear(ctx, func() error { a, err = c.Page.Read(ctx, plan); return err })
	return a, err
}

func (c *clearing) Scroll(ctx context.Context, a selectors.Action, where string) (at selectors.Scrolled, alternative int, err error) {
	err = c.clear(ctx, func() error { at, alternative, err = c.Page.Scroll(ctx, a, where); return err })
	return at, alternative, err
}

func (c *clearing) Download(ctx context.Context, a selectors.Action) (file selectors.Download, alternative int, err error) {
	err = c.clear(ctx, func() error { file, alternative, err = c.Page.Download(ctx, a); return err })
	return file, alternative, err
}
