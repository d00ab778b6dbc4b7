package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// here refuses requests that come under a foreign name to a page that nobody logs in to: a site could have given its name our
// address (DNS rebinding), and read it through the browser of whoever visits that site.
func (x *Access) here(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		address, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if x.open() && host != "localhost" && (err != nil || !address.IsLoopback()) {
			http.Error(w, "ask for this page as localhost, or set up admin: users", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// form shows the log-in.
func (x *Access) form(a *Admin) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, in := x.who(r); in {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		a.show(w, r, User{}, http.StatusOK, "login.html", page{Title: "Log in", Data: x.ways()})
	}
}

// logIn checks a password. A wrong one takes as long as one of a user that there is not.
func (x *Access) logIn(a *Admin) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name, password := r.PostFormValue("user"), r.PostFormValue("password")
		if !x.mayTry(network(r)) {
			w.Header().Set("Retry-After", "60")
			a.show(w, r, User{}, http.StatusTooManyRequests, "login.html", page{Title: "Log in", Data: x.ways(), Message: "Too many attempts. Please try again in a minute."})
			return
		}
		account, ok := x.check(name, password)
		if !ok {
			_ = x.note(r, User{Name: clip(name, 60)}, "was refused", "log-in") // it is refused in any case
			a.show(w, r, User{}, http.StatusUnauthorized, "login.html", page{Title: "Log in", Data: x.ways(), Message: "Wrong user or password."})
			return
		}
		u := User{Name: account.Name, Role: account.Role, csrf: rand.Text()}
		if err := x.note(r, u, "logged in", ""); err != nil {
			a.broken(w, r, u, err)
			return
		}
		x.enter(w, u)
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// enter begins a session.
func (x *Access) enter(w http.ResponseWriter, u User) {
	id := rand.Text() + rand.Text()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.sessions == nil {
		x.sessions = map[[32]byte]*session{}
	}
	now := x.Now()
	for key, s := range x.sessions {
		if now.Sub(s.used) > idle || now.Sub(s.begun) > absolute {
			delete(x.sessions, key)
		}
	}
	x.sessions[sha256.Sum256([]byte(id))] = &session{user: u, begun: now, used: now}
	http.SetCookie(w, &http.Cookie{Name: x.cookieName(), Value: id, Path: "/", HttpOnly: true, Secure: x.Secure, SameSite: http.SameSiteStrictMode})
}

// logOut ends a session.
func (x *Access) logOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(x.cookieName()); err == nil {
		x.mu.Lock()
		delete(x.sessions, sha256.Sum256([]byte(c.Value)))
		x.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: x.cookieName(), Path: "/", MaxAge: -1, HttpOnly: true, Secure: x.Secure, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// check compares a password with what is kept of it.
func (x *Access) check(name, password string) (Account, bool) {
	x.mu.Lock()
	if x.hashing == nil {
		x.hashing = make(chan struct{}, hashesOnce)
	}
	slots := x.hashing
	x.mu.Unlock()
	slots <- struct{}{}
	defer func() { <-slots }()
	i := slices.IndexFunc(x.Accounts, func(a Account) bool { return a.Name == name })
	kept := "argon2id$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	if i >= 0 {
		kept = x.Accounts[i].Password()
	}
	salt, hash, err := parseHash(kept)
	if err != nil {
		return Account{}, false
	}
	right := subtle.ConstantTimeCompare(argon(password, salt), hash) == 1
	if i < 0 || !right {
		return Account{}, false
	}
	return x.Accounts[i], true
}

// mayTry counts attempts to log in. Nobody is locked out for longer than a minute.
func (x *Access) mayTry(from string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.tries == nil {
		x.tries = map[string][]time.Time{}
	}
	now := x.Now()
	for who, list := range x.tries {
		list = slices.DeleteFunc(list, func(t time.Time) bool { return now.Sub(t) > time.Minute })
		if x.tries[who] = list; len(list) == 0 {
			delete(x.tries, who)
		}
	}
	if len(x.tries[from]) >= triesEach || len(x.tries[""]) >= triesAll {
		return false
	}
	x.tries[from], x.tries[""] = append(x.tries[from], now), append(x.tries[""], now)
	return true
}

func clip(s string, n int) string { return strings.ToValidUTF8(s[:min(len(s), n)], "") }
