package bot

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// ConfirmToken is what the link in a confirmation holds: the sign-up's ID and a seal.
func (v *Vault) ConfirmToken(id string) string {
	return id + "." + base64.RawURLEncoding.EncodeToString(v.confirmMAC(id))
}

func (v *Vault) confirmMAC(id string) []byte {
	return derive(v.lookup, "restock/confirm/1/"+id)[:linkSeal]
}

// ReadConfirm returns the ID of the sign-up that a token confirms; ok is false for one that is not ours.
func (v *Vault) ReadConfirm(token string) (id string, ok bool) {
	id, seal, found := strings.Cut(token, ".")
	mac, err := base64.RawURLEncoding.Strict().DecodeString(seal)
	if !found || err != nil || len(id) > 40 || !hmac.Equal(mac, v.confirmMAC(id)) {
		return "", false
	}
	return id, true
}

// ConfirmFor is how long a confirmation is waited for.
const ConfirmFor = 7 * 24 * time.Hour

// How often somebody may be asked to confirm, whoever types their address: so many times in a day; and who has left, or was forgotten, once
// in a week.
const (
	asksADay  = 3
	leftAsked = 7 * 24 * time.Hour
)

// MayAsk reports whether a person may be asked to confirm a sign-up now, and counts it.
func (l *Ledger) MayAsk(ctx context.Context, s SignUp) (may bool, err error) {
	left, gone, err := l.Suppressed(ctx, l.Person(s.Address), s.Channel)
	if err != nil || gone && left.Reason != LeftUs && left.Reason != Forgotten {
		return false, err // there is no such address
	}
	asks := []asks{{"asked/" + l.Person(mailbox(s.Address)), asksADay, gone}, {"asked-in-all/" + string(s.Channel), mostAsks(s.Channel), false}}
	for _, count := range []bool{false, true} { // nothing is counted that another limit holds back
		for _, one := range asks {
			if may, err = l.mayAsk(ctx, one, count); err != nil || !may {
				return false, err
			}
		}
	}
	return true, nil
}

// asks is how often something may be asked.
type asks struct {
	key   string
	day   int
	first bool // only where nobody has asked for a week
}

// mostAsks are the confirmations of a day, to whomever: a text message costs.
func mostAsks(c Channel) int {
	if c == SMS {
		return 200
	}
	return 5000
}

// mailbox is the mailbox that an address leads to: many of them are one where providers ignore dots and what follows a plus.
func mailbox(address string) string {
	local, domain, ok := strings.Cut(strings.ToLower(strings.TrimSpace(address)), "@")
	if !ok {
		return address
	}
	local, _, _ = strings.Cut(local, "+")
	if domain == "googlemail.com" || domain == "gmail.com" {
		local, domain = strings.ReplaceAll(local, ".", ""), "gmail.com"
	}
	return local + "@" + domain
}

// mayAsk reports whether one more may be asked, and counts it if it is to.
func (l *Ledger) mayAsk(ctx context.Context, a asks, count bool) (may bool, err error) {
	read := func(old []byte) (times []time.Time, may bool, err error) {
		if old != nil {
			if err := json.Unmarshal(old, &times); err != nil {
				return nil, false, err
			}
		}
		times = slices.DeleteFunc(times, func(t time.Time) bool { return l.now().Sub(t) > leftAsked })
		today := slices.DeleteFunc(slices.Clone(times), func(t time.Time) bool { return l.now().Sub(t) > 24*time.Hour })
		return times, len(today) < a.day && (!a.first || len(times) == 0), nil
	}
	if !count {
		entry, err := l.store.Get(ctx, Jobs, a.key)
		if err != nil {
			return false, err
		}
		_, may, err = read(entry.Value)
		return may, err
	}
	for range 3 {
		err = l.put(ctx, Jobs, a.key, func(old []byte) (any, error) {
			var times []time.Time
			if times, may, err = read(old); may {
				times = append(times, l.now())
			}
			return times, err
		})
		if !errors.Is(err, ErrConflict) {
			return may && err == nil, err
		}
	}
	return false, err
}

// Unconfirmed are the sign-ups whose confirmation is to be sent.
func (l *Ledger) Unconfirmed(ctx context.Context) (list []SignUp, err error) {
	var done []Write
	for entry, err := range l.store.Scan(ctx, Inbox, inboxConfirm) {
		if err != nil {
			return nil, err
		}
		s, ok, err := l.FindSignUp(ctx, strings.TrimPrefix(entry.Key, inboxConfirm))
		if err != nil {
			return nil, err
		}
		if ok && s.State() == "unconfirmed" && !s.Sent && s.Address != "" && l.now().Sub(s.asked()) < ConfirmFor {
			list = append(list, s)
		} else {
			done = append(done, Write{Table: Inbox, Key: entry.Key, Rev: entry.Rev})
		}
	}
	if len(done) > 0 {
		_, err = l.store.Apply(ctx, done...)
	}
	return list, err
}

// asked is when the confirmation was sent last, or is to be sent.
func (s SignUp) asked() time.Time {
	if s.Asked.After(s.At) {
		return s.Asked
	}
	return s.At
}

// ConfirmSignUp notes that the customer has confirmed a sign-up: they hold the address. Who had left is told again from now on. ok is
// false where it is not known, or too late.
func (l *Ledger) ConfirmSignUp(ctx context.Context, id string) (s SignUp, ok bool, err error) {
	s, ok, err = l.FindSignUp(ctx, id)
	if err != nil || !ok || s.Cancelled != "" || s.Address == "" || l.now().Sub(s.asked()) > ConfirmFor && s.Confirmed.IsZero() {
		return s, false, err
	}
	if !s.Confirmed.IsZero() {
		return s, true, nil
	}
	person := l.Person(s.Address)
	for _, c := range []Channel{s.Channel, ""} {
		note, found, err := get[Suppression](ctx, l.store, Suppressions, suppressionKey(person, c))
		if err != nil {
			return s, false, err
		}
		if found && (note.Reason == LeftUs || note.Reason == Forgotten) {
			if _, err := l.Unsuppress(ctx, person, c); err != nil {
				return s, false, err
			}
		}
	}
	s.Confirmed, s.FollowUp.Detail = l.now(), ""
	return s, true, l.SaveSignUp(ctx, &s)
}
