package bot

import (
	"slices"
	"strings"
)

// Channel is a way to a customer.
type Channel string

// The channels.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
)

// Consent says whether the customer agreed to be told.
type Consent string

// ConsentUnknown stands where the CRM has no such field: the request itself is then the consent, unless the job demands
// more.
const (
	ConsentUnknown Consent = "unknown"
	ConsentGiven   Consent = "given"
	ConsentRefused Consent = "refused"
)

// Subscription is one customer's wish to be told about one SKU, as it stands in the CRM.
type Subscription struct {
	ID        string            `json:"id"` // the CRM's own name for it
	SKU       string            `json:"sku"`
	Customer  string            `json:"customer,omitempty"`
	Email     string            `json:"email,omitempty"`
	Phone     string            `json:"phone,omitempty"`
	Wants     []Channel         `json:"wants,omitempty"` // in the order to be tried; empty means any
	Consent   Consent           `json:"consent"`
	Requested string            `json:"requested,omitempty"` // as the page writes it
	Language  string            `json:"language,omitempty"`
	Fields    map[string]string `json:"fields,omitempty"` // further columns of the selector file, for the follow-up
	Kept      bool              `json:"kept,omitempty"`   // was told before and came too late: the place was kept, the CRM shows it as done
}

// Reason says in one fixed word why somebody was not told; it stands in the ledger and in reports.
type Reason string

// The reasons for telling nobody.
const (
	NoConsent   Reason = "no_consent"
	NoAddress   Reason = "no_address"    // neither an e-mail address nor a phone number for a wanted channel
	BadAddress  Reason = "bad_address"   // there is one, but it cannot work
	AskedTwice  Reason = "asked_twice"   // the same customer asked twice for the same product: told once
	Unsettled   Reason = "unsettled"     // an earlier message to the same request is not settled yet: another one could be its double
	SoldOut     Reason = "sold_out"      // out again before the message left
	NewsIsOld   Reason = "news_is_old"   // not delivered within the life of the news
	NoChannel   Reason = "no_channel"    // the wanted channel is not configured
	Interrupted Reason = "interrupted"   // the process died between the last byte and the reply
	Refused     Reason = "refused"       // the receiving side said no for good
	DeadAddress Reason = "dead_address"  // the receiving side says that there is no such address
	Unreachable Reason = "unreachable"   // the receiving side did not answer; tried again later
	NoReply     Reason = "no_reply"      // the message left, no reply came
	LeftUs      Reason = "unsubscribed"  // by link, one-click or STOP
	MayBeDouble Reason = "may_be_double" // was ambiguous, and is sent once more because the file wants it so
	NeverTold   Reason = "never_told"    // of a reminder: the message itself was not delivered
	HasBought   Reason = "has_bought"    // of a reminder: there is nothing to be reminded of
	Forgotten   Reason = "forgotten"     // erased at the person's request
	InHoldout   Reason = "holdout"       // told last, to see what would have been bought anyway
	WaveFull    Reason = "wave_full"     // as many are invited as there are units for: keeps its place, and has its turn later
	QuietHours  Reason = "quiet_hours"   // it is night where the customer is: sent in the morning
	WishExpired Reason = "wish_expired"  // asked too long ago
	OverLimit   Reason = "over_limit"    // more than the limits of the job allow: held for a person
	SenderFault Reason = "sender_fault"  // refused because of us (log-in, sender address, policy): the channel stops
)

// Choose picks the channel and address for a subscription among the configured channels, or says why there is none.
func (s Subscription) Choose(channels []Channel) (Channel, string, Reason) {
	if s.Consent == ConsentRefused {
		return "", "", NoConsent
	}
	wants := s.Wants
	if len(wants) == 0 {
		wants = channels
	}
	why := NoAddress
	for _, c := range wants {
		address, reason := s.address(c)
		switch {
		case reason == BadAddress:
			why = BadAddress
		case reason != "":
		case !slices.Contains(channels, c):
			why = NoChannel
		default:
			return c, address, ""
		}
	}
	return "", "", why
}

func (s Subscription) address(c Channel) (string, Reason) {
	raw, valid := s.Email, ValidEmail
	if c == SMS {
		raw, valid = E164(s.Phone), ValidPhone
	}
	switch {
	case strings.TrimSpace(raw) == "":
		return "", NoAddress
	case !valid(raw):
		return "", BadAddress
	}
	return strings.TrimSpace(raw), ""
}
