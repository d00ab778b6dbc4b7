package flows

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"restock/bot"
	"restock/selectors"
)

// otpLooks is how long a code field may take to show up: it comes only when the site asks for a code.
const otpLooks = 3 * time.Second

// otp types a one-time code if the site asks for one.
func (v *visit) otp(ctx context.Context, s selectors.Step) error {
	looking, cancel := context.WithTimeout(ctx, otpLooks)
	defer cancel()
	ends := []selectors.Condition{{Visible: s.Element}, v.site.Login.Done}
	end, err := v.first(looking, ends...)
	if err != nil || end == 1 {
		if ctx.Err() != nil {
			return err
		}
		return nil // no code is asked for
	}
	secret, err := s.Secret.Expand(v.values())
	if err != nil {
		return err
	}
	now := v.s.Now()
	used := v.s.otpUsed[v.site.Site]
	if left := 30 - now.Unix()%30; left < 3 || now.Unix()/30 <= used { // old before it is read, or used already (RFC 6238 5.2)
		if err := pauseFor(ctx, time.Duration(left)*time.Second); err != nil {
			return err
		}
		now = now.Add(time.Duration(left) * time.Second)
	}
	code, err := totp(secret, now)
	if err != nil {
		return &bot.StepError{Class: bot.Config, Expected: "a base32 key for one-time codes", Found: err.Error(), Hint: "copy the key that the site shows when two-factor log-in is set up"}
	}
	if v.s.otpUsed == nil {
		v.s.otpUsed = map[string]int64{}
	}
	v.s.otpUsed[v.site.Site] = now.Unix() / 30
	ctx, stop := context.WithTimeout(ctx, v.stepLimit())
	defer stop()
	return v.act(ctx, selectors.Action{Do: "fill", Element: s.Element, Text: code, Secret: true})
}

// totp is RFC 6238 with its defaults: SHA-1, 30 seconds, 6 digits.
func totp(secret string, now time.Time) (string, error) {
	clean := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "=", "").Replace(secret))
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(clean)
	if err != nil || len(key) == 0 {
		return "", errors.New("something that is not base32") // without the value
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, uint64(now.Unix()/30)) // a hash never fails
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	code := binary.BigEndian.Uint32(sum[offset:offset+4]) & 0x7fffffff
	return fmt.Sprintf("%06d", code%1_000_000), nil
}
