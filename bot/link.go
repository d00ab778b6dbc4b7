package bot

import (
	"context"
	"crypto/hmac"
	"encoding/base32"
	"encoding/base64"
	"strings"
)

// LinkUse is what a link of a message is for.
type LinkUse string

// The kinds of links. The trap is one that no person sees: whoever follows it is a program.
const (
	ProductLink LinkUse = "product"
	TrapLink    LinkUse = "trap"
)

// Of a notification's key so many characters, 80 bits, are in its link, with a seal of 88 bits.
const (
	linkPrefix = 16
	linkSize   = linkPrefix * 5 / 8
	linkSeal   = 11
)

// linkMark is the first character of a link's token: which version of tokens it is, and the kind. A later version, or another
// secret, gets other marks, so that both can be read for a while.
func linkMark(kind LinkUse) string {
	if kind == TrapLink {
		return "t"
	}
	return "p"
}

// Link writes which notification a link is of into a token of 29 characters: opaque, and forged by nobody without the secret. It
// holds no address: where the link leads is looked up when it is followed.
func (v *Vault) Link(key string, kind LinkUse) string {
	if len(key) < linkPrefix {
		return ""
	}
	id, err := base32.StdEncoding.DecodeString(strings.ToUpper(key[:linkPrefix]))
	if err != nil {
		return ""
	}
	return linkMark(kind) + base64.RawURLEncoding.EncodeToString(append(id, v.linkMAC(id, kind)...))
}

func (v *Vault) linkMAC(id []byte, kind LinkUse) []byte {
	return derive(v.lookup, "restock/link/1/"+string(kind)+"/"+string(id))[:linkSeal]
}

// ReadLink returns the beginning of the key of the notification that a token names; ok is false for one that is not ours. The same
// work is done for every token of the right length.
func (v *Vault) ReadLink(token string) (prefix string, kind LinkUse, ok bool) {
	if len(token) != 1+base64.RawURLEncoding.EncodedLen(linkSize+linkSeal) {
		return "", "", false
	}
	kind = ProductLink
	if token[:1] == linkMark(TrapLink) {
		kind = TrapLink
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(token[1:])
	if err != nil || len(data) != linkSize+linkSeal {
		return "", "", false
	}
	good := hmac.Equal(data[linkSize:], v.linkMAC(data[:linkSize], kind))
	if !good || token[:1] != linkMark(kind) {
		return "", "", false
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(data[:linkSize])), kind, true
}

// SendID is what the shop's own statistics know a message by (utm_content): it says nothing, and opens nothing.
func SendID(key string) string { return key[:min(len(key), linkPrefix)] }

// Linked returns the notification whose key begins so, without what is sealed in it.
func (l *Ledger) Linked(ctx context.Context, prefix string) (n Notification, ok bool, err error) {
	if len(prefix) != linkPrefix {
		return n, false, nil
	}
	for entry, err := range l.store.Scan(ctx, Notifications, prefix) {
		n, err = l.bare().decode(ctx, entry, err)
		return n, err == nil, err
	}
	return n, false, nil
}

// Level returns what is known of one product of a job; ok is false where nothing is.
func (l *Ledger) Level(ctx context.Context, job, sku string) (level Level, ok bool, err error) {
	return get[Level](ctx, l.store, Levels, levelKey(job, sku))
}
