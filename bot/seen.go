package bot

import (
	"context"
	"errors"
	"time"
)

// seen does what follows a reading of the stock. A run that cannot go on, because the CRM is down, leaves behind what it saw come back, so
// that the next one knows since when it is there: what customers had to wait is counted from then.
func (b *Bot) seen(ctx context.Context, job Job, run *Run, c *Comparison, then func() error) error {
	state, err := b.Ledger.State(ctx, job.Name)
	if err != nil {
		return err
	}
	first := map[string]time.Time{}
	for i := range c.Opened {
		r := &c.Opened[i]
		if at, ok := state.Seen[r.SKU]; ok && at.Before(r.Opened) {
			r.Opened = at
		}
		first[r.SKU] = r.Opened
	}
	err = then()
	if err == nil {
		first = nil
	}
	if run.DryRun || len(first) == 0 && len(state.Seen) == 0 {
		return err
	}
	return errors.Join(err, b.Ledger.Update(context.WithoutCancel(ctx), job.Name, func(s *JobState) { s.Seen = first }))
}
