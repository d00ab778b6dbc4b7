package signin_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/web/admin"
	"restock/bot/web/signin"
	"restock/state/statetest"
)

// company is an OpenID Connect provider.
type company struct {
	*httptest.Server
	key      *rsa.PrivateKey
	claims   map[string]any // changed by a test: what the ID token says
	sign     func(unsigned string) string
	codes    map[string]url.Values // what began the log-in
	exchange int
}

func newCompany(t *testing.T) *company {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := &company{key: key, claims: map[string]any{}, codes: map[string]url.Values{}}
	c.sign = c.rs256
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": c.URL, "authorization_endpoint": c.URL + "/authorize", "token_endpoint": c.URL + "/token", "jwks_uri": c.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"keys": []any{map[string]string{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k", "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		code := rand.Text()
		c.codes[code] = r.URL.Query()
		http.Redirect(w, r, r.FormValue("redirect_uri")+"?code="+code+"&state="+url.QueryEscape(r.FormValue("state")), http.StatusSeeOther)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		c.exchange++
		begun, ok := c.codes[r.FormValue("code")]
		delete(c.codes, r.FormValue("code"))
		challenge := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if !ok || begun.Get("code_challenge") != encode(challenge[:]) || begun.Get("code_challenge_method") != "S256" {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		claims := map[string]any{
			"iss": c.URL, "sub": "u-1", "aud": "restock", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(), "nonce": begun.Get("nonce"),
			"email": "kim@example.com", "email_verified": true, "groups": []string{"staff"},
		}
		maps.Copy(claims, c.claims)
		body, _ := json.Marshal(claims)
		answer(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": c.sign(encode([]byte(`{"alg":"RS256","kid":"k","typ":"JWT"}`)) + "." + encode(body))})
	})
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (c *company) rs256(unsigned string) string {
	sum := sha256.Sum256([]byte(unsigned))
	signature, _ := rsa.SignPKCS1v15(rand.Reader, c.key, crypto.SHA256, sum[:])
	return unsigned + "." + encode(signature)
}

// desk is the operators' page with a provider.
type desk struct {
	*httptest.Server
	audit string
}

func newDesk(t *testing.T, c *company) *desk {
	t.Helper()
	d := &desk{audit: filepath.Join(t.TempDir(), "audit.log")}
	d.Server = httptest.NewServer(nil)
	t.Cleanup(d.Close)
	x := &admin.Access{Now: time.Now, Audit: d.audit, Provider: &signin.Provider{
		Issuer: c.URL, Client: "restock", Secret: "s", Callback: d.URL + admin.CallbackPath,
		Roles: map[string][]string{"viewer": {"staff"}, "operator": {"ops"}, "admin": {"chiefs"}},
	}}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	page := &admin.Admin{Ledger: bot.NewLedger(&statetest.Memory{}, time.Now), Access: x, Zone: time.UTC, Now: time.Now, Log: log}
	handler, err := page.Handler()
	if err != nil {
		t.Fatal(err)
	}
	d.Config.Handler = handler
	return d
}

func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

func get(t *testing.T, c *http.Client, address string) (int, string) {
	t.Helper()
	res, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// TestSignIn: somebody with a role gets in by their company's account, as what they are there; everything that is not just so is refused.
func TestSignIn(t *testing.T) {
	for name, c := range map[string]struct {
		claims map[string]any
		sign   func(c *company) func(string) string
		status int
		audit  string // of the log
	}{
		"a viewer":                  {status: 200, audit: `"who":"kim@example.com (u-1)"`},
		"the most of several roles": {claims: map[string]any{"groups": []string{"staff", "chiefs"}}, status: 200, audit: "logged in"},
		"no role":                   {claims: map[string]any{"groups": []string{"guests"}}, status: 403, audit: "was refused"},
		"no groups at all":          {claims: map[string]any{"groups": nil}, status: 403, audit: "was refused"},
		"an address not verified":   {claims: map[string]any{"email_verified": false}, status: 200, audit: `"who":"u-1"`},
		"for another client":        {claims: map[string]any{"aud": "shop"}, status: 401},
		"of another provider":       {claims: map[string]any{"iss": "https://evil.example"}, status: 401},
		"run out":                   {claims: map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}, status: 401},
		"of another log-in":         {claims: map[string]any{"nonce": "x"}, status: 401},
		"without a signature":       {sign: func(*company) func(string) string { return func(s string) string { return s + "." } }, status: 401},
		"signed by nobody (alg none)": {sign: func(*company) func(string) string {
			return func(s string) string {
				return encode([]byte(`{"alg":"none"}`)) + "." + strings.Split(s, ".")[1] + "."
			}
		}, status: 401},
		"changed after it was signed": {sign: func(c *company) func(string) string {
			return func(s string) string {
				parts := strings.Split(c.rs256(s), ".")
				body, _ := base64.RawURLEncoding.DecodeString(parts[1])
				return parts[0] + "." + encode([]byte(strings.Replace(string(body), "staff", "chiefs", 1))) + "." + parts[2]
			}
		}, status: 401},
	} {
		t.Run(name, func(t *testing.T) {
			company := newCompany(t)
			company.claims = c.claims
			if c.sign != nil {
				company.sign = c.sign(company)
			}
			d, b := newDesk(t, company), browser(t)
			if _, body := get(t, b, d.URL+"/schedule"); !strings.Contains(body, "company account") || strings.Contains(body, `type="password"`) {
				t.Errorf("the log-in shows %.300s", body)
			}
			status, body := get(t, b, d.URL+"/login/provider")
			if status != c.status {
				t.Errorf("%d, want %d: %.300s", status, c.status, body)
			}
			_, after := get(t, b, d.URL+"/suppressions")
			if in := strings.Contains(after, "Log out"); in != (c.status == 200) {
				t.Errorf("let in: %t", in)
			}
			if strings.Contains(name, "roles") && !strings.Contains(after, "(admin)") {
				t.Errorf("not the most of the roles: %.300s", after)
			}
			log, _ := os.ReadFile(d.audit)
			if !strings.Contains(string(log), c.audit) || c.audit == "" && len(log) > 0 {
				t.Errorf("the log has %s", log)
			}
		})
	}
}

// TestSignInReplayed: an answer is taken once, by the browser that began, with its own state.
func TestSignInReplayed(t *testing.T) {
	company := newCompany(t)
	d, b := newDesk(t, company), browser(t)
	var callback string
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == admin.CallbackPath {
			callback = r.URL.String()
			return http.ErrUseLastResponse
		}
		return nil
	}
	get(t, b, d.URL+"/login/provider")
	if callback == "" {
		t.Fatal("nobody was sent back")
	}
	if status, _ := get(t, browser(t), callback); status != 401 {
		t.Errorf("the answer was taken from another browser: %d", status)
	}
	if status, _ := get(t, b, strings.Replace(callback, "state=", "state=x", 1)); status != 401 || company.exchange > 0 {
		t.Errorf("another state was taken: %d", status)
	}
	if status, _ := get(t, b, callback); status != 401 {
		t.Errorf("a log-in was ended twice: %d", status)
	}
	b.CheckRedirect = nil
	if status, _ := get(t, b, d.URL+"/login/provider"); status != 200 {
		t.Errorf("a new one: %d", status)
	}
}
