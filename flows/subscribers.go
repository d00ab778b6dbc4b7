package flows

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"restock/bot"
	"restock/selectors"
)

// Subscribers implements bot.Sites. A file whose address asks for {sku} is read once for each SKU; else the whole list is
// read once, even when no SKU is asked for, because it says how many wait.
func (s *Sites) Subscribers(ctx context.Context, site string, skus []string) (subs []bot.Subscription, waiting int, err error) {
	delete(s.shapes, site+"/subscribers")
	file := s.Files[site]
	if file == nil || file.Subscribers == nil || !file.Subscribers.Open.Asks("sku") {
		subs, waiting, err = s.subscribers(ctx, site, nil, skus)
		return subs, waiting, err
	}
	for _, sku := range skus {
		some, n, err := s.subscribers(ctx, site, map[string]string{"sku": sku}, []string{sku})
		if err != nil {
			return nil, 0, err
		}
		subs, waiting = append(subs, some...), waiting+n
	}
	return subs, waiting, nil
}

func (s *Sites) subscribers(ctx context.Context, site string, work map[string]string, skus []string) (subs []bot.Subscription, waiting int, err error) {
	memo := map[string]memory{}
	err = s.do(ctx, site, "subscribers", work, func(ctx context.Context, v *visit) (string, error) {
		r := v.site.Subscribers
		if r == nil {
			return "", noFlow(v.site, "subscribers")
		}
		subs, waiting = nil, 0
		wanted := func(row record) bool { return matches(r.Where, row) && slices.Contains(skus, skuOf(row, work)) }
		opened := wanted
		if _, listed := r.Columns["sku"]; !listed && !r.Open.Asks("sku") {
			opened = func(row record) bool { return matches(r.Where, row) } // which product it is stands on the row's own page
		}
		l := v.newList(r, "id", opened)
		l.memo = memo
		if err := l.readAll(ctx); err != nil {
			return "", err
		}
		v.complete = l.complete()
		s.shape(site, "subscribers", l)
		asked := map[string]int{}
		for _, row := range l.result() {
			s.personal(row)
			if matches(r.Where, row) {
				waiting++
				asked[skuOf(row, work)]++
			}
			if !wanted(row) {
				continue
			}
			sub, err := subscription(r, row, skuOf(row, work))
			if err != nil {
				return "", err
			}
			subs = append(subs, sub)
		}
		s.waiting(site, asked, work == nil)
		return fmt.Sprintf("read %s on %s, %d wait, %d for what came back", count(len(l.result()), "row"), count(l.pages, "page"), waiting, len(subs)), unique(r, subs)
	})
	return subs, waiting, err
}

func skuOf(row record, work map[string]string) string {
	if cell, ok := row.cells["sku"]; ok {
		return cell.Value
	}
	return work["sku"]
}

func subscription(r *selectors.Reading, row record, sku string) (bot.Subscription, error) {
	sub := bot.Subscription{
		ID: row.text("id"), SKU: sku, Customer: capped(row.text("customer"), maxName), Email: row.text("email"), Phone: row.text("phone"),
		Requested: row.text("requested"), Language: row.text("language"), Consent: bot.ConsentUnknown,
	}
	if sub.ID == "" {
		return sub, unreadable(r, row, "id", "the CRM's own name for the request")
	}
	for _, name := range []string{"state", "postcode", "zone", "proof"} {
		if text := row.text(name); text != "" {
			if sub.Fields == nil {
				sub.Fields = map[string]string{}
			}
			sub.Fields[name] = capped(text, maxName)
		}
	}
	if cell, ok := row.cells["channel"]; ok {
		switch strings.ToLower(cell.Value) {
		case "email":
			sub.Wants = []bot.Channel{bot.Email}
		case "sms":
			sub.Wants = []bot.Channel{bot.SMS}
		case "both", "":
			sub.Wants = []bot.Channel{bot.Email, bot.SMS}
		default:
			return sub, unreadable(r, row, "channel", "email, sms or both (use map:)")
		}
	}
	if cell, ok := row.cells["consent"]; ok {
		switch strings.ToLower(cell.Value) {
		case "true", "yes", "given", "1":
			sub.Consent = bot.ConsentGiven
		case "false", "no", "refused", "0", "":
			sub.Consent = bot.ConsentRefused
		default:
			return sub, unreadable(r, row, "consent", "yes or no (use map:)")
		}
	}
	return sub, nil
}

// unique refuses a reading in which two requests have one ID: the follow-up would be written into one of them only.
func unique(r *selectors.Reading, subs []bot.Subscription) error {
	seen := map[string]bool{}
	for _, s := range subs {
		if seen[s.ID] {
			return &bot.StepError{
				Class: bot.DataContract, Place: r.Pos.String(), Expected: "each request's id once", Found: "the id " + s.ID + " twice",
				Hint: "correct the column id",
			}
		}
		seen[s.ID] = true
	}
	return nil
}
