package bot

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Vault seals what tells who a customer is, with a key for each person, which is kept wrapped in the table People. Without
// that key, nothing of the person can be read any more, wherever copies of the record are: see [Ledger.Erase]. Persons are
// found by a keyed hash of their address.
type Vault struct {
	lookup []byte
	wrap   cipher.AEAD
}

// NewVault makes a vault from the secret of the installation.
func NewVault(secret []byte) (*Vault, error) {
	if len(secret) < 16 {
		return nil, errors.New("the secret that seals customers' data must have at least 16 characters")
	}
	wrap, err := newAEAD(derive(secret, "restock/wrap/1"))
	return &Vault{lookup: derive(secret, "restock/who/1"), wrap: wrap}, err
}

func derive(secret []byte, purpose string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(purpose))
	return h.Sum(nil)
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Who names a person by an address or phone number: a keyed hash, which says nothing to whoever has not the secret.
func (v *Vault) Who(address string) string {
	return hex.EncodeToString(derive(v.lookup, strings.ToLower(strings.TrimSpace(address)))[:16])
}

// whoOf is the person of a notification: the address that it goes to, or else what is known.
func (v *Vault) whoOf(n *Notification) string {
	for _, address := range []string{n.Address, n.Subscription.Email, E164(n.Subscription.Phone)} {
		if address != "" {
			return v.Who(address)
		}
	}
	return v.Who("request " + n.Job + "/" + n.Subscription.ID)
}

func seal(key cipher.AEAD, plain, bound []byte) []byte {
	nonce := make([]byte, key.NonceSize(), key.NonceSize()+len(plain)+key.Overhead())
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the program instead
	return key.Seal(nonce, nonce, plain, bound)
}

func unseal(key cipher.AEAD, sealed, bound []byte) ([]byte, error) {
	if len(sealed) < key.NonceSize() {
		return nil, errWire
	}
	return key.Open(nil, sealed[:key.NonceSize()], sealed[key.NonceSize():], bound)
}

// personKey returns the key of a person, or nil where it was erased.
func (l *Ledger) personKey(ctx context.Context, who string) (cipher.AEAD, error) {
	entry, err := l.store.Get(ctx, People, who)
	if err != nil || entry.Rev == 0 {
		return nil, err
	}
	key, err := unseal(l.Vault.wrap, entry.Value, []byte(who))
	if err != nil {
		return nil, fmt.Errorf("the key of person %s cannot be read: is the secret STATE_KEY another one than before? %w", who, err)
	}
	return newAEAD(key)
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
	keys := map[string]cipher.AEAD{}
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
			raw := make([]byte, 32)
			_, _ = rand.Read(raw)
			if key, err = newAEAD(raw); err != nil {
				return err
			}
			writes = append(writes, Write{Table: People, Key: n.Who, Value: seal(l.Vault.wrap, raw, []byte(n.Who))})
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
			n.sealed = seal(keys[n.Who], w.b, []byte(n.Key))
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
	if err != nil || key == nil {
		n.Erased = key == nil && err == nil
		return err
	}
	plain, err := unseal(key, n.sealed, []byte(n.Key))
	if err != nil {
		return fmt.Errorf("%w: %w", errWire, err)
	}
	return n.readPersonal(plain)
}
