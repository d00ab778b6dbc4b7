package flows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"restock/bot"
	"restock/selectors"
)

// SignUp implements bot.Clerk.
func (s *Sites) SignUp(ctx context.Context, site string, up bot.SignUp, intent func(context.Context) error) (bot.FollowUp, error) {
	var result bot.FollowUp
	once, _ := onlyOnce(intent)
	facts := s.wish(up)
	s.names = append(s.names, nonEmpty(up.Customer, up.Address)...)
	err := s.do(ctx, site, "signup", facts, func(ctx context.Context, v *visit) (string, error) {
		e := v.site.Signup
		if e == nil {
			return "", noFlow(v.site, "signup")
		}
		v.work["channel"] = string(up.Channel)
		if word, ok := e.Channels[string(up.Channel)]; ok {
			v.work["channel"] = word
		}
		var err error
		result, err = v.enterRequest(ctx, e, once)
		return fmt.Sprintf("sign-up %s: %s", up.ID, result.State), err
	})
	return result, err
}

func nonEmpty(texts ...string) (list []string) {
	for _, t := range texts {
		if t != "" {
			list = append(list, t)
		}
	}
	return list
}

// wish are the values that a sign-up can write.
func (s *Sites) wish(up bot.SignUp) map[string]string {
	at := up.At.In(s.Zone)
	facts := map[string]string{
		"sku": up.SKU, "product": up.Product, "customer": capped(up.Customer, maxName), "language": up.Language, "consent": capped(up.Consent, 1000),
		"asked.at": at.Format("2006-01-02 15:04"), "asked.date": at.Format(time.DateOnly), "page": up.Source, "key": up.ID, "email": "", "phone": "",
	}
	if up.Channel == bot.SMS {
		facts["phone"] = up.Address
	} else {
		facts["email"] = up.Address
	}
	return facts
}

// enterRequest looks for the request first: one that is there is not entered again. After the steps it looks again, on a page that was
// loaded anew.
func (v *visit) enterRequest(ctx context.Context, e *selectors.Entering, intent func(context.Context) error) (bot.FollowUp, error) {
	there, err := v.lookFor(ctx, e)
	if err != nil {
		return bot.FollowUp{}, err
	}
	if err := v.come(ctx, "search"); err != nil {
		return bot.FollowUp{}, err
	}
	if there {
		return bot.FollowUp{State: bot.FollowUpWritten, Detail: "it was there already"}, nil
	}
	if err := intent(ctx); err != nil {
		return bot.FollowUp{}, err
	}
	_, stepErr, err := v.perform(ctx, e.Steps, e.Rejected)
	if err != nil {
		return bot.FollowUp{}, err
	}
	there, err = v.lookFor(ctx, e)
	switch {
	case there:
		return bot.FollowUp{State: bot.FollowUpWritten}, nil
	case stepErr != nil:
		return bot.FollowUp{}, stepErr
	case err != nil:
		return bot.FollowUp{}, err
	}
	v.doing, v.place = "look for it again", e.There.Pos.String()
	return bot.FollowUp{}, &bot.StepError{
		Class: bot.WriteUnknown, Expected: "the request to be there after it was entered (" + e.There.String() + ")", Found: "the page's sign that it is not",
		Hint: "the next run looks again before it enters it; look at the screenshot",
	}
}

// lookFor reports whether the request is there. Only the page's own sign is believed, either way, and only when it stays: a list is
// often empty until its rows have come.
func (v *visit) lookFor(ctx context.Context, e *selectors.Entering) (there bool, err error) {
	if err := v.open(ctx, e.Open); err != nil {
		return false, err
	}
	if err := v.run(ctx, e.Find, nil); err != nil {
		return false, err
	}
	if err := v.enterFrame(ctx, e.Frame); err != nil {
		return false, err
	}
	v.doing, v.place = "look for the request", e.There.Pos.String()
	list := []selectors.Condition{e.There, e.Absent}
	if e.Proof != nil {
		list = append(list, *e.Proof)
	}
	conditions, err := v.filled(list)
	if err != nil {
		return false, err
	}
	within := e.Within
	if within == 0 {
		within = v.openLimit()
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var absent time.Time // since when
	for attempt := 0; ; attempt++ {
		seen, err := v.page.See(ctx, conditions...)
		if err != nil {
			return false, err
		}
		proved := len(seen) < 3 || seen[2]
		switch {
		case proved && seen[0] && !seen[1]:
			return true, nil
		case !proved || !seen[1] || seen[0]:
			absent = time.Time{}
		case absent.IsZero():
			absent = time.Now()
		case time.Since(absent) >= quietEmpty:
			a, err := v.page.Read(ctx, selectors.Plan{Record: true, Limit: 1})
			if err != nil || a.Pending == 0 || time.Since(absent) >= quietPending {
				return false, err
			}
		}
		if err := pause(ctx, attempt); err != nil {
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return false, err
			}
			return false, &bot.StepError{
				Class: bot.PageChanged, Expected: "the request (" + e.There.String() + "), or the page's sign that it is not there (" + e.Absent.String() + ")",
				Found: "none of the two, or both, in time", Hint: "look at the screenshot and correct there:, absent: or proof:; nothing was entered",
			}
		}
	}
}
