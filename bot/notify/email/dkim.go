package email

import (
	"fmt"

	"github.com/wneessen/go-mail"
)

// DKIM says how messages are signed (RFC 6376).
type DKIM struct {
	Domain   string        // default would not align: it must be that of the sender or above
	Selector string        // the key stands at SELECTOR._domainkey.DOMAIN
	Key      func() string // private key in PEM: RSA or Ed25519
}

// signed are the headers that a signature covers. RFC 8058 section 4 wants both about unsubscribing among them, which the
// library's own list leaves out.
func signed() []string {
	return []string{
		"From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type", "Auto-Submitted",
		"List-Unsubscribe", "List-Unsubscribe-Post",
	}
}

func (d *DKIM) signer() (*mail.DKIMSigner, error) {
	key, err := mail.PrivKeyFromPEM([]byte(d.Key()))
	if err != nil {
		return nil, fmt.Errorf("the DKIM key is no private key in PEM: %w", err)
	}
	s := mail.NewDKIMSigner(d.Domain, d.Selector, key)
	s.SignHeaders(signed()...)
	if err := s.ValidateConfig(); err != nil {
		return nil, fmt.Errorf("DKIM: %w", err)
	}
	return s, nil
}
