package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"restock/selectors"
	"restock/selectors/strict"
)

// Admin is the page of the operators.
type Admin struct {
	strict.Pos
	At      strict.Places
	Listen  string             `yaml:"listen,required"` // 127.0.0.1:8470; another address than of this machine only with tls and users
	TLS     *TLS               `yaml:"tls"`
	Users   []AdminUser        `yaml:"users"`   // without them and oidc, whoever is on this machine may do everything
	OIDC    *OIDC              `yaml:"oidc"`    // where users log in with what they have
	Metrics selectors.Template `yaml:"metrics"` // ${secret:NAME}: token for /metrics from other machines
}

// TLS is a certificate.
type TLS struct {
	strict.Pos
	Cert string `yaml:"cert,required"` // file
	Key  string `yaml:"key,required"`  // file
}

// AdminUser is somebody who may use the page.
type AdminUser struct {
	strict.Pos
	At       strict.Places
	Name     string             `yaml:"name,required"`
	Role     string             `yaml:"role,required"`     // viewer, operator, analyst, admin
	Password selectors.Template `yaml:"password,required"` // ${secret:NAME}: what `restock password` prints
}

// OIDC is an OpenID Connect provider.
type OIDC struct {
	strict.Pos
	At     strict.Places
	Issuer string              `yaml:"issuer,required"` // https://login.example.com/…
	Client string              `yaml:"client,required"` // the ID of restock there
	Secret selectors.Template  `yaml:"secret,required"` // ${secret:NAME}
	URL    string              `yaml:"url,required"`    // of this page, as users reach it: the provider sends them back to URL/login/provider/callback
	Claim  string              `yaml:"claim"`           // that lists the groups of a user; default groups
	Roles  map[string][]string `yaml:"roles,required"`  // viewer, operator, analyst, admin → groups; "*": everybody whom the provider lets in
}

// oidc checks where users log in.
func (ck *checker) oidc(o *OIDC) {
	if o == nil {
		return
	}
	ck.secretOnly(o.Secret, "secret")
	for _, one := range []struct{ key, address string }{{"issuer", o.Issuer}, {"url", o.URL}} {
		u, err := url.Parse(one.address)
		if err != nil || u.Hostname() == "" || u.Scheme != "https" && !(u.Scheme == "http" && Loopback(net.JoinHostPort(u.Hostname(), "1"))) {
			ck.report(o.At.Of(one.key, o.Pos), fmt.Sprintf("%s %q", one.key, one.address), "an address that begins with https://", "")
		}
	}
	for role := range o.Roles {
		ck.oneOf(o.At.Of("roles", o.Pos), "role", role, "viewer", "operator", "analyst", "admin")
	}
}

// listens checks an address to listen on; nothing is no finding of its own.
func (ck *checker) listens(at strict.Pos, listen, example string) bool {
	_, port, err := net.SplitHostPort(listen)
	if n, portErr := strconv.Atoi(port); listen != "" && (err != nil || portErr != nil || n < 0 || n > 65535) {
		ck.report(at, fmt.Sprintf("listen %q", listen), "an address such as "+example, "")
		return false
	}
	return true
}

// Loopback reports whether only this machine reaches an address.
func Loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// admin checks the page of the operators.
func (ck *checker) admin() {
	a := ck.c.Admin
	if a == nil {
		return
	}
	if ck.listens(a.At.Of("listen", a.Pos), a.Listen, "127.0.0.1:8470") && a.Listen != "" && !Loopback(a.Listen) && (a.TLS == nil || len(a.Users) == 0 && a.OIDC == nil) {
		ck.report(a.At.Of("listen", a.Pos), fmt.Sprintf("listen %q, which other machines reach, without tls and users", a.Listen), "an address of this machine, such as 127.0.0.1:8470, or tls: and users: or oidc:",
			"a tunnel (ssh -L 8470:127.0.0.1:8470) brings it to your machine")
	}
	if a.TLS != nil {
		a.TLS.Cert, a.TLS.Key = ck.c.Path(a.TLS.Cert), ck.c.Path(a.TLS.Key)
	}
	if !a.Metrics.Empty() {
		ck.secretOnly(a.Metrics, "metrics")
	}
	ck.oidc(a.OIDC)
	seen := map[string]bool{}
	for _, u := range a.Users {
		ck.oneOf(u.At.Of("role", u.Pos), "role", u.Role, "viewer", "operator", "analyst", "admin")
		ck.secretOnly(u.Password, "password")
		if seen[u.Name] || strings.TrimSpace(u.Name) == "" {
			ck.report(u.At.Of("name", u.Pos), fmt.Sprintf("name %q", u.Name), "each user once", "")
		}
		seen[u.Name] = true
	}
}
