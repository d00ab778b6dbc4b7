package admin

import (
	"slices"

	"restock/bot"
)

// masked hides who the customer is.
func masked(n bot.Notification) bot.Notification {
	for _, text := range []*string{&n.Address, &n.Subscription.Email, &n.Subscription.Phone} {
		*text = hidden(*text)
	}
	n.Changes, n.Notes = slices.Clone(n.Changes), slices.Clone(n.Notes)
	for i := range n.Changes {
		n.Changes[i].Detail = bot.Redact(n.Changes[i].Detail)
	}
	n.FollowUp.Detail = bot.Redact(n.FollowUp.Detail)
	for i := range n.Notes {
		n.Notes[i].Detail, n.Notes[i].FollowUp.Detail = bot.Redact(n.Notes[i].Detail), bot.Redact(n.Notes[i].FollowUp.Detail)
	}
	if name := []rune(n.Subscription.Customer); len(name) > 1 {
		n.Subscription.Customer = string(name[:1]) + "…"
	}
	n.Subscription.Fields = nil
	return n
}

// hidden is an address of which only the shape is seen, whatever it looks like.
func hidden(address string) string {
	if shape := bot.Redact(address); shape != address || address == "" {
		return shape
	}
	return string([]rune(address)[:1]) + "…"
}
