package bot

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// SignIn is what is remembered of the log-in of a site.
type SignIn struct {
	Site     string    `json:"site"`
	Kept     bool      `json:"kept"` // a session, encrypted
	Refused  *Refusal  `json:"refused,omitempty"`
	Question *Question `json:"question,omitempty"`
}

// SignIns lists what is remembered of log-ins, by the name of the site.
func (l *Ledger) SignIns(ctx context.Context) ([]SignIn, error) {
	all := map[string]*SignIn{}
	of := func(site string) *SignIn {
		if all[site] == nil {
			all[site] = &SignIn{Site: site}
		}
		return all[site]
	}
	for entry, err := range l.store.Scan(ctx, Sessions, "") {
		if err != nil {
			return nil, err
		}
		of(entry.Key).Kept = true
	}
	for entry, err := range l.store.Scan(ctx, LogIns, "") {
		if err != nil {
			return nil, err
		}
		if strings.Contains(entry.Key, "/") { // the codes that were used
			continue
		}
		var r Refusal
		if err := json.Unmarshal(entry.Value, &r); err != nil {
			return nil, err
		}
		of(entry.Key).Refused = &r
	}
	questions, err := l.Questions(ctx)
	if err != nil {
		return nil, err
	}
	for _, q := range questions {
		q.Answer = ""
		of(q.Site).Question = &q
	}
	var list []SignIn
	for _, site := range slices.Sorted(maps.Keys(all)) {
		list = append(list, *all[site])
	}
	return list, nil
}

// ForgetSignIn forgets the kept session and the refused credentials of a site.
func (l *Ledger) ForgetSignIn(ctx context.Context, site string) error {
	for _, table := range []Table{Sessions, LogIns} {
		entry, err := l.store.Get(ctx, table, site)
		if err != nil {
			return err
		}
		if entry.Rev == 0 {
			continue
		}
		if err := l.apply(ctx, []Write{{Table: table, Key: site, Rev: entry.Rev}}); err != nil {
			return err
		}
	}
	return nil
}
