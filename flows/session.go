package flows

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"restock/bot"
	"restock/selectors"
)

// kept is a session between two runs, as it stands in the state: encrypted.
type kept struct {
	Account string            `json:"account"` // print of the site and the credentials: another password, another session
	Saved   time.Time         `json:"saved"`
	Misses  int               `json:"misses,omitempty"` // times in a row that it did not live any more
	Session selectors.Session `json:"session"`
}

// Limits of kept sessions.
const (
	maxMisses  = 3               // after so many it is not tried any more: this site's sessions do not outlive the browser
	proveLimit = 5 * time.Second // for the landmark to show
	saveLimit  = 3 * time.Second
)

// account names who logs in where, so that nobody can tell it from the name.
func (v *visit) account(credentials string) string {
	base, _ := v.site.Base.Expand(v.values()) // reported where the page is opened
	mac := hmac.New(sha256.New, v.s.Key)
	mac.Write([]byte(v.site.Site + "\x00" + base + "\x00" + credentials))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// restore gives the page the kept session and proves by the landmark that it still lives.
func (v *visit) restore(ctx context.Context, account string) (alive bool, err error) {
	k, ok := v.keptSession(ctx, account)
	if !ok || k.Misses >= maxMisses {
		v.misses = k.Misses
		return false, nil
	}
	undo, err := v.page.Restore(ctx, k.Session)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, undo(context.WithoutCancel(ctx))) }()
	if alive, err = v.landmark(ctx); err == nil {
		if v.misses = k.Misses + 1; alive {
			v.misses = 0
			v.log("still logged in from the run before")
		}
	}
	return alive, err
}

// landmark opens the page that shows whether a session lives. Anything but the landmark means that it does not.
func (v *visit) landmark(ctx context.Context) (bool, error) {
	l := v.site.Login
	address := l.Kept
	if address.Empty() {
		address = v.site.Base
	}
	if err := v.open(ctx, address); err != nil {
		if class := bot.ClassOf(err); class == bot.PageChanged || class == bot.SiteDown {
			return false, nil // it is opened again by the log-in, which says what is wrong
		}
		return false, err
	}
	looking, cancel := context.WithTimeout(ctx, proveLimit)
	defer cancel()
	ends := append([]selectors.Condition{l.Done}, v.loginForm()...)
	end, err := v.first(looking, ends...)
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	return err == nil && end == 0, nil
}

// keep remembers the session of a visit for the next run.
func (v *visit) keep(ctx context.Context) error {
	if len(v.s.Key) == 0 || v.site.Login == nil || v.site.Login.Fresh || v.who == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, saveLimit)
	defer cancel()
	session, err := v.page.Session(ctx)
	if err != nil {
		return err
	}
	sealed, err := v.s.seal(v.site.Site, kept{Account: v.who, Saved: v.s.Now(), Misses: v.misses, Session: session})
	if err != nil {
		return err
	}
	return v.s.Guard.KeepSession(ctx, v.site.Site, sealed)
}

// keptSession opens what was kept. What cannot be opened, or belongs to other credentials, is as good as nothing.
func (v *visit) keptSession(ctx context.Context, account string) (k kept, ok bool) {
	if len(v.s.Key) == 0 || v.site.Login.Fresh {
		return k, false
	}
	sealed, err := v.s.Guard.Session(ctx, v.site.Site)
	if err != nil || len(sealed) == 0 {
		return k, false
	}
	plain, err := v.s.unseal(v.site.Site, sealed)
	if err != nil || json.Unmarshal(plain, &k) != nil {
		v.log("the kept session cannot be decrypted: another key")
		return k, false
	}
	return k, k.Account == account
}

// seal encrypts a record with AES-GCM; it can be opened under the same site's name only.
func (s *Sites) seal(site string, record any) ([]byte, error) {
	plain, err := json.Marshal(record)
	if err != nil {
		return nil, err
	}
	aead, err := s.cipher()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return aead.Seal(nonce, nonce, plain, []byte(site)), nil
}

func (s *Sites) unseal(site string, sealed []byte) ([]byte, error) {
	aead, err := s.cipher()
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, errors.New("too short")
	}
	return aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], []byte(site))
}

func (s *Sites) cipher() (cipher.AEAD, error) {
	key := sha256.Sum256(s.Key)
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// loginForm are the signs that the page wants somebody to log in: the field that the password goes into, while nothing shows
// that we are in.
func (v *visit) loginForm() []selectors.Condition {
	l := v.site.Login
	if l == nil {
		return nil
	}
	var list []selectors.Condition
	for s := range selectors.Every(l.Steps) {
		for i, f := range s.Fields {
			if f.Value.Secret() && (s.Do == "fill" || s.Do == "type") && isPassword(f) {
				list = append(list, selectors.Condition{Pos: s.Pos, All: []selectors.Condition{{Visible: &s.Fields[i].Element}, {Not: &l.Done}}})
			}
		}
	}
	return list
}

// isPassword tells the field of the password from that of the user name by the name of the secret or of the element.
func isPassword(f selectors.FieldValue) bool {
	text := strings.ToLower(f.Element.Ref + " " + f.Element.String() + " " + f.Value.Text)
	for _, word := range []string{"pass", "kennwort", "contrase", "mot de passe", "wachtwoord", "pwd", "pin"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// ended reports whether a flow failed because the session has ended in a way that no interruption of the file describes: an
// answer that demands a log-in, or the address of the log-in in place of the page.
func (v *visit) ended(ctx context.Context, err error) bool {
	step, ok := errors.AsType[*bot.StepError](err)
	if v == nil || v.site.Login == nil || v.flow == "login" || !ok || step.Class != bot.PageChanged && step.Class != bot.DataContract {
		return false
	}
	if step.Status == 401 || step.Status == 419 || step.Status == 440 { // unauthorised; the session has expired
		return true
	}
	address, addressErr := v.site.Address(v.site.Login.Open, v.values())
	if addressErr == nil && step.URL != "" && sameDocument(step.URL, address) {
		return true
	}
	form := v.loginForm()
	if len(form) == 0 {
		return false
	}
	looking, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	v.page.Watch(nil)
	seen, err := v.page.See(looking, form...)
	for _, s := range seen {
		ok = ok && !s
	}
	return err == nil && !ok
}

// sameDocument compares two addresses without their queries.
func sameDocument(a, b string) bool {
	trim := func(s string) string {
		path, fragment, _ := strings.Cut(s, "#")
		path, _, _ = strings.Cut(path, "?")
		fragment, _, _ = strings.Cut(fragment, "?")
		return strings.TrimSuffix(path, "/") + "#" + strings.TrimSuffix(fragment, "/") // single-page applications keep their routes there
	}
	return trim(a) == trim(b)
}
