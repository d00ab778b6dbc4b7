package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Suppression says that a person is not to be told any more, over one channel or over all. It holds no address.
type Suppression struct {
	Who     string    `json:"who"`               // see Ledger.Person
	Channel Channel   `json:"channel,omitempty"` // "" is all
	Reason  Reason    `json:"reason"`
	Source  string    `json:"source"` // "link", "one-click", "sms STOP", "bounce …", "by ops@host"
	At      time.Time `json:"at"`
	// Written is when the CRM knew of it; an unsubscription must be known everywhere within five working days.
	Written time.Time `json:"written,omitzero"`
}

// personSize is how many hexadecimal digits of a hash name a person: 80 bits, short enough for a link in a text message.
const personSize = 20

// Person names whoever has an address, without the address: the first part of a keyed hash.
func (l *Ledger) Person(address string) string {
	if l.Vault != nil {
		return l.Vault.Who(address)[:personSize]
	}
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(address))))
	return hex.EncodeToString(sum[:])[:personSize]
}

// personOf names the recipient of a notification.
func (l *Ledger) personOf(n *Notification) string {
	if l.Vault != nil && len(n.Who) >= personSize && n.Address != "" {
		return n.Who[:personSize]
	}
	return l.Person(n.Address)
}

func suppressionKey(person string, c Channel) string {
	if c == "" {
		c = "all"
	}
	return person + "/" + string(c)
}

// Suppress notes that a person is not to be told any more. It is on disk when it returns; a message that is not on record as
// leaving by then does not leave. The first note stays.
func (l *Ledger) Suppress(ctx context.Context, s Suppression) error {
	if len(s.Who) != personSize {
		return fmt.Errorf("%q names no person", s.Who)
	}
	if s.At.IsZero() {
		s.At = l.now()
	}
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = l.store.Apply(ctx, Write{Table: Suppressions, Key: suppressionKey(s.Who, s.Channel), Value: value}) // a conflict: it stands there already
	if err == nil && s.Reason == LeftUs {
		err = l.knock(ctx, inboxLeft+s.Who)
	}
	return err
}

// Unsuppress lets a person be told again over a channel, "" being the note about all. It reports whether there was such a note.
func (l *Ledger) Unsuppress(ctx context.Context, person string, c Channel) (bool, error) {
	entry, err := l.store.Get(ctx, Suppressions, suppressionKey(person, c))
	if err != nil || entry.Rev == 0 {
		return false, err
	}
	return true, l.apply(ctx, []Write{{Table: Suppressions, Key: entry.Key, Rev: entry.Rev}})
}

// Suppressed returns why a person is not to be told over a channel; ok is false where nothing speaks against it.
func (l *Ledger) Suppressed(ctx context.Context, person string, c Channel) (s Suppression, ok bool, err error) {
	for _, key := range []string{suppressionKey(person, c), suppressionKey(person, "")} {
		entry, err := l.store.Get(ctx, Suppressions, key)
		if err != nil {
			return s, false, err
		}
		if entry.Rev != 0 {
			if err := json.Unmarshal(entry.Value, &s); err != nil {
				return s, false, fmt.Errorf("suppression %s: %w: %w", key, errDecode, err)
			}
			return s, true, nil
		}
	}
	return s, false, nil
}

// stops returns why a message must not be sent: by its address and channel, or because its customer wants nothing at all, said
// at another of the addresses that we know.
func (l *Ledger) stops(ctx context.Context, n *Notification) (s Suppression, ok bool, err error) {
	if s, ok, err = l.Suppressed(ctx, l.personOf(n), n.Channel); ok || err != nil {
		return s, ok, err
	}
	for _, other := range []string{n.Subscription.Email, E164(n.Subscription.Phone)} {
		if other == "" || other == n.Address {
			continue
		}
		if s, ok, err = l.Suppressed(ctx, l.Person(other), ""); ok || err != nil {
			return s, ok, err
		}
	}
	return s, false, nil
}

// Suppressions returns all of them.
func (l *Ledger) Suppressions(ctx context.Context) ([]Suppression, error) {
	var list []Suppression
	for s, err := range decoded[Suppression](l.store.Scan(ctx, Suppressions, "")) {
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// unplan takes a planned message out of the plan.
func (n *Notification) unplan(why Reason, detail string) {
	n.State, n.Reason = Suppressed, why
	c := &n.Changes[len(n.Changes)-1]
	c.To, c.Reason, c.Detail = Suppressed, why, detail
}

// suppressPlan takes out of a plan whoever is not to be told any more.
func (l *Ledger) suppressPlan(ctx context.Context, plan []Notification) error {
	for i := range plan {
		n := &plan[i]
		if n.State != Queued {
			continue
		}
		s, ok, err := l.stops(ctx, n)
		if err != nil {
			return err
		}
		if ok {
			n.unplan(s.Reason, s.Source)
		}
	}
	return nil
}

// stoppedOf finds among messages that are on record as leaving those whose recipients have left meanwhile. The record comes
// first, so an unsubscription is either seen here, or came after the message was on its way.
func (d *desk) stoppedOf(ctx context.Context, list []*Notification) (gone []*Notification, why map[*Notification]Suppression, err error) {
	why = map[*Notification]Suppression{}
	for _, n := range list {
		s, ok, err := d.bot.Ledger.stops(ctx, n)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			gone = append(gone, n)
			why[n] = s
		}
	}
	return gone, why, nil
}

// Left returns why the person of a notification gets no more messages; ok is false where nothing speaks against it. It works on
// notifications that were not unsealed.
func (l *Ledger) Left(ctx context.Context, n *Notification) (s Suppression, ok bool, err error) {
	if len(n.Who) < personSize {
		return l.stops(ctx, n)
	}
	return l.Suppressed(ctx, n.Who[:personSize], n.Channel)
}
