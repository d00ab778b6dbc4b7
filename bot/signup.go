package bot

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
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

// personalPart is what of a sign-up is sealed.
type personalPart struct {
	Address  string `json:"address"`
	Customer string `json:"customer,omitempty"`
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
	s.Confirm = s.Confirm || gone && (left.Reason == LeftUs || left.Reason == Forgotten) // somebody else may use the address
	known, found, err := l.sameWish(ctx, &s, level)
	if err != nil {
		return known, false, err
	}
	if again := known.State() == "unconfirmed" && l.now().Sub(known.Asked) > askAgain; found && known.Cancelled == "" && !again {
		return known, false, nil
	}
	s.rev, s.Asked = known.rev, known.Asked
	if err := l.SaveSignUp(ctx, &s); err != nil {
		return s, false, err
	}
	return s, true, nil
}

// sameWish gives a sign-up its ID, and returns the one that stands under it. A wish that was made before the product was in stock the
// last time, within the same restock, was another one.
func (l *Ledger) sameWish(ctx context.Context, s *SignUp, level Level) (known SignUp, found bool, err error) {
	person := l.Person(s.Address)
	for n := range maxWishes {
		name := person
		if n > 0 {
			name += "/" + strconv.Itoa(n)
		}
		s.ID = SignUpID(s.Job, s.SKU, level.Episode, name)
		known, found, err = l.FindSignUp(ctx, s.ID)
		if err != nil || !found || known.State() == "unconfirmed" || !level.OutSince.After(known.At) {
			break
		}
	}
	return known, found, err
}

// maxWishes bounds how often somebody can ask for a product within one restock.
const maxWishes = 50

// SaveSignUp writes a sign-up that nobody else has changed.
func (l *Ledger) SaveSignUp(ctx context.Context, s *SignUp) error {
	record := *s
	if l.Vault != nil && s.Address != "" {
		record.Who = l.Vault.Who(s.Address)
		key, err := l.keyOf(ctx, record.Who)
		if err != nil {
			return err
		}
		plain, err := json.Marshal(personalPart{s.Address, s.Customer})
		if err != nil {
			return err
		}
		record.Sealed, record.Address, record.Customer = key.seal(plain, []byte(s.ID)), "", ""
	}
	value, err := json.Marshal(record)
	if err != nil {
		return err
	}
	writes := []Write{{Table: SignUps, Key: s.ID, Value: value, Rev: s.rev}}
	if s.State() == "unconfirmed" && !s.Sent {
		writes = append(writes, Write{Table: Inbox, Key: inboxConfirm + s.ID, Value: []byte("1")})
	}
	out, err := l.store.Apply(ctx, writes...)
	if err == nil && out[0].Conflict {
		err = fmt.Errorf("sign-up %s: %w", s.ID, ErrConflict)
	}
	if err == nil {
		s.rev, s.Who = out[0].Rev, record.Who
	}
	return err
}

// FindSignUp returns a sign-up; found is false where there is none.
func (l *Ledger) FindSignUp(ctx context.Context, id string) (s SignUp, found bool, err error) {
	entry, err := l.store.Get(ctx, SignUps, id)
	if err != nil || entry.Rev == 0 {
		return s, false, err
	}
	s, err = l.readSignUp(ctx, entry)
	return s, err == nil, err
}

func (l *Ledger) readSignUp(ctx context.Context, entry Entry) (s SignUp, err error) {
	if err := json.Unmarshal(entry.Value, &s); err != nil {
		return s, fmt.Errorf("sign-up %s: %w: %w", entry.Key, errDecode, err)
	}
	s.rev = entry.Rev
	if l.Vault == nil || s.Sealed == nil {
		return s, nil
	}
	key, err := l.personKey(ctx, s.Who)
	if err != nil || key == nil || !key.fits(s.Sealed) {
		return s, err
	}
	plain, err := unseal(key.AEAD, s.Sealed[idSize:], []byte(s.ID))
	if err != nil {
		return s, fmt.Errorf("sign-up %s: %w: %w", entry.Key, errDecode, err)
	}
	var p personalPart
	err = json.Unmarshal(plain, &p)
	s.Address, s.Customer = p.Address, p.Customer
	return s, err
}

// AllSignUps returns every sign-up, in the order of time.
func (l *Ledger) AllSignUps(ctx context.Context) ([]SignUp, error) {
	var list []SignUp
	for entry, err := range l.store.Scan(ctx, SignUps, "") {
		if err != nil {
			return nil, err
		}
		s, err := l.readSignUp(ctx, entry)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	sortSignUps(list)
	return list, nil
}
