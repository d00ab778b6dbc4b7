package flows

import (
	"cmp"
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"restock/bot"
	"restock/selectors"
)

// login logs in, unless the site has no log-in. Credentials that the site refused are not tried again until they change. With
// an account, one logs in at a time.
func (v *visit) login(ctx context.Context) error {
	if v.site.Login == nil {
		return nil
	}
	flow := v.flow
	v.flow = "login" // stays so where it fails, so that the error names it
	credentials, err := v.credentials()
	if err != nil {
		return err
	}
	v.page.Watch(nil)
	v.page.Reading(false)
	account := v.account(credentials)
	done, err := v.s.Guard.LogIn(ctx, account)
	if err != nil {
		return err
	}
	defer done()
	alive := false
	if v.who == "" { // a page that has not been logged in yet
		if alive, err = v.restore(ctx, account); err != nil {
			return err
		}
	}
	v.who = account
	if !alive {
		if err := v.checkRefused(ctx, credentials); err != nil {
			return err
		}
		if err := v.tryLogin(ctx, v.site.Login, credentials); err != nil {
			return err
		}
		if err := v.keep(ctx); err != nil && ctx.Err() == nil {
			v.log("the session cannot be kept: " + bot.Clean(err.Error()))
		}
	}
	v.page.Watch(v.interruptions())
	v.flow = flow
	v.page.Reading(v.reads())
	return nil
}

func (v *visit) tryLogin(ctx context.Context, l *selectors.Login, credentials string) error {
	if err := v.open(ctx, l.Open); err != nil {
		return err
	}
	v.submitted = true // until it is known how it ended: a password is not sent over and over to a site that is not well
	stepErr := v.run(ctx, l.Steps, nil)
	doing, place := v.doing, v.place
	v.doing, v.place = "log in", l.Done.Pos.String()
	ends := []selectors.Condition{l.Done}
	for _, no := range []*selectors.Condition{l.Refused, l.Locked} {
		if no != nil {
			ends = append(ends, *no)
		}
	}
	limit := v.openLimit()
	if stepErr != nil {
		limit = v.stepLimit() / 10 // the page that stopped the steps may be the refusal
	}
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	end, err := v.first(waiting, ends...)
	switch {
	case err == nil && end == 0:
		v.submitted = false
	case err == nil && (end == 2 || l.Refused == nil):
		return v.refused(ctx, l, l.Locked, credentials)
	case err == nil:
		return v.refused(ctx, l, l.Refused, credentials)
	case stepErr != nil: // that is the cause, and not that nobody is logged in
		v.doing, v.place = doing, place
		return stepErr
	}
	return err
}

// refused remembers that the site said no, by one sign or the other.
func (v *visit) refused(ctx context.Context, l *selectors.Login, sign *selectors.Condition, credentials string) error {
	print, err := fingerprint(credentials, nil)
	why := ""
	if sign == l.Locked {
		why = "locked"
	}
	if err == nil {
		err = v.s.Guard.Refuse(context.WithoutCancel(ctx), v.site.Site, bot.Refusal{Fingerprint: print, At: v.s.Now(), Why: why})
	}
	if err != nil {
		return err
	}
	v.submitted = false // it is known how it ended
	fail := &bot.StepError{
		Class: bot.Auth, Place: sign.Pos.String(), Expected: "to be logged in (" + l.Done.String() + ")",
		Found: "the site refused the user name or password (" + sign.String() + ")",
		Hint: "correct " + strings.Join(v.loginSecrets(), " or ") + "; restock does not try them again until they change, " +
			"so that the account is not locked",
	}
	if why != "" {
		fail.Found = "the account is locked, or a person must do something first (" + sign.String() + ")"
		fail.Hint = "log in by hand with the account and put it right; restock tries again when the password has changed, or after `restock sessions forget " + v.site.Site + "`"
	}
	return fail
}

func (v *visit) checkRefused(ctx context.Context, credentials string) error {
	r, ok, err := v.s.Guard.Refused(ctx, v.site.Site)
	if err != nil || !ok {
		return err
	}
	salt, _, _ := strings.Cut(r.Fingerprint, ":")
	raw, err := hex.DecodeString(salt)
	if err != nil {
		return err
	}
	print, err := fingerprint(credentials, raw)
	if err != nil || subtle.ConstantTimeCompare([]byte(print), []byte(r.Fingerprint)) == 0 {
		return err
	}
	v.doing, v.place = "log in", v.site.Login.Pos.String()
	return &bot.StepError{
		Class: bot.Auth, Expected: "credentials that were not refused yet",
		Found: fmt.Sprintf("the ones that the site refused on %s; nothing was tried", r.At.In(cmp.Or(v.s.Zone, time.UTC)).Format("2006-01-02 15:04 MST")),
		Hint:  "correct " + strings.Join(v.loginSecrets(), " or ") + ", then run again; `restock sessions forget " + v.site.Site + "` lets the same be tried again",
	}
}

func (v *visit) loginSecrets() []string {
	only := selectors.Site{Login: v.site.Login}
	return only.Secrets()
}

// credentials joins what the log-in types: user name and password, wherever they come from.
func (v *visit) credentials() (string, error) {
	var all []string
	for s := range selectors.Every(v.site.Login.Steps) {
		for _, f := range s.Fields {
			text, err := f.Value.Expand(v.values())
			if err != nil {
				return "", err
			}
			all = append(all, text)
		}
	}
	return strings.Join(all, "\x00"), nil
}

// fingerprint is a slow salted hash: whoever reads the state cannot try passwords against it quickly.
func fingerprint(credentials string, salt []byte) (string, error) {
	if salt == nil {
		salt = make([]byte, 16)
		_, _ = rand.Read(salt) // never fails
	}
	key, err := pbkdf2.Key(sha256.New, credentials, salt, 100_000, 16)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(salt) + ":" + hex.EncodeToString(key), nil
}
