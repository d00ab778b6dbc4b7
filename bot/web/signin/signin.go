// Package signin lets the operators' users log in at an OpenID Connect provider: OpenID Connect Core 1.0 with the authorization code
// flow, PKCE (RFC 7636), state and nonce. It is the only importer of go-oidc and oauth2.
package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Provider is where somebody logs in. It implements admin.Provider.
type Provider struct {
	Issuer   string // https://login.example.com/…
	Client   string // our ID there
	Secret   string
	Callback string              // address of ours that the provider sends people back to
	Claim    string              // that lists the groups of a person, default groups
	Roles    map[string][]string // role → groups that have it; "*" is everybody whom the provider lets in

	mu    sync.Mutex
	known *oidc.Provider
}

// pending is a log-in that has begun.
type pending struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
}

// answerLimit is how long the provider may take for an answer.
const answerLimit = 10 * time.Second

// provider asks the provider for its addresses and keys, once: it may be away when we start. Nobody waits for somebody else's question.
func (p *Provider) provider(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	known := p.known
	p.mu.Unlock()
	if known != nil {
		return known, nil
	}
	known, err := oidc.NewProvider(patient(context.WithoutCancel(ctx)), p.Issuer) // its keys are fetched anew later, with this context
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = known
	return known, nil
}

// patient has requests to the provider end.
func patient(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, &http.Client{Timeout: answerLimit})
}

func (p *Provider) config(known *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: p.Client, ClientSecret: p.Secret, Endpoint: known.Endpoint(), RedirectURL: p.Callback, Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}
}

// Begin returns where to send somebody who wants to log in, and what must be kept until they come back.
func (p *Provider) Begin(ctx context.Context) (address, kept string, err error) {
	known, err := p.provider(ctx)
	if err != nil {
		return "", "", fmt.Errorf("the provider %s does not answer: %w", p.Issuer, err)
	}
	begun := pending{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	text, err := json.Marshal(begun)
	if err != nil {
		return "", "", err
	}
	return p.config(known).AuthCodeURL(begun.State, oidc.Nonce(begun.Nonce), oauth2.S256ChallengeOption(begun.Verifier)), string(text), nil
}

// End checks with what somebody has come back, and returns who they are and which of the roles they have; "" is none.
func (p *Provider) End(ctx context.Context, kept string, answer url.Values) (name, role string, err error) {
	var begun pending
	if err := json.Unmarshal([]byte(kept), &begun); err != nil || begun.State == "" {
		return "", "", errors.New("this log-in did not begin here")
	}
	if subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(begun.State)) != 1 {
		return "", "", errors.New("this answer belongs to another log-in")
	}
	if why := answer.Get("error"); why != "" {
		return "", "", fmt.Errorf("the provider said %.80q", why)
	}
	known, err := p.provider(ctx)
	if err != nil {
		return "", "", err
	}
	token, err := p.config(known).Exchange(patient(ctx), answer.Get("code"), oauth2.VerifierOption(begun.Verifier))
	if err != nil {
		return "", "", fmt.Errorf("the provider did not take the code: %w", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return "", "", errors.New("the provider gave no ID token: is the scope openid allowed there?")
	}
	id, err := known.Verifier(&oidc.Config{ClientID: p.Client}).Verify(ctx, raw)
	if err != nil {
		return "", "", fmt.Errorf("the ID token is not believed: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(begun.Nonce)) != 1 {
		return "", "", errors.New("the ID token belongs to another log-in")
	}
	return p.person(id)
}

// person reads who it is.
func (p *Provider) person(id *oidc.IDToken) (name, role string, err error) {
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return "", "", err
	}
	name = id.Subject
	for _, claim := range []string{"email", "preferred_username"} {
		if verified, said := claims["email_verified"].(bool); claim == "email" && said && !verified {
			continue
		}
		if text, ok := claims[claim].(string); ok && text != "" {
			name = text
			break
		}
	}
	if name != id.Subject { // a name can be changed, and be like another one's; this cannot
		name += " (" + id.Subject + ")"
	}
	groups := []string{"*"}
	claim := p.Claim
	if claim == "" {
		claim = "groups"
	}
	switch list := claims[claim].(type) {
	case []any:
		for _, g := range list {
			if text, ok := g.(string); ok {
				groups = append(groups, text)
			}
		}
	case string:
		groups = append(groups, list)
	}
	for _, one := range []string{"admin", "analyst", "operator", "viewer"} { // the most that somebody has
		for _, group := range p.Roles[one] {
			if slices.Contains(groups, group) {
				return name, one, nil
			}
		}
	}
	return name, "", nil
}
