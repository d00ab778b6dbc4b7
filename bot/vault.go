package bot

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
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

// vaultKey is where the state keeps which secret it belongs to.
const vaultKey = "vault"

// Belongs makes sure that the vault is the one of this state: with another secret nothing could be read, and nobody who has left
// would be recognised. A new
// state takes the one that it is given.
func (l *Ledger) Belongs(ctx context.Context) error {
	mark := derive(l.Vault.lookup, "restock/check/1")
	entry, err := l.store.Get(ctx, Meta, vaultKey)
	if err != nil {
		return err
	}
	if entry.Rev == 0 {
		_, err := l.store.Apply(ctx, Write{Table: Meta, Key: vaultKey, Value: mark})
		return err
	}
	if !hmac.Equal(entry.Value, mark) {
		return &StateError{Err: errors.New("the secret STATE_KEY is not the one that this state was made with: put back the former one (secrets/STATE_KEY beside " +
			"restock.yaml, or where you keep it); without it nobody who has left is recognised, and no customer's data can be read")}
	}
	return nil
}

// Sealed reports whether a state was made with a secret.
func Sealed(ctx context.Context, store Store) (bool, error) {
	entry, err := store.Get(ctx, Meta, vaultKey)
	return entry.Rev != 0, err
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

// SealFile seals a file of that name, for whoever has the same secret.
func (v *Vault) SealFile(name string, plain []byte) []byte {
	return seal(v.wrap, plain, []byte("file/"+name))
}

// OpenFile opens what [Vault.SealFile] sealed under the same name.
func (v *Vault) OpenFile(name string, sealed []byte) ([]byte, error) {
	return unseal(v.wrap, sealed, []byte("file/"+name))
}

// personal is the key of a person, with a name that sealed data carry: somebody who was forgotten and comes back has another key,
// and what was sealed before stays closed.
type personal struct {
	cipher.AEAD
	id []byte
}

const idSize = 4

func newPersonal(raw []byte) (*personal, error) {
	aead, err := newAEAD(raw)
	return &personal{aead, derive(raw, "restock/id/1")[:idSize]}, err
}

func (k *personal) seal(plain, bound []byte) []byte {
	return append(append([]byte(nil), k.id...), seal(k.AEAD, plain, bound)...)
}

// fits reports whether data were sealed with this key.
func (k *personal) fits(sealed []byte) bool {
	return len(sealed) > idSize && bytes.Equal(sealed[:idSize], k.id)
}

func unseal(key cipher.AEAD, sealed, bound []byte) ([]byte, error) {
	if len(sealed) < key.NonceSize() {
		return nil, errWire
	}
	return key.Open(nil, sealed[:key.NonceSize()], sealed[key.NonceSize():], bound)
}
