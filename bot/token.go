package bot

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
)

// Token writes a person and a channel into a link by which they leave: opaque, and forged by nobody without the secret. It
// needs no record and so works for ever. 25 characters.
func (v *Vault) Token(person string, c Channel) string {
	who, err := hex.DecodeString(person)
	if err != nil || len(who) != personSize/2 {
		return ""
	}
	return tokenMark(c) + base64.RawURLEncoding.EncodeToString(append(who, v.mac(who, c)...))
}

const macSize = 8 // bytes; a guess has one chance in 2^64, and is seen in the log long before

func (v *Vault) mac(who []byte, c Channel) []byte {
	return derive(v.lookup, "restock/leave/1/"+string(c)+"/"+string(who))[:macSize]
}

// tokenMark is the first character of a token: which version of tokens it is, and the channel.
func tokenMark(c Channel) string {
	if c == SMS {
		return "s"
	}
	return "e"
}

// ReadToken returns whom a token names; ok is false for one that is not ours.
func (v *Vault) ReadToken(token string) (person string, c Channel, ok bool) {
	if len(token) != 1+base64.RawURLEncoding.EncodedLen(personSize/2+macSize) {
		return "", "", false
	}
	c = Email
	if token[0] == 's' {
		c = SMS
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(token[1:])
	if err != nil || tokenMark(c) != token[:1] || len(data) != personSize/2+macSize {
		return "", "", false
	}
	who, mac := data[:personSize/2], data[personSize/2:]
	if !hmac.Equal(mac, v.mac(who, c)) {
		return "", "", false
	}
	return hex.EncodeToString(who), c, true
}
