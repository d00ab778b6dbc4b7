package flows

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"restock/bot"
)

// errEnough ends a rehearsal before anything would be written.
var errEnough = errors.New("enough")

// Rehearse goes through all flows of a site up to the point where something would be written: it logs in, reads the lists,
// opens one record, and looks for the request of a customer that there is not. OnPage is told of each page. It returns what went wrong in each flow, and notes of what was not tried.
func (s *Sites) Rehearse(ctx context.Context, site string) (failed map[string]error, notes []string) {
	failed = map[string]error{}
	file := s.Files[site]
	note := func(flow string, err error) {
		if err != nil {
			failed[flow] = err
		}
	}
	sku := s.SampleSKU
	if file.Stock != nil {
		r, err := s.Stock(ctx, site)
		note("stock", err)
		if step, ok := errors.AsType[*bot.StepError](err); ok && step.Flow == "login" {
			return failed, notes // the others would fail there too
		}
		for _, level := range r.Levels {
			if sku = level.SKU; level.Availability == bot.In {
				break
			}
		}
	}
	var some []bot.Subscription
	if file.Subscribers != nil && (sku != "" || !file.Subscribers.Open.Asks("sku")) {
		var err error
		some, err = s.someSubscribers(ctx, site, sku)
		note("subscribers", err)
	}
	if file.Followup != nil && len(some) == 0 {
		notes = append(notes, "followup was not tried: no request that waits was found to try it with")
	}
	if file.Followup != nil && len(some) > 0 {
		n := bot.Notification{Key: "rehearsal", Channel: bot.Email, Subscription: some[0], Restock: bot.Restock{SKU: some[0].SKU}}
		_, err := s.FollowUp(ctx, site, n, func(context.Context) error { return errEnough })
		if !errors.Is(err, errEnough) {
			note("followup", err)
		}
	}
	if file.Signup != nil && sku != "" {
		up := bot.SignUp{ID: "rehearsal", SKU: sku, Product: sku, Channel: bot.Email, Address: "rehearsal@restock.invalid", Customer: "Rehearsal", At: s.Now()}
		_, err := s.SignUp(ctx, site, up, func(context.Context) error { return errEnough }) // it is looked for, and not entered
		if !errors.Is(err, errEnough) {
			note("signup", err)
		}
	}
	if file.Orders != nil {
		_, err := s.Orders(ctx, site, bot.OrderQuery{Since: s.Now().AddDate(0, 0, -2)})
		note("orders", err)
	}
	if file.Stock == nil && file.Subscribers == nil && file.Orders == nil {
		note("login", s.do(ctx, site, "login", nil, func(context.Context, *visit) (string, error) { return "logged in", nil }))
	}
	return failed, notes
}

// rehearsed is how many detail pages are opened in search of a request that waits.
const rehearsed = 20

// someSubscribers reads the list of subscriptions and returns one of them, with its detail page.
func (s *Sites) someSubscribers(ctx context.Context, site, sku string) ([]bot.Subscription, error) {
	var some []bot.Subscription
	work := map[string]string{"sku": sku}
	err := s.do(ctx, site, "subscribers", work, func(ctx context.Context, v *visit) (string, error) {
		r := v.site.Subscribers
		opened := 0
		var l *list
		l = v.newList(r, "id", func(row record) bool {
			if !matches(r.Where, row) || opened >= rehearsed || slices.ContainsFunc(l.result(), func(row record) bool { return row.text("id") != "" && matches(r.Where, row) }) {
				return false
			}
			opened++
			return true
		})
		if err := l.readAll(ctx); err != nil {
			return "", err
		}
		for _, row := range l.result() {
			if !matches(r.Where, row) || row.text("id") == "" {
				continue
			}
			sub, err := subscription(r, row, skuOf(row, work))
			if err != nil {
				return "", err
			}
			some = append(some, sub)
			break
		}
		return fmt.Sprintf("read %d rows", len(l.result())), nil
	})
	return some, err
}
