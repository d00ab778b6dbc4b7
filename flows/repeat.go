package flows

import (
	"context"
	"fmt"
	"time"

	"restock/bot"
	"restock/selectors"
)

// defaultTimes is how often repeat goes round at most, unless the file says otherwise.
const defaultTimes = 50

func (v *visit) repeat(ctx context.Context, s selectors.Step, row *selectors.Row) error {
	times := s.Times
	if times == 0 {
		times = defaultTimes
	}
	for range times {
		seen, err := v.sees(ctx, *s.See)
		if err != nil || !seen {
			return err
		}
		if err := v.run(ctx, s.Then, row); err != nil {
			return err
		}
		if err := v.subsides(ctx, *s.See); err != nil {
			return err
		}
	}
	v.doing, v.place = s.String(), s.Pos.String()
	seen, err := v.sees(ctx, *s.See)
	if err != nil || !seen {
		return err
	}
	return &bot.StepError{
		Class: bot.PageChanged, Expected: fmt.Sprintf("%s to end after at most %d rounds", s.See, times), Found: "that it still holds",
		Hint: "do its steps change anything? If it needs more rounds, say times:",
	}
}

// roundTime is how long the effect of a round may take to show: rows that come from the server, a tab that closes.
const roundTime = 300 * time.Millisecond

// subsides gives a round's effect a moment to show.
func (v *visit) subsides(ctx context.Context, c selectors.Condition) error {
	started := time.Now()
	for attempt := 0; time.Since(started) < roundTime; attempt++ {
		seen, err := v.sees(ctx, c)
		if err != nil || !seen {
			return err
		}
		if err := pauseFor(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
