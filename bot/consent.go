package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// ConsentMark names a text that customers agree to. Forms send it along, so that what is kept as proof is what was shown, also where the
// text was changed since.
func ConsentMark(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// KeepConsent remembers a text that is shown from now on.
func (l *Ledger) KeepConsent(ctx context.Context, text string) error {
	mark := "consent/" + ConsentMark(text)
	if entry, err := l.store.Get(ctx, Meta, mark); err != nil || entry.Rev != 0 {
		return err
	}
	err := l.put(ctx, Meta, mark, func([]byte) (any, error) { return text, nil })
	if errors.Is(err, ErrConflict) { // another machine has written the same
		return nil
	}
	return err
}

// ConsentText returns the text of a mark; ok is false for one that was never shown.
func (l *Ledger) ConsentText(ctx context.Context, mark string) (text string, ok bool, err error) {
	return get[string](ctx, l.store, Meta, "consent/"+mark)
}
