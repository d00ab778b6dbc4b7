package email

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/emersion/go-msgauth/dkim"
)

// DKIM says how messages are signed (RFC 6376). go-mail signs too, but its signature is wrong as soon as the list of headers is
// longer than a line.
type DKIM struct {
	Domain   string        // that of the sender or above, or the signature does not count for DMARC
	Selector string        // the key stands at SELECTOR._domainkey.DOMAIN
	Key      func() string // private key in PEM: RSA or Ed25519
}

// signed are the headers that a signature covers. RFC 8058 section 4 wants both about unsubscribing among them.
func signed() []string {
	return []string{
		"From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type", "Auto-Submitted",
		"List-Unsubscribe", "List-Unsubscribe-Post",
	}
}

// minRSA is the shortest key that mailbox providers take (RFC 8301).
const minRSA = 1024

// options prepares the signing; it fails on a key that nobody would believe.
func (d *DKIM) options() (*dkim.SignOptions, error) {
	block, _ := pem.Decode([]byte(d.Key()))
	if block == nil {
		return nil, errors.New("the DKIM key is no private key in PEM")
	}
	var key any
	var err error
	if block.Type == "RSA PRIVATE KEY" {
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	} else {
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, fmt.Errorf("the DKIM key cannot be read: %w", err)
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < minRSA {
			return nil, fmt.Errorf("the DKIM key has %d bits: expected 2048", k.N.BitLen())
		}
	case ed25519.PrivateKey:
	default:
		return nil, fmt.Errorf("the DKIM key is a %T: expected RSA or Ed25519", key)
	}
	return &dkim.SignOptions{
		Domain: d.Domain, Selector: d.Selector, Signer: key.(crypto.Signer), HeaderKeys: signed(),
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	}, nil
}

// sign puts the signature before a message.
func (s *Sender) sign(message []byte) ([]byte, error) {
	if s.signing == nil {
		return message, nil
	}
	var b bytes.Buffer
	b.Grow(len(message) + 1<<10)
	if err := dkim.Sign(&b, bytes.NewReader(message), s.signing); err != nil {
		return nil, fmt.Errorf("DKIM: %w", err)
	}
	return b.Bytes(), nil
}

// PublicKey is what the record in the DNS must say as p=, in base64.
func (d *DKIM) PublicKey() (string, error) {
	o, err := d.options()
	if err != nil {
		return "", err
	}
	if public, ok := o.Signer.Public().(ed25519.PublicKey); ok {
		return base64.StdEncoding.EncodeToString(public), nil
	}
	der, err := x509.MarshalPKIXPublicKey(o.Signer.Public())
	return base64.StdEncoding.EncodeToString(der), err
}
