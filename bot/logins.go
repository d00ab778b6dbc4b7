package bot

import (
	"context"
	"encoding/json"
	"time"
)

// Refusal remembers that a site refused certain credentials, so that they are not tried again: most systems lock an
// account after a few wrong passwords.
type Refusal struct {
	Fingerprint string    `json:"fingerprint"` // of user name and password; they cannot be got back from it
	At          time.Time `json:"at"`
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
