package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// Role is what somebody may do; each may do what those before it may.
type Role int

// The roles.
const (
	Viewer        Role = iota // look; personal data are masked
	Operator                  // start, stop, release, resolve, see personal data
	Analyst                   // edit selector files
	Administrator             // see who did what
)

// ParseRole reads a role as the file writes it.
func ParseRole(text string) (Role, bool) {
	for i, name := range RoleNames() {
		if name == text {
			return Role(i), true
		}
	}
	return 0, false
}

// RoleNames lists the roles, the least first.
func RoleNames() []string { return []string{"viewer", "operator", "analyst", "admin"} }

func (r Role) String() string { return RoleNames()[r] }

// User is who uses the page.
type User struct {
	Name string
	Role Role
	csrf string
}

// Account is a user of the file.
type Account struct {
	Name     string
	Role     Role
	Password func() string // see HashPassword
}

// Access says who may use the page. Without accounts and a provider, whoever reaches the listener is an administrator: so it must be on loopback.
type Access struct {
	Accounts []Account
	Provider Provider // may be nil
	Secure   bool     // the listener speaks TLS
	Token    string   // that programs give to read /metrics from elsewhere than this machine; "": none may
	Audit    string   // file in which it is written down who did what
	Now      func() time.Time

	mu       sync.Mutex
	begun    map[string]begun // log-ins at the provider, by what a cookie holds
	sessions map[[32]byte]*session
	tries    map[string][]time.Time // by network; "" is everybody
	friends  map[string]time.Time   // networks that somebody has logged in from, and when
	told     time.Time              // of refused attempts in the audit log
	streams  int                    // that are open, where nobody logs in
	hashing  chan struct{}
}

// session is somebody who is logged in. Only the hash of its ID is kept.
type session struct {
	user        User
	kept        string // of the password that it began with: another one ends it
	begun, used time.Time
	streams     int // that are open
}

// Limits of sessions and of log-ins.
const (
	idle       = 30 * time.Minute
	absolute   = 12 * time.Hour
	triesEach  = 5 // a minute
	triesAll   = 120
	friendFor  = 30 * 24 * time.Hour
	mostFriend = 1000
	hashesOnce = 2 // at the same time: each takes memory
)

// argon2id as OWASP recommends it at least: 19 MiB, 2 passes, 1 thread.
const (
	argonMemory = 19 * 1024
	argonPasses = 2
)

// cookieName has the prefix that browsers hold to: only over TLS, for this host only.
func (x *Access) cookieName() string {
	if x.Secure {
		return "__Host-restock"
	}
	return "restock"
}

// who returns the user of a request.
func (x *Access) who(r *http.Request) (User, bool) {
	if x.open() {
		return User{Name: "local", Role: Administrator, csrf: "local"}, true
	}
	c, err := r.Cookie(x.cookieName())
	if err != nil {
		return User{}, false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.alive(sha256.Sum256([]byte(c.Value)))
	if s == nil {
		return User{}, false
	}
	s.used = x.Now()
	return s.user, true
}

// alive returns a session that goes on, and ends one that does not. The lock is held.
func (x *Access) alive(id [32]byte) *session {
	s, now := x.sessions[id], x.Now()
	if s == nil || now.Sub(s.used) > idle || now.Sub(s.begun) > absolute || s.kept != x.kept(s.user.Name, s.kept) {
		delete(x.sessions, id)
		return nil
	}
	return s
}

// kept is what is kept of a user's password now; of somebody who logged in elsewhere it is what it was.
func (x *Access) kept(name, was string) string {
	if was == "" {
		return ""
	}
	for _, a := range x.Accounts {
		if a.Name == name {
			return a.Password()
		}
	}
	return ""
}

// open reports whether nobody logs in.
func (x *Access) open() bool { return len(x.Accounts) == 0 && x.Provider == nil }

// guarded lets only those in who may.
func (x *Access) guarded(role Role, f func(w http.ResponseWriter, r *http.Request, u User)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, ok := x.who(r)
		formErr := r.ParseForm()
		_, large := errors.AsType[*http.MaxBytesError](formErr)
		switch {
		case !ok && r.Method == http.MethodGet && !wantsJSON(r):
			http.Redirect(w, r, "/login?to="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		case !ok:
			refuse(w, r, http.StatusUnauthorized, "log in first")
		case u.Role < role:
			_ = x.note(r, u, "was refused", r.Method+" "+r.URL.Path) // it is refused in any case
			refuse(w, r, http.StatusForbidden, "your role, "+u.Role.String()+", may not do this: it takes "+role.String())
		case large:
			refuse(w, r, http.StatusRequestEntityTooLarge, "this is too large to be sent")
		case r.Method != http.MethodGet && r.Method != http.MethodHead && subtle.ConstantTimeCompare([]byte(r.FormValue("csrf")), []byte(u.csrf)) != 1:
			refuse(w, r, http.StatusForbidden, "this form is old: load the page anew")
		default:
			f(w, r, u)
		}
	})
}

// refuse says in a line why nothing was done, to a program as JSON.
func refuse(w http.ResponseWriter, r *http.Request, status int, text string) {
	if !wantsJSON(r) {
		http.Error(w, text, status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": text}) // who asked is gone
}

// note writes down who did what. What cannot be written down is not done.
func (x *Access) note(r *http.Request, u User, did, what string) error {
	line, err := json.Marshal(Noted{At: x.Now().UTC(), Who: u.Name, From: network(r), Did: did, What: clip(what, 200)})
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	f, err := os.OpenFile(x.Audit, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("the audit log cannot be written: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// Noted is one line of the audit log.
type Noted struct {
	At   time.Time `json:"at"`
	Who  string    `json:"who"`
	From string    `json:"from"`
	Did  string    `json:"did"`
	What string    `json:"what,omitempty"`
}

// address is the one that a request comes from; behind a proxy on this machine, the last one that it names.
func address(r *http.Request) (netip.Addr, bool) {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	if names := r.Header.Values("X-Forwarded-For"); from.Addr().Unmap().IsLoopback() && len(names) > 0 {
		list := strings.Split(names[len(names)-1], ",")
		if named, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1])); err == nil {
			return named.Unmap(), true
		}
	}
	return from.Addr().Unmap(), true
}

// network is the address that a request comes from, for the audit log.
func network(r *http.Request) string {
	if from, ok := address(r); ok {
		return from.String()
	}
	return "?"
}

// networkOf is what attempts are counted by: an address, or the network of one of IPv6, of which everybody has many.
func networkOf(r *http.Request) string {
	from, ok := address(r)
	if ok && from.IsLoopback() {
		return "this machine"
	}
	if ok && from.Is6() {
		if p, err := from.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return network(r)
}
