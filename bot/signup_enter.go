package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

func sortSignUps(list []SignUp) {
	slices.SortStableFunc(list, func(a, b SignUp) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
}

// The time that goes by for entering sign-ups, at most: before anybody is told, so that those who have just signed up are told too; and
// after that, of what a run has left. Whoever floods the form must not keep the others waiting.
const (
	enterFirst = 2 * time.Minute
	enterAfter = 30 * time.Minute
)

// budget is a part of the time that a run has left, at most so much.
func budget(ctx context.Context, part time.Duration, most time.Duration) time.Time {
	now := time.Now()
	if end, ok := ctx.Deadline(); ok {
		most = min(most, end.Sub(now)/part)
	}
	return now.Add(most)
}

// inTurn sorts sign-ups: those that were tried least first, so that a few that cannot be entered hold nobody up; then one of each network,
// another one of each, and so on; the oldest first.
func inTurn(list []SignUp) {
	sortSignUps(list)
	turn, of := map[string]int{}, map[string]int{}
	for _, s := range list {
		turn[s.ID] = of[s.Net]
		if s.due() && s.Net != "" {
			of[s.Net]++
		}
	}
	slices.SortStableFunc(list, func(a, b SignUp) int {
		return cmp.Or(a.FollowUp.Attempt-b.FollowUp.Attempt, turn[a.ID]-turn[b.ID])
	})
}

// enter puts the sign-ups of a job into the CRM, as a follow-up is written: looked for, entered, looked for again. One that fails waits for
// the next run, and so do those for which there is no time. It returns the products that somebody was entered for.
func (b *Bot) enter(ctx context.Context, job Job, run *Run, until time.Time) (skus []string, err error) {
	if b.Clerk == nil || run.DryRun {
		return nil, nil
	}
	list, err := b.Ledger.AllSignUps(ctx)
	if err != nil {
		return nil, err
	}
	inTurn(list)
	var errs []error
	inARow := 0
	for _, s := range list {
		if s.Job == job.Name && s.Fresh { // of a run that could not read who waits after that
			skus = append(skus, s.SKU)
		}
	}
	for _, s := range list {
		if s.Job != job.Name || !s.due() {
			continue
		}
		if inARow == maxFailures {
			errs = append(errs, fmt.Errorf("%d sign-ups in a row could not be entered: the others wait for the next run", maxFailures))
			break
		}
		if time.Now().After(until) {
			continue // the next run goes on
		}
		b.progress("entering sign-ups into %s", job.CRM)
		why := b.enterOne(ctx, job, &s)
		if ctx.Err() != nil {
			return skus, context.Cause(ctx)
		}
		if why != nil {
			errs = append(errs, fmt.Errorf("sign-up %s: %w", s.ID, why))
			inARow++
			continue
		}
		inARow = 0
		if s.FollowUp.State == FollowUpWritten {
			run.SignUps++
			skus = append(skus, s.SKU)
		}
	}
	return skus, errors.Join(errs...)
}

// readFor notes that who waits was read after the sign-ups of a job were entered.
func (b *Bot) readFor(ctx context.Context, job Job, skus []string) error {
	if len(skus) == 0 {
		return nil
	}
	list, err := b.Ledger.AllSignUps(ctx)
	if err != nil {
		return err
	}
	for _, s := range list {
		if s.Job != job.Name || !s.Fresh || !slices.Contains(skus, s.SKU) {
			continue
		}
		s.Fresh = false
		if err := b.Ledger.SaveSignUp(ctx, &s); err != nil && !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return nil
}

// enterOne enters one sign-up.
func (b *Bot) enterOne(ctx context.Context, job Job, s *SignUp) error {
	if why, err := b.Ledger.unwanted(ctx, s); err != nil || why != "" {
		s.Cancelled = why
		return errors.Join(err, b.Ledger.SaveSignUp(ctx, s))
	}
	s.FollowUp.Attempt++
	result, err := b.Clerk.SignUp(ctx, job.CRM, *s, func(ctx context.Context) error {
		s.FollowUp.State, s.FollowUp.At = FollowUpIntent, b.Now()
		return b.Ledger.SaveSignUp(ctx, s)
	})
	if err != nil {
		switch {
		case s.FollowUp.State == FollowUpIntent && ClassOf(err) == WriteUnknown:
			s.FollowUp.State = FollowUpUnknown
		case ClassOf(err) == Business:
			s.FollowUp.State = FollowUpRejected
		}
		s.FollowUp.At, s.FollowUp.Detail = b.Now(), Clean(err.Error())
		return errors.Join(err, b.Ledger.SaveSignUp(context.WithoutCancel(ctx), s))
	}
	result.Attempt, result.At = s.FollowUp.Attempt, b.Now()
	s.FollowUp, s.Fresh = result, true
	return b.Ledger.SaveSignUp(context.WithoutCancel(ctx), s)
}

// unwanted says why a sign-up is not entered any more: who it was has left or was forgotten since.
func (l *Ledger) unwanted(ctx context.Context, s *SignUp) (Reason, error) {
	if s.Address == "" {
		return Forgotten, nil
	}
	left, ok, err := l.Suppressed(ctx, l.Person(s.Address), s.Channel)
	if err != nil || !ok {
		return "", err
	}
	return left.Reason, nil
}

// again are the restocks that are still going on of products for which somebody was entered late. Those that are read for anyway are
// not among them.
func again(job string, c Comparison, skus []string) []Restock {
	read := map[string]bool{}
	for _, r := range slices.Concat(c.Opened, c.Resumed) {
		read[r.SKU] = true
	}
	var list []Restock
	for _, level := range c.Levels {
		if level.Open && level.Availability == In && !read[level.SKU] && slices.Contains(skus, level.SKU) {
			list = append(list, Restock{
				Job: job, SKU: level.SKU, Number: level.Episode, Name: level.Name, URL: level.URL, Quantity: level.Quantity, Opened: level.ReadAt,
				OpenedBy: level.Run, Variant: level.Variant, Price: level.Price, Picture: level.Picture,
			})
		}
	}
	return list
}
