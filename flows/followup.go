package flows

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"restock/bot"
	"restock/selectors"
)

// FollowUp implements bot.Sites.
func (s *Sites) FollowUp(ctx context.Context, site string, n bot.Notification, intent func(context.Context) error) (bot.FollowUp, error) {
	return s.record(ctx, site, n, n.FollowUp, s.facts(n), intent, func(w *selectors.Writing) *selectors.Writing { return w })
}

// Note implements bot.Clerk.
func (s *Sites) Note(ctx context.Context, site string, n bot.Notification, note bot.Note, intent func(context.Context) error) (bot.FollowUp, error) {
	facts := s.facts(n)
	at := note.At.In(s.Zone)
	facts["event"], facts["event.detail"] = string(note.Event), capped(note.Detail, maxName)
	facts["event.at"], facts["event.date"] = at.Format("2006-01-02 15:04"), at.Format(time.DateOnly)
	return s.record(ctx, site, n, note.FollowUp, facts, intent, func(w *selectors.Writing) *selectors.Writing { return w.Event(string(note.Event)) })
}

// record writes into the record of a request.
func (s *Sites) record(ctx context.Context, site string, n bot.Notification, before bot.FollowUp, facts map[string]string, intent func(context.Context) error,
	pick func(*selectors.Writing) *selectors.Writing,
) (bot.FollowUp, error) {
	var result bot.FollowUp
	once, intended := onlyOnce(intent)
	err := s.do(ctx, site, "followup", facts, func(ctx context.Context, v *visit) (string, error) {
		w := v.site.Followup
		if w == nil {
			return "", noFlow(v.site, "followup")
		}
		if w = pick(w); w == nil {
			return "", noFlow(v.site, "followup: "+facts["event"])
		}
		var err error
		ours := *intended || before.State == bot.FollowUpIntent || before.State == bot.FollowUpUnknown
		result, err = v.write(ctx, w, ours, once)
		return fmt.Sprintf("request %s: %s", n.Subscription.ID, result.State), err
	})
	return result, err
}

// facts are the values that a follow-up can write.
func (s *Sites) facts(n bot.Notification) map[string]string {
	told := n.Told().In(s.Zone)
	return map[string]string{
		"sku": n.Restock.SKU, "product.name": n.Restock.Name, "product.url": n.Restock.URL,
		"subscription.id": n.Subscription.ID, "subscription.customer": n.Subscription.Customer, "subscription.sku": n.Subscription.SKU,
		"channel": channelName(n), "sent.at": told.Format("2006-01-02 15:04"), "sent.date": told.Format(time.DateOnly),
		"key": n.Key, "run": n.Run,
	}
}

func channelName(n bot.Notification) string {
	switch n.Channel {
	case bot.Email:
		return "e-mail"
	case bot.SMS:
		return "SMS"
	}
	return "another request"
}

// write reads the record first: what stands there already is not written again, and what somebody else changed is left
// alone. After the steps it loads the record anew and reads it back.
//
// ours says that this follow-up was begun before: what stands there now may be its first half, and is completed.
func (v *visit) write(ctx context.Context, w *selectors.Writing, ours bool, intent func(context.Context) error) (bot.FollowUp, error) {
	now, later, done, err := v.look(ctx, w, false)
	if err != nil {
		return bot.FollowUp{}, err
	}
	if err := v.come(ctx, "record"); err != nil {
		return bot.FollowUp{}, err
	}
	if done {
		return bot.FollowUp{State: bot.FollowUpWritten, Detail: "it stood there already"}, nil
	}
	before, err := pattern(w.Before, v.values())
	if err != nil {
		return bot.FollowUp{}, err
	}
	half := false // what an earlier attempt left: the field of after: is right already, and something else is not
	if ours {
		after, err := pattern(w.After, v.values())
		if err != nil {
			return bot.FollowUp{}, err
		}
		half = after(later)
	}
	if !before(now) && !half {
		return bot.FollowUp{
			State:  bot.FollowUpDiffers,
			Detail: fmt.Sprintf("%s is %q, expected %q: somebody else changed it", &w.Before.Field, short(now), w.Before.Is.Text),
		}, nil
	}
	if err := intent(ctx); err != nil {
		return bot.FollowUp{}, err
	}
	rejected, stepErr, err := v.perform(ctx, w.Steps, w.Rejected)
	if err != nil {
		return bot.FollowUp{}, err
	}
	now, _, done, err = v.look(ctx, w, true)
	switch {
	case done:
		return bot.FollowUp{State: bot.FollowUpWritten}, nil
	case rejected != nil && err == nil && !before(now):
		// It says no, and something was written all the same: see below.
	case stepErr != nil:
		return bot.FollowUp{}, stepErr
	case err != nil:
		return bot.FollowUp{}, err
	}
	v.doing, v.place = "read back", w.After.Pos.String()
	return bot.FollowUp{}, &bot.StepError{
		Class: bot.WriteUnknown, Expected: fmt.Sprintf("%s is %q after a reload", &w.After.Field, w.After.Is.Text),
		Found: fmt.Sprintf("%q", short(now)), Hint: "the next run reads the record again before it writes; look at the screenshot",
	}
}

// onlyOnce records an intent the first time only: a flow that was interrupted is begun again. done says that it was.
func onlyOnce(intent func(context.Context) error) (once func(context.Context) error, done *bool) {
	done = new(bool)
	return func(ctx context.Context) error {
		if *done {
			return nil
		}
		*done = true
		return intent(ctx)
	}, done
}

// perform does the steps that write, and looks for the site's own no. stepErr is why they may not have worked, which reading back decides;
// err ends it all.
func (v *visit) perform(ctx context.Context, steps []selectors.Step, no *selectors.Condition) (rejected *bot.StepError, stepErr, err error) {
	stepErr = v.run(ctx, steps, nil)
	if stepErr == nil {
		stepErr = v.landed(ctx)
	}
	if _, restart := stepErr.(*selectors.Interrupted); restart { //nolint:errorlint // pages return it unwrapped
		return nil, nil, stepErr
	}
	rejected, err = v.rejected(ctx, no, steps)
	if err != nil {
		return nil, nil, err
	}
	if rejected != nil {
		stepErr = rejected
	}
	if stepErr != nil && ctx.Err() == nil { // the picture is of the step that failed, not of what is loaded next
		stepErr = v.s.evidence(ctx, v, v.s.explain(v, v.site.Site, v.flow, stepErr))
	}
	return rejected, stepErr, nil
}

// rejected looks for the site's own no after the steps.
func (v *visit) rejected(ctx context.Context, sign *selectors.Condition, steps []selectors.Step) (no *bot.StepError, err error) {
	if sign == nil {
		return nil, nil
	}
	begun := time.Now()
	conditions, err := v.filled([]selectors.Condition{*sign})
	if err != nil {
		return nil, err
	}
	looking, cancel := context.WithTimeout(ctx, rejectedLooks)
	defer cancel()
	waits := steps[len(steps)-1].Expect == nil // else it came while the step was waited for
	for attempt := 0; ; attempt++ {
		seen, err := v.page.See(looking, conditions...)
		if _, cut := errors.AsType[*selectors.Interrupted](err); cut || ctx.Err() != nil {
			return nil, err
		}
		if err == nil && seen[0] {
			break
		}
		if !waits || time.Since(begun) > noWaits || err != nil || pause(looking, attempt) != nil {
			return nil, nil //nolint:nilerr // no sign of a no: reading back decides
		}
	}
	return &bot.StepError{
		Class: bot.Business, Place: sign.Pos.String(), Step: "save", Expected: "the site to take the entry",
		Found: "it refused the entry (" + sign.String() + ")", Hint: "look at the picture for what it says, and at the record; restock tries a few times more",
	}, nil
}

// How long the site's no may take to show after the last step, and to be seen by a browser that is busy.
const (
	noWaits       = 700 * time.Millisecond
	rejectedLooks = 5 * time.Second
)

// look loads the record anew and reads what before: and after: compare, all at one moment. done reports that the follow-up
// stands there; written says that it was written just now. Fields are often there before their values, so anything else is believed only when it stays.
func (v *visit) look(ctx context.Context, w *selectors.Writing, written bool) (now, after string, done bool, err error) {
	if err := v.open(ctx, w.Open); err != nil {
		return "", "", false, err
	}
	if err := v.run(ctx, w.Find, nil); err != nil {
		return "", "", false, err
	}
	if err := v.enterFrame(ctx, w.Frame); err != nil {
		return "", "", false, err
	}
	checks := append([]selectors.Check{w.Before, w.After}, w.Also...)
	plan, matches, err := v.checkPlan(w, checks)
	if err != nil {
		return "", "", false, err
	}
	within := w.Within
	if within == 0 {
		within = v.openLimit()
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var last string
	var since time.Time
	begun := time.Now()
	for attempt := 0; ; attempt++ {
		answer, err := v.page.Read(ctx, plan)
		if err != nil {
			return "", "", false, err
		}
		values, missing := v.checked(answer, checks, !written && time.Since(begun) >= 2*time.Second)
		if missing == nil {
			if done = agree(values[1:], matches[1:]); done {
				return values[0], values[1], true, nil
			}
			if print := strings.Join(values, "\x1f"); print != last || since.IsZero() {
				last, since = print, time.Now()
			} else if time.Since(since) >= quiet {
				return values[0], values[1], false, nil
			}
		}
		if err := pause(ctx, attempt); err != nil {
			if missing != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return "", "", false, missing
			}
			return "", "", false, err
		}
	}
}

// checkPlan reads the fields of the checks as one record.
func (v *visit) checkPlan(w *selectors.Writing, checks []selectors.Check) (selectors.Plan, []func(string) bool, error) {
	plan := selectors.Plan{Record: true, Limit: 1}
	if w.Proof != nil {
		proof, err := v.filled([]selectors.Condition{*w.Proof})
		if err != nil {
			return plan, nil, err
		}
		plan.Proof = &proof[0]
	}
	var matches []func(string) bool
	for _, c := range checks {
		field, err := c.Field.With(v.values())
		if err != nil {
			return plan, nil, err
		}
		match, err := pattern(c, v.values())
		if err != nil {
			return plan, nil, err
		}
		matches = append(matches, match)
		plan.Columns = append(plan.Columns, []selectors.Selection{{Element: &field, Take: "value"}})
	}
	return plan, matches, nil
}

// landed waits until what the page's scripts sent to the server has arrived there: leaving the page would cut it off.
func (v *visit) landed(ctx context.Context) error {
	started := time.Now()
	for attempt := 0; time.Since(started) < landing; attempt++ {
		a, err := v.page.Read(ctx, selectors.Plan{Record: true, Limit: 1})
		if err != nil || a.Pending == 0 {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
	return nil
}

// landing is how long requests may take that a page sends in the background. Some never end: polls.
const landing = 3 * time.Second

// checked takes the values of the checks from an answer, or says which is not there. Before anything is written, a field of
// after: or also: may be missing: it comes with what is written.
func (v *visit) checked(a selectors.Answer, checks []selectors.Check, later bool) ([]string, error) {
	v.doing, v.place = "read the record", checks[0].Pos.String()
	if !a.Proof {
		return nil, &bot.StepError{
			Class: bot.PageChanged, URL: a.URL, Expected: "the record's page", Found: "another one, or not in time",
			Hint: "look at the screenshot: does open: lead to the record, and does proof: fit?",
		}
	}
	var values []string
	for i, c := range checks {
		cell := a.Rows[0][i][0]
		if cell.Value == nil && later && i > 0 && strings.HasPrefix(cell.Why, "0 elements") {
			values = append(values, "")
			continue
		}
		if cell.Value == nil {
			v.place = c.Pos.String()
			return nil, &bot.StepError{
				Class: bot.PageChanged, URL: a.URL, Expected: "the field " + c.Field.String(), Found: cell.Why,
				Hint: "look at the screenshot and correct the selector",
			}
		}
		values = append(values, *cell.Value)
	}
	return values, nil
}

func agree(values []string, matches []func(string) bool) bool {
	for i, value := range values {
		if !matches[i](value) {
			return false
		}
	}
	return true
}

func pattern(c selectors.Check, values selectors.Values) (func(string) bool, error) {
	text, err := c.Is.Expand(values)
	if err != nil {
		return nil, err
	}
	re, err := selectors.Pattern(text)
	if err != nil {
		return nil, &bot.StepError{Class: bot.Config, Place: c.Pos.String(), Expected: "a text or a regular expression", Found: err.Error()}
	}
	return re.MatchString, nil
}
