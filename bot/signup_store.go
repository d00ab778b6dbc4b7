package bot

import (
	"context"
	"encoding/json"
	"fmt"
)

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

// personalPart is what of a sign-up is sealed.
type personalPart struct {
	Address  string `json:"address"`
	Customer string `json:"customer,omitempty"`
}
