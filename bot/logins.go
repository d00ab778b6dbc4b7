package bot

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Refusal remembers that a site refused certain credentials, so that they are not tried again: most systems lock an
// account after a few wrong passwords.
type Refusal struct {
	Fingerprint string    `json:"fingerprint"` // of user name and password; they cannot be got back from it
	At          time.Time `json:"at"`
	Why         string    `json:"why,omitempty"` // "locked", if not simply refused
}

// Refused returns the last refusal of a site; ok is false if there was none.
func (l *Ledger) Refused(ctx context.Context, site string) (r Refusal, ok bool, err error) {
	entry, err := l.store.Get(ctx, LogIns, site)
	if err != nil || entry.Rev == 0 {
		return r, false, err
	}
	return r, true, json.Unmarshal(entry.Value, &r)
}

// Refuse remembers a refusal.
func (l *Ledger) Refuse(ctx context.Context, site string, r Refusal) error {
	return l.put(ctx, LogIns, site, func([]byte) (any, error) { return r, nil })
}

// Log-ins with one account come one after the other: a second one would end the session of the first, or lock the account.
const (
	logInLife = 3 * time.Minute // how long one may take at most
	logInWait = 5 * time.Minute // how long another one waits for it
)

// LogIn waits until nobody else logs in with an account. done lets the next one in.
func (l *Ledger) LogIn(ctx context.Context, account string) (done func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, logInWait)
	defer cancel()
	key := "log-in/" + account
	for {
		release, ok, err := l.reserve(waiting, key, "a log-in", logInLife) // one that asks a person takes minutes
		if err != nil && waiting.Err() == nil {
			return nil, err
		}
		if ok {
			return func() { _ = release() }, nil // it ends by itself
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-waiting.Done():
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, &StepError{
				Class: Auth, Expected: "no other log-in with this account at the same time", Found: fmt.Sprintf("one for more than %s", logInWait),
				Hint: "look at `restock runs`: which run logs in?",
			}
		}
	}
}

// Code uses up the one-time code of a time step: a site takes each once (RFC 6238, section 5.2).
func (l *Ledger) Code(ctx context.Context, account string, step int64) (fresh bool, err error) {
	err = l.put(ctx, LogIns, "code/"+account, func(old []byte) (any, error) {
		var last int64
		if old != nil {
			if err := json.Unmarshal(old, &last); err != nil {
				return nil, err
			}
		}
		fresh = step > last
		return max(step, last), nil
	})
	if errors.Is(err, ErrConflict) { // somebody else was at it: at the next step, then
		return false, nil
	}
	return fresh, err
}

// Session returns what was kept of a site's session; it is encrypted.
func (l *Ledger) Session(ctx context.Context, site string) ([]byte, error) {
	entry, err := l.store.Get(ctx, Sessions, site)
	if err != nil || entry.Rev == 0 {
		return nil, err
	}
	return entry.Value, nil
}

// KeepSession keeps the encrypted session of a site; nil forgets it.
func (l *Ledger) KeepSession(ctx context.Context, site string, sealed []byte) error {
	entry, err := l.store.Get(ctx, Sessions, site)
	if err != nil || sealed == nil && entry.Rev == 0 {
		return err
	}
	_, err = l.store.Apply(ctx, Write{Table: Sessions, Key: site, Value: sealed, Rev: entry.Rev}) // a conflict: another one is as good
	return err
}

// Question is something that only a person can answer: a one-time code.
type Question struct {
	ID       string    `json:"id"`
	Site     string    `json:"site"`
	Text     string    `json:"text"`
	Asked    time.Time `json:"asked"`
	Deadline time.Time `json:"deadline"`
	Answer   string    `json:"answer,omitempty"`
}

// Ask waits for a person's answer, at most until the context ends. The question is gone afterwards.
func (l *Ledger) Ask(ctx context.Context, q Question) (answer string, err error) {
	q.ID = rand.Text()
	if err := l.put(ctx, Questions, q.Site, func([]byte) (any, error) { return q, nil }); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, l.forgetQuestion(context.WithoutCancel(ctx), q)) }()
	for {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
		now, err := l.Questions(ctx)
		if err != nil {
			return "", err
		}
		for _, one := range now {
			if one.ID == q.ID && one.Answer != "" {
				return one.Answer, nil
			}
		}
	}
}

func (l *Ledger) forgetQuestion(ctx context.Context, q Question) error {
	entry, err := l.store.Get(ctx, Questions, q.Site)
	var now Question
	if err == nil && entry.Rev != 0 && json.Unmarshal(entry.Value, &now) == nil && now.ID == q.ID { // else it is another one's
		_, err = l.store.Apply(ctx, Write{Table: Questions, Key: q.Site, Rev: entry.Rev})
	}
	return err
}

// Questions returns what waits for a person.
func (l *Ledger) Questions(ctx context.Context) ([]Question, error) {
	var list []Question
	for q, err := range decoded[Question](l.store.Scan(ctx, Questions, "")) {
		if err != nil {
			return nil, err
		}
		list = append(list, q)
	}
	return list, nil
}

// Answer gives a person's answer to the question of a site; "" is the only one that waits.
func (l *Ledger) Answer(ctx context.Context, site, answer string) (Question, error) {
	list, err := l.Questions(ctx)
	if err != nil {
		return Question{}, err
	}
	for _, q := range list {
		if q.Site != site && (site != "" || len(list) > 1) || l.now().After(q.Deadline) {
			continue
		}
		q.Answer = answer
		return q, l.put(ctx, Questions, q.Site, func([]byte) (any, error) { return q, nil })
	}
	return Question{}, fmt.Errorf("nobody waits for a code%s: it is asked for when a log-in wants one, and for a few minutes only", forSite(site, list))
}

func forSite(site string, list []Question) string {
	if site == "" && len(list) > 1 {
		return " of one site only; give the site's name"
	}
	if site == "" {
		return ""
	}
	return " for " + site
}
