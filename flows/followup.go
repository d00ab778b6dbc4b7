package flows

import (
	"context"
	"fmt"
	"time"

	"restock/bot"
	"restock/selectors"
)

// FollowUp implements bot.Sites.
func (s *Sites) FollowUp(ctx context.Context, site string, n bot.Notification, intent func(context.Context) error) (bot.FollowUp, error) {
	var result bot.FollowUp
	intended := false
	once := func(ctx context.Context) error {
		if intended {
			return nil
		}
		intended = true
		return intent(ctx)
	}
	err := s.do(ctx, site, "followup", s.facts(n), func(ctx context.Context, v *visit) (string, error) {
		w := v.site.Followup
		if w == nil {
			return "", noFlow(v.site, "followup")
		}
		var err error
		result, err = v.write(ctx, w, n, once)
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
func (v *visit) write(ctx context.Context, w *selectors.Writing, n bot.Notification, intent func(context.Context) error) (bot.FollowUp, error) {
	now, done, err := v.look(ctx, w)
	if err != nil {
		return bot.FollowUp{}, err
	}
	if done {
		return bot.FollowUp{State: bot.FollowUpWritten, Detail: "it stood there already"}, nil
	}
	before, err := pattern(w.Before, v.values())
	if err != nil {
		return bot.FollowUp{}, err
	}
	if !before(now) {
		return bot.FollowUp{
			State:  bot.FollowUpDiffers,
			Detail: fmt.Sprintf("%s is %q, expected %q: somebody else changed it", &w.Before.Field, short(now), w.Before.Is.Text),
		}, nil
	}
	if err := intent(ctx); err != nil {
		return bot.FollowUp{}, err
	}
	stepErr := v.run(ctx, w.Steps, nil)
	if _, restart := stepErr.(*selectors.Interrupted); restart { //nolint:errorlint // pages return it unwrapped
		return bot.FollowUp{}, stepErr
	}
	now, done, err = v.look(ctx, w)
	switch {
	case done:
		return bot.FollowUp{State: bot.FollowUpWritten}, nil
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

// look loads the record anew and reads what before: and after: compare. done reports that the follow-up stands there.
func (v *visit) look(ctx context.Context, w *selectors.Writing) (now string, done bool, err error) {
	if err := v.open(ctx, w.Open); err != nil {
		return "", false, err
	}
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	if w.Proof != nil {
		v.doing, v.place = "prove the record", w.Proof.Pos.String()
		if err := v.wait(ctx, *w.Proof); err != nil {
			return "", false, err
		}
	}
	v.doing, v.place = "read the record", w.Before.Pos.String()
	if now, err = v.steady(ctx, w.Before.Field); err != nil {
		return "", false, err
	}
	done = true
	for _, check := range append([]selectors.Check{w.After}, w.Also...) {
		matches, err := pattern(check, v.values())
		if err != nil {
			return now, false, err
		}
		v.place = check.Pos.String()
		value, err := v.steady(ctx, check.Field)
		if err != nil {
			return now, false, err
		}
		done = done && matches(value)
	}
	return now, done, nil
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

// steady waits until a field is there and keeps its value: fields are often there before their values.
func (v *visit) steady(ctx context.Context, e selectors.Element) (string, error) {
	var last string
	var since time.Time
	for attempt := 0; ; attempt++ {
		value, ok, err := v.page.Value(ctx, e)
		switch {
		case err != nil:
			return "", err
		case !ok || value != last || since.IsZero():
			last, since = value, time.Now()
			if !ok {
				since = time.Time{}
			}
		case time.Since(since) >= quiet:
			return value, nil
		}
		if err := pause(ctx, attempt); err != nil {
			if since.IsZero() && ctx.Err() == context.DeadlineExceeded { //nolint:errorlint // of this context, unwrapped
				return "", notSeen([]selectors.Condition{{Visible: &e}})
			}
			return "", err
		}
	}
}
