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

// How long a round's effect is waited for: at most roundTime, and until the page has not changed for roundQuiet. Rows often
// change a moment after the pager that speaks of them.
const (
	roundTime  = 3 * time.Second
	roundQuiet = 450 * time.Millisecond
	roundNone  = 700 * time.Millisecond // without any change
)

// subsides gives a round's effect time to show: until the condition does not hold any more, or the page stands still.
func (v *visit) subsides(ctx context.Context, c selectors.Condition) error {
	started := time.Now()
	since, last, changed := started, "", false
	for time.Since(started) < roundTime {
		seen, err := v.sees(ctx, c)
		if err != nil || !seen {
			return err
		}
		now, pending, err := v.glance(ctx)
		if err != nil {
			return err
		}
		if now != last {
			changed = changed || last != ""
			since, last = time.Now(), now
		}
		limit := roundNone
		if changed {
			limit = roundQuiet
		}
		if pending == 0 && time.Since(since) > limit {
			return nil
		}
		if err := pauseFor(ctx, 40*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// glance returns what the whole page shows, and how many requests are under way.
func (v *visit) glance(ctx context.Context) (text string, pending int, err error) {
	ctx, cancel := context.WithTimeout(ctx, v.stepLimit())
	defer cancel()
	a, err := v.page.Read(ctx, selectors.Plan{Record: true, Limit: 1, Columns: [][]selectors.Selection{{{CSS: "body", Take: "text", Final: true}}}})
	if err == nil && len(a.Rows) > 0 && len(a.Rows[0][0]) > 0 && a.Rows[0][0][0].Value != nil {
		text = *a.Rows[0][0][0].Value
	}
	return text, a.Pending, err
}
