package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"
)

// Hit is one request for a link of a message: what is evidence for who made it. The network is that of the address, which itself
// is not kept.
type Hit struct {
	At      time.Time `json:"at"`
	Method  string    `json:"method,omitempty"`  // "" is GET
	Agent   string    `json:"agent,omitempty"`   // the program's name for itself
	Purpose string    `json:"purpose,omitempty"` // what a browser says that fetches ahead
	Net     string    `json:"net,omitempty"`     // 203.0.113.0/24, 2001:db8:1::/48
	Trap    bool      `json:"trap,omitempty"`    // the link that no person sees
	Gone    bool      `json:"gone,omitempty"`    // the product was out again
	Keep    bool      `json:"keep,omitempty"`    // and the place was kept
	// Rule is the rule by which it is a program's, or "" for a person's. It is judged anew with every hit; see [Judge].
	Rule Rule `json:"rule,omitempty"`
}

// maxHits are kept of one message; what comes after that is only counted.
const maxHits = 32

// Clicks are all requests for the links of one message.
type Clicks struct {
	Key  string    `json:"key"` // of the notification
	Told time.Time `json:"told,omitzero"`
	Hits []Hit     `json:"hits"`
	More int       `json:"more,omitempty"` // hits of which nothing was kept
}

// All counts the requests.
func (c Clicks) All() int { return len(c.Hits) + c.More }

// Human returns when people followed the link to the product, in order.
func (c Clicks) Human() []time.Time {
	var list []time.Time
	for _, h := range c.Hits {
		if h.Rule == "" {
			list = append(list, h.At)
		}
	}
	return list
}

// Clicked yields the clicks of every message, judged by the rules as they are now.
func (l *Ledger) Clicked(ctx context.Context) iter.Seq2[Clicks, error] {
	return func(yield func(Clicks, error) bool) {
		for c, err := range decoded[Clicks](l.store.Scan(ctx, ClickTable, "")) {
			if err == nil && c.Told.IsZero() { // it was opened before the mail server had said that it took it
				c.Told, err = l.toldAt(ctx, c.Key)
			}
			l.Judge.Judge(&c)
			if !yield(c, err) {
				return
			}
		}
	}
}

// ClicksOf returns the clicks of one message, judged likewise.
func (l *Ledger) ClicksOf(ctx context.Context, key string) (Clicks, error) {
	c, _, err := get[Clicks](ctx, l.store, ClickTable, key)
	if err == nil && c.Told.IsZero() {
		c.Told, err = l.toldAt(ctx, key)
	}
	l.Judge.Judge(&c)
	return c, err
}

// toldAt is when a message was accepted.
func (l *Ledger) toldAt(ctx context.Context, key string) (time.Time, error) {
	n, _, err := l.bare().Find(ctx, key)
	return n.Told(), err
}

// get reads one record of JSON.
func get[T any](ctx context.Context, s Store, table Table, key string) (record T, ok bool, err error) {
	entry, err := s.Get(ctx, table, key)
	if err != nil || entry.Rev == 0 {
		return record, false, err
	}
	if err := json.Unmarshal(entry.Value, &record); err != nil {
		return record, false, fmt.Errorf("%s %s: %w: %w", table, key, errDecode, err)
	}
	return record, true, nil
}
