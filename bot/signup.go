package bot

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strconv"
	"strings"
	"time"
)

// SignUp is a customer's wish as it came from the shop's pages, on its way into the CRM.
type SignUp struct {
	ID       string  `json:"id"`
	Job      string  `json:"job"` // whose CRM it goes into
	SKU      string  `json:"sku"`
	Product  string  `json:"product,omitempty"`
	Channel  Channel `json:"channel"`
	Language string  `json:"language,omitempty"`
	// Proof of the consent: what was agreed to, when, and where.
	Consent   string    `json:"consent"`
	Unshown   bool      `json:"unshown,omitempty"` // the page did not say which text it showed: it is that of the day
	At        time.Time `json:"at"`
	Source    string    `json:"source,omitempty"`    // the page that it came from
	Net       string    `json:"net,omitempty"`       // the network that it came from; the address itself is not kept
	Confirmed time.Time `json:"confirmed,omitzero"`  // when the link in the confirmation was followed
	Confirm   bool      `json:"confirm,omitempty"`   // it has to be confirmed first
	Sent      bool      `json:"sent,omitempty"`      // the confirmation has left, or may have
	Asked     time.Time `json:"asked,omitzero"`      // when the confirmation was sent
	FollowUp  FollowUp  `json:"follow_up"`           // how far it has come into the CRM
	Fresh     bool      `json:"fresh,omitempty"`     // entered, and who waits was not read since
	Cancelled Reason    `json:"cancelled,omitempty"` // it is not entered, and why
	Who       string    `json:"who,omitempty"`       // see Notification
	Sealed    []byte    `json:"sealed,omitempty"`    // what tells who it is
	Address   string    `json:"address,omitempty"`   // sealed in the store
	Customer  string    `json:"customer,omitempty"`  // sealed in the store

	rev uint64
}

// SignUpState is where a sign-up stands, in one word.
func (s SignUp) State() string {
	switch {
	case s.Cancelled != "":
		return "cancelled"
	case s.Confirm && s.Confirmed.IsZero():
		return "unconfirmed"
	case s.FollowUp.State == FollowUpWritten:
		return "entered"
	case s.FollowUp.State == FollowUpRejected && !s.FollowUp.due():
		return "rejected"
	}
	return "waiting"
}

// Due reports whether it is to be entered into the CRM.
func (s SignUp) due() bool { return s.State() == "waiting" && s.FollowUp.due() }

// SignUpID names a wish: who asks again for the same product, before it was back, asks for the same.
func SignUpID(job, sku string, episode int, person string) string {
	h := sha256.New()
	for _, part := range []string{"sign-up/1", job, sku, strconv.Itoa(episode), person} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil))[:26])
}

// ErrInStock says that nobody needs to wait for a product.
var ErrInStock = errors.New("the product is in stock")

// ErrNoProduct says that there is no such product.
var ErrNoProduct = errors.New("there is no such product")

// askAgain is how long after a confirmation another one is sent to somebody who signs up once more.
const askAgain = 10 * time.Minute

// AddSignUp remembers a sign-up. It is on disk when it returns. fresh is false where the same wish stands there already.
func (l *Ledger) AddSignUp(ctx context.Context, s SignUp) (saved SignUp, fresh bool, err error) {
	level, ok, err := l.Level(ctx, s.Job, s.SKU)
	switch {
	case err != nil:
		return s, false, err
	case !ok:
		return s, false, ErrNoProduct
	case level.Availability == In:
		return s, false, ErrInStock
	}
	s.Product = level.Name
	if s.At.IsZero() {
		s.At = l.now()
	}
	s.FollowUp.State = FollowUpPending
	left, gone, err := l.Suppressed(ctx, l.Person(s.Address), s.Channel)
	if err != nil {
		return s, false, err
	}
	gone = gone && (left.Reason == LeftUs || left.Reason == Forgotten)
	s.Confirm = s.Confirm || gone // somebody else may use the address
	if !gone {
		left.At = time.Time{}
	}
	known, found, err := l.sameWish(ctx, &s, level, left.At)
	if err != nil {
		return known, false, err
	}
	if again := known.State() == "unconfirmed" && (!s.Confirm || l.now().Sub(known.Asked) > askAgain); found && known.Cancelled == "" && !again {
		return known, false, nil
	} else if again && found && s.Confirm && known.Cancelled == "" && l.now().Sub(known.asked()) < ConfirmFor {
		known.Sent = false // what was asked first is what the link confirms, whoever has asked since
		return known, true, l.SaveSignUp(ctx, &known)
	}
	s.rev, s.Asked = known.rev, known.Asked
	if err := l.SaveSignUp(ctx, &s); err != nil {
		return s, false, err
	}
	return s, true, nil
}

// sameWish gives a sign-up its ID, and returns the one that stands under it. A wish was another one that was made before
// the product was in stock the last time, within the same restock, or before the customer left; and one that the CRM did not take.
func (l *Ledger) sameWish(ctx context.Context, s *SignUp, level Level, left time.Time) (known SignUp, found bool, err error) {
	person := l.Person(s.Address)
	for n := range maxWishes {
		name := person
		if n > 0 {
			name += "/" + strconv.Itoa(n)
		}
		s.ID = SignUpID(s.Job, s.SKU, level.Episode, name)
		known, found, err = l.FindSignUp(ctx, s.ID)
		over := level.OutSince.After(known.At) || !left.IsZero() && !known.At.After(left)
		another := known.State() == "rejected" || known.Cancelled == Forgotten || known.State() != "unconfirmed" && over
		if err != nil || !found || !another {
			return known, found, err
		}
	}
	return known, false, nil // so many that the last one is written over
}

// maxWishes bounds how often somebody can ask for a product within one restock.
const maxWishes = 50
