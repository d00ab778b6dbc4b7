package bot

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// personKey returns the key of a person, or nil where it was erased.
func (l *Ledger) personKey(ctx context.Context, who string) (*personal, error) {
	entry, err := l.store.Get(ctx, People, who)
	if err != nil {
		return nil, err
	}
	return l.unwrap(entry)
}

// unwrap reads the key of a person, or nil where it was erased.
func (l *Ledger) unwrap(entry Entry) (*personal, error) {
	if entry.Rev == 0 {
		return nil, nil
	}
	key, err := unseal(l.Vault.wrap, entry.Value, []byte(entry.Key))
	if err != nil {
		return nil, fmt.Errorf("the key of person %s cannot be read: is the secret STATE_KEY another one than before? %w", entry.Key, err)
	}
	return newPersonal(key)
}

// keyOf returns the key of a person, a new one for somebody new.
func (l *Ledger) keyOf(ctx context.Context, who string) (*personal, error) {
	key, err := l.personKey(ctx, who)
	if err != nil || key != nil {
		return key, err
	}
	key, write, err := l.newKey(who)
	if err != nil {
		return nil, err
	}
	out, err := l.store.Apply(ctx, write)
	if err != nil {
		return nil, err
	}
	if out[0].Conflict { // somebody else has met the same person
		return l.personKey(ctx, who)
	}
	return key, nil
}

// newKey makes a key of somebody new; it holds once the write is done.
func (l *Ledger) newKey(who string) (*personal, Write, error) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	key, err := newPersonal(raw)
	return key, Write{Table: People, Key: who, Value: seal(l.Vault.wrap, raw, []byte(who))}, err
}

// seal makes the customer's data of notifications unreadable in the store. Persons that are new get their keys first.
func (l *Ledger) seal(ctx context.Context, list []*Notification) error {
	if l.Vault == nil {
		return nil
	}
	err := l.sealOnce(ctx, list)
	if errors.Is(err, ErrConflict) { // another process has met the same person
		err = l.sealOnce(ctx, list)
	}
	return err
}

func (l *Ledger) sealOnce(ctx context.Context, list []*Notification) error {
	keys := map[string]*personal{}
	var writes []Write
	for _, n := range list {
		if n.sealed != nil {
			continue
		}
		n.Who = l.Vault.whoOf(n)
		if _, known := keys[n.Who]; known {
			continue
		}
		key, err := l.personKey(ctx, n.Who)
		if err != nil {
			return err
		}
		if key == nil {
			var write Write
			if key, write, err = l.newKey(n.Who); err != nil {
				return err
			}
			writes = append(writes, write)
		}
		keys[n.Who] = key
	}
	if err := l.apply(ctx, writes); err != nil {
		return err
	}
	for _, n := range list {
		if n.sealed == nil {
			var w writer
			n.writePersonal(&w)
			n.sealed = keys[n.Who].seal(w.b, []byte(n.Key))
		}
	}
	return nil
}

// unseal makes the customer's data of a notification readable; those of a person who was erased stay empty.
func (l *Ledger) unseal(ctx context.Context, n *Notification) error {
	if n.sealed == nil || l.Vault == nil {
		return nil
	}
	key, err := l.personKey(ctx, n.Who)
	if err != nil {
		return err
	}
	return n.open(key)
}

// open makes the customer's data readable with the key of the person.
func (n *Notification) open(key *personal) error {
	if key == nil || !key.fits(n.sealed) {
		n.Erased = true
		return nil
	}
	plain, err := unseal(key.AEAD, n.sealed[idSize:], []byte(n.Key))
	if err != nil {
		return fmt.Errorf("%w: %w", errWire, err)
	}
	return n.readPersonal(plain)
}
