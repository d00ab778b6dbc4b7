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
	person := l.Person(s.Address)
	left, gone, err := l.Suppressed(ctx, person, s.Channel)
	if err != nil || gone && left.Reason != LeftUs && left.Reason != Forgotten {
		return false, err // there is no such address
	}
	for range 3 {
		var times []time.Time
		err = l.put(ctx, Jobs, "asked/"+person, func(old []byte) (any, error) {
			if old != nil {
				if err := json.Unmarshal(old, &times); err != nil {
					return nil, err
				}
			}
			times = slices.DeleteFunc(times, func(t time.Time) bool { return l.now().Sub(t) > leftAsked })
			today := slices.DeleteFunc(slices.Clone(times), func(t time.Time) bool { return l.now().Sub(t) > 24*time.Hour })
			if may = len(today) < asksADay && (!gone || len(times) == 0); may {
				times = append(times, l.now())
			}
			return times, nil
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
		if ok && s.State() == "unconfirmed" && !s.Sent && s.Address != "" && l.now().Sub(s.At) < ConfirmFor {
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

// ConfirmSignUp notes that the customer has confirmed a sign-up: they hold the address. Who had left is told again from now on. ok is
// false where it is not known, or too late.
func (l *Ledger) ConfirmSignUp(ctx context.Context, id string) (s SignUp, ok bool, err error) {
	s, ok, err = l.FindSignUp(ctx, id)
	if err != nil || !ok || s.Cancelled != "" || s.Address == "" || l.now().Sub(s.At) > ConfirmFor && s.Confirmed.IsZero() {
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
