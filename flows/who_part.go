package flows

import (
	"context"

	"restock/bot"
)

// BySKU implements bot.Divider.
func (s *Sites) BySKU(site string) bool {
	file := s.Files[site]
	return file != nil && file.Subscribers != nil && file.Subscribers.Open.Asks("sku")
}

// SubscribersPart implements bot.Divider.
func (s *Sites) SubscribersPart(ctx context.Context, site string, skus []string) (part bot.Part, err error) {
	part.Subs, part.Waiting, err = s.Subscribers(ctx, site, skus)
	part.Shape = s.shapes[site+"/subscribers"]
	delete(s.shapes, site+"/subscribers")
	return part, err
}

// MergedSubscribers implements bot.Divider.
func (s *Sites) MergedSubscribers(site string, shape bot.Shape, subs []bot.Subscription, text string) {
	for _, sub := range subs {
		s.hide(sub.Customer, sub.Email, sub.Phone)
	}
	s.merged(site, "subscribers", shape, text)
}
