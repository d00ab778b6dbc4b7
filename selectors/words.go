package selectors

import (
	"maps"
	"slices"
	"strings"
)

// StockColumns lists the columns of a stock flow.
func StockColumns() []Word {
	return []Word{
		{"sku", "the product's code; every stock flow needs it"},
		{"name", "its name, for the message"},
		{"url", "where a customer buys it"},
		{"quantity", "how many there are: more than none is in stock"},
		{"availability", "in, out or unknown, where the page has words (use map:)"},
		{"unit", "of the quantity"},
		{"variant", "size, colour, …, for the message"},
		{"price", "as customers see it, for the message"},
		{"picture", "address of one, for the message"},
	}
}

// SubscriberColumns lists the columns of a subscribers flow.
func SubscriberColumns() []Word {
	return []Word{
		{"id", "the CRM's own name for the request; every subscribers flow needs it"},
		{"sku", "the product's code, unless {sku} stands in open"},
		{"product", "the product's name"},
		{"customer", "the customer's name"},
		{"email", "where to write"},
		{"phone", "where to send an SMS"},
		{"channel", "email, sms or both (use map:)"},
		{"consent", "yes or no"},
		{"requested", "when the customer asked"},
		{"language", "of the message"},
		{"state", "of Australia, for quiet hours by the customer's clock"},
		{"postcode", "the same, where there is no state"},
		{"zone", "time zone of the customer, such as Australia/Perth"},
		{"proof", "when, where and how the customer agreed; it is kept with the message"},
		{"status", "for where:"},
	}
}

// OrderColumns lists the columns of an orders flow. A row is an order, or one line of it; lines can stand on a page of their own
// (detail: with rows:).
func OrderColumns() []Word {
	return []Word{
		{"order", "the order's number; every orders flow needs it"},
		{"at", "when it was placed (type: date or datetime); every orders flow needs it. Of a day without a time, its end is meant"},
		{"email", "who ordered; an order whose customer was not told of anything is passed over"},
		{"phone", "the same, by number"},
		{"customer", "the customer's name: it is not used, but covered in pictures"},
		{"sku", "the product's code, of a line"},
		{"product", "what variants of the product have in common, of a line"},
		{"quantity", "of a line; default 1"},
		{"amount", "paid for the line (type: money, or number with currency)"},
		{"currency", "such as AUD, where the amount has none"},
		{"status", "placed, paid or cancelled (use map:); default: placed"},
		{"refunded", "given back of the order as a whole (type: money or number); the same in each of its lines, or in one"},
		{"line_refunded", "given back of the line (type: money or number)"},
		{"campaign", "what the shop kept of the link that led to it: utm_content"},
	}
}

// workValues lists the {words} that a flow knows.
func (s *Site) workValues(flow string) []string {
	if inner, ok := strings.CutPrefix(flow, "pages of "); ok {
		return append([]string{"n"}, s.workValues(inner)...)
	}
	switch flow {
	case "subscribers":
		return []string{"sku"}
	case "detail of stock":
		return slices.Sorted(maps.Keys(s.Stock.Columns))
	case "detail of subscribers":
		return append(slices.Sorted(maps.Keys(s.Subscribers.Columns)), "sku")
	case "orders":
		return keysOf(OrderValues())
	case "detail of orders":
		return append(slices.Sorted(maps.Keys(s.Orders.Columns)), keysOf(OrderValues())...)
	case "followup":
		return keysOf(FollowupValues())
	case "event of followup":
		return append(keysOf(FollowupValues()), keysOf(EventValues())...)
	case "signup":
		return keysOf(SignupValues())
	}
	return nil
}

// FollowupValues lists the {words} of a followup flow.
func FollowupValues() []Word {
	return []Word{
		{"sku", "of the product that is back"},
		{"product.name", "its name"},
		{"product.url", "its address"},
		{"subscription.id", "the request's id, as the subscribers flow read it"},
		{"subscription.customer", "the customer's name, as it was read"},
		{"subscription.sku", "the product's code, as the request has it"},
		{"channel", "e-mail or SMS"},
		{"sent.at", "when the message went out: 2026-11-23 17:05, in the zone of restock.yaml"},
		{"sent.date", "the same without the time"},
		{"key", "the notification's key, which makes the note recognisable"},
		{"run", "the run's ID"},
	}
}

// EventValues lists the further {words} of an event of a followup flow.
func EventValues() []Word {
	return []Word{
		{"event", "clicked, bought, returned or unsubscribed"},
		{"event.at", "when it happened: 2026-11-23 17:05, in the zone of restock.yaml"},
		{"event.date", "the same without the time"},
		{"event.detail", "of a purchase: the order's number, the amount, and whether it was direct or assisted"},
	}
}

// SignupValues lists the {words} of a signup flow.
func SignupValues() []Word {
	return []Word{
		{"sku", "the product's code"},
		{"product", "its name"},
		{"email", "the customer's address, or nothing"},
		{"phone", "the customer's number in international form, or nothing"},
		{"customer", "the customer's name, or nothing"},
		{"channel", "email or sms, or what channels: says in its place"},
		{"language", "as the shop's page gave it, or nothing"},
		{"consent", "the text that was agreed to"},
		{"asked.at", "when: 2026-11-23 17:05, in the zone of restock.yaml"},
		{"asked.date", "the same without the time"},
		{"page", "the page that it was sent from, or nothing"},
		{"key", "the sign-up's key, which makes the entry recognisable"},
	}
}

// OrderValues lists the {words} of an orders flow.
func OrderValues() []Word {
	return []Word{{"since", "the day from which on orders are wanted: 2026-11-23"}}
}
