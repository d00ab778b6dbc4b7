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
	code := ""
	if s.Secret.Empty() {
		code, err = v.askCode(ctx, s)
	} else {
		code, err = v.makeCode(ctx, s)
	}
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, v.stepLimit())
	defer stop()
	return v.act(ctx, selectors.Action{Do: "fill", Element: s.Element, Text: code, Secret: true})
}

// makeCode makes the code of a time step that was not used yet and lasts long enough to be typed.
func (v *visit) makeCode(ctx context.Context, s selectors.Step) (string, error) {
	secret, err := s.Secret.Expand(v.values())
	if err != nil {
		return "", err
	}
	now := v.s.Now()
	for range 3 {
		left := 30 - now.Unix()%30
		if left >= 3 {
			fresh, err := v.s.Guard.Code(ctx, v.who, now.Unix()/30)
			if err != nil {
				return "", err
			}
			if fresh {
				break
			}
		}
		if err := pauseFor(ctx, time.Duration(left)*time.Second); err != nil {
			return "", err
		}
		now = now.Add(time.Duration(left) * time.Second)
	}
	code, err := totp(secret, now)
	if err != nil {
		return "", &bot.StepError{Class: bot.Config, Expected: "a base32 key for one-time codes", Found: err.Error(), Hint: "copy the key that the site shows when two-factor log-in is set up"}
	}
	return code, nil
}

// askLimit is how long a person has to give a code, unless the step says within:.
const askLimit = 5 * time.Minute

// askCode asks a person for the code that the site has sent to one.
func (v *visit) askCode(ctx context.Context, s selectors.Step) (string, error) {
	limit := s.Within
	if limit == 0 {
		limit = askLimit
	}
	asking, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	q := bot.Question{
		Site: v.site.Site, Text: "the one-time code of the log-in to " + v.site.Site, Asked: v.s.Now(), Deadline: v.s.Now().Add(limit),
	}
	v.log("ask a person for the code")
	if v.s.OnQuestion != nil {
		v.s.OnQuestion(q)
	}
	code, err := v.s.Guard.Ask(asking, q)
	if err != nil && ctx.Err() == nil && asking.Err() != nil {
		return "", &bot.StepError{
			Class: bot.MFA, Expected: fmt.Sprintf("a code within %s", limit), Found: "nobody gave one",
			Hint: "when the site asks, run `restock otp " + v.site.Site + " CODE`; or give the key of the codes as secret: in the selector file",
		}
	}
	return strings.TrimSpace(code), err
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
