package flows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"restock/bot"
	"restock/selectors"
)

// compound does a step that holds other steps.
func (v *visit) compound(ctx context.Context, s selectors.Step, row *selectors.Row, within time.Duration) error {
	switch s.Do {
	case "repeat":
		return v.repeat(ctx, s, row)
	case "try":
		return v.attempt(ctx, s, row)
	case "frame":
		return v.inFrame(ctx, s, row, within)
	case "tab":
		return v.inTab(ctx, s, row, within)
	}
	seen, err := v.sees(ctx, *s.See)
	if err != nil {
		return err
	}
	if seen {
		return v.run(ctx, s.Then, row)
	}
	return v.run(ctx, s.Else, row)
}

// sees reports whether a condition holds now.
func (v *visit) sees(ctx context.Context, c selectors.Condition) (bool, error) {
	see, err := v.filled([]selectors.Condition{c})
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, v.stepLimit())
	defer cancel()
	seen, err := v.page.See(ctx, see...)
	return err == nil && seen[0], err
}

// attempt does steps and, if one of them fails, the steps of else. What failed is a warning on the run.
func (v *visit) attempt(ctx context.Context, s selectors.Step, row *selectors.Row) error {
	frame := v.frame
	v.trying++
	err := v.run(ctx, s.Try, row)
	v.trying--
	if err != nil && v.frame != frame {
		if err := v.page.Frame(ctx, frame); err != nil {
			return err
		}
		v.frame = frame
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	if _, restart := err.(*selectors.Interrupted); restart { //nolint:errorlint // pages return it unwrapped
		return err
	}
	v.warn = append(v.warn, fmt.Sprintf("%s: tried in vain: %s", s.Pos, short(bot.Redact(err.Error()))))
	v.doing, v.place = s.String(), s.Pos.String()
	return v.run(ctx, s.Else, row)
}

func (v *visit) inFrame(ctx context.Context, s selectors.Step, row *selectors.Row, within time.Duration) error {
	before := v.frame
	entering, cancel := context.WithTimeout(ctx, within)
	err := v.page.Frame(entering, s.Where)
	cancel()
	if err != nil {
		return err
	}
	v.frame = s.Where
	if err := v.run(ctx, s.Then, row); err != nil {
		return err
	}
	leaving, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	v.frame = before
	return v.page.Frame(leaving, before)
}

// inTab goes to another tab. With then it comes back afterwards.
func (v *visit) inTab(ctx context.Context, s selectors.Step, row *selectors.Row, within time.Duration) error {
	entering, cancel := context.WithTimeout(ctx, within)
	err := v.page.Tab(entering, s.Where)
	cancel()
	if err != nil || s.Then == nil {
		return err
	}
	err = v.run(ctx, s.Then, row)
	if err != nil && v.trying == 0 {
		return err // the picture is to be of this tab
	}
	v.frame = ""
	closing, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return errors.Join(err, v.page.CloseTab(closing))
}
