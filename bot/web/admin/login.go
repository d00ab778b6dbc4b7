package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// here refuses requests that come under a foreign name to a page that nobody logs in to: a site could have given its name our
// address (DNS rebinding), and read it through the browser of whoever visits that site.
func (x *Access) here(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if x.open() && forwarded(r) {
			http.Error(w, "through a proxy this page is for people who log in: set up admin: users", http.StatusMisdirectedRequest)
			return
		}
		if x.open() && !local(r.Host) {
			http.Error(w, "ask for this page as localhost, or set up admin: users", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// forwarded reports whether a request came from another machine through a proxy on this one: whoever reaches that reaches this page.
func forwarded(r *http.Request) bool {
	if r.Header.Get("Forwarded") != "" || r.Header.Get("Via") != "" {
		return true
	}
	for _, name := range []string{"X-Forwarded-For", "X-Real-Ip"} {
		for _, list := range r.Header.Values(name) {
			for _, text := range strings.Split(list, ",") {
				if a, err := netip.ParseAddr(strings.TrimSpace(text)); err != nil || !a.Unmap().IsLoopback() {
					return true
				}
			}
		}
	}
	return false
}

// within is where somebody wanted to go, if that is a page of ours, and else the first one.
func within(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`) {
		return "/"
	}
	return to
}

// local reports whether a request comes under a name of this machine that no site can have.
func local(name string) bool {
	host, _, err := net.SplitHostPort(name)
	if err != nil {
		host = name
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && address.IsLoopback()
}

// form shows the log-in.
func (x *Access) form(a *Admin) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, in := x.who(r); in {
			http.Redirect(w, r, within(r.FormValue("to")), http.StatusSeeOther)
			return
		}
		a.show(w, r, User{}, http.StatusOK, "login.html", page{Title: "Log in", Data: x.ways(r)})
	}
}

// logIn checks a password. A wrong one takes as long as one of a user that there is not.
func (x *Access) logIn(a *Admin) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name, password := r.PostFormValue("user"), r.PostFormValue("password")
		if !x.mayTry(r) {
			w.Header().Set("Retry-After", "60")
			a.show(w, r, User{}, http.StatusTooManyRequests, "login.html", page{Title: "Log in", Data: x.ways(r), Message: "Too many attempts. Please try again in a minute."})
			return
		}
		account, kept, ok := x.check(name, password)
		if !ok {
			_ = x.note(r, User{Name: clip(name, 60)}, "was refused", "log-in") // it is refused in any case
			a.show(w, r, User{}, http.StatusUnauthorized, "login.html", page{Title: "Log in", Data: x.ways(r), Message: "Wrong user or password."})
			return
		}
		u := User{Name: account.Name, Role: account.Role, csrf: rand.Text()}
		if err := x.note(r, u, "logged in", ""); err != nil {
			a.broken(w, r, u, err)
			return
		}
		x.enter(w, r, u, kept)
		http.Redirect(w, r, within(r.PostFormValue("to")), http.StatusSeeOther)
	}
}

// enter begins a session, and ends the one that the browser had before.
func (x *Access) enter(w http.ResponseWriter, r *http.Request, u User, kept string) {
	id := rand.Text() + rand.Text()
	x.mu.Lock()
	defer x.mu.Unlock()
	if c, err := r.Cookie(x.cookieName()); err == nil {
		delete(x.sessions, sha256.Sum256([]byte(c.Value)))
	}
	x.welcome(networkOf(r))
	if x.sessions == nil {
		x.sessions = map[[32]byte]*session{}
	}
	now := x.Now()
	for key, s := range x.sessions {
		if now.Sub(s.used) > idle || now.Sub(s.begun) > absolute {
			delete(x.sessions, key)
		}
	}
	x.sessions[sha256.Sum256([]byte(id))] = &session{user: u, kept: kept, begun: now, used: now}
	http.SetCookie(w, &http.Cookie{Name: x.cookieName(), Value: id, Path: "/", HttpOnly: true, Secure: x.Secure, SameSite: http.SameSiteStrictMode})
}

// logOut ends a session.
func (x *Access) logOut(w http.ResponseWriter, r *http.Request) {
	if u, ok := x.who(r); ok && !x.open() {
		_ = x.note(r, u, "logged out", "") // it ends in any case
	}
	if c, err := r.Cookie(x.cookieName()); err == nil {
		x.mu.Lock()
		delete(x.sessions, sha256.Sum256([]byte(c.Value)))
		x.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: x.cookieName(), Path: "/", MaxAge: -1, HttpOnly: true, Secure: x.Secure, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// check compares a password with what is kept of it.
func (x *Access) check(name, password string) (account Account, kept string, ok bool) {
	x.mu.Lock()
	if x.hashing == nil {
		x.hashing = make(chan struct{}, hashesOnce)
	}
	slots := x.hashing
	x.mu.Unlock()
	slots <- struct{}{}
	defer func() { <-slots }()
	i := slices.IndexFunc(x.Accounts, func(a Account) bool { return a.Name == name })
	kept = "argon2id$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	if i >= 0 {
		kept = x.Accounts[i].Password()
	}
	salt, hash, err := parseHash(kept)
	if err != nil {
		return Account{}, "", false
	}
	right := subtle.ConstantTimeCompare(argon(password, salt), hash) == 1
	if i < 0 || !right {
		return Account{}, "", false
	}
	return x.Accounts[i], kept, true
}

// mayTry counts attempts to log in: so many a minute of each network, and of all together. Those who guess from many networks do not keep
// out who sits at this machine, or has logged in from the same network lately.
func (x *Access) mayTry(r *http.Request) bool {
	here, err := netip.ParseAddrPort(r.RemoteAddr)
	ok, tell := x.tried(networkOf(r), err == nil && here.Addr().IsLoopback() && len(r.Header.Values("X-Forwarded-For")) == 0)
	if tell {
		_ = x.note(r, User{}, "was refused", "log-in: too many attempts, in the last minute") // it is refused in any case
	}
	return ok
}

// tried counts an attempt, here: by somebody at this machine; tell is for the first of a minute that is too many.
func (x *Access) tried(from string, here bool) (ok, tell bool) {
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
	friend := here || now.Sub(x.friends[from]) < friendFor
	if len(x.tries[from]) >= triesEach || len(x.tries[""]) >= triesAll && !friend {
		if tell = now.Sub(x.told) > time.Minute; tell {
			x.told = now
		}
		return false, tell
	}
	x.tries[from], x.tries[""] = append(x.tries[from], now), append(x.tries[""], now)
	return true, false
}

// welcome forgets the attempts of a network that somebody has logged in from, and remembers it. The lock is held.
func (x *Access) welcome(from string) {
	if x.friends == nil || len(x.friends) >= mostFriend {
		x.friends = map[string]time.Time{}
	}
	x.friends[from] = x.Now()
	delete(x.tries, from)
}

func clip(s string, n int) string { return strings.ToValidUTF8(s[:min(len(s), n)], "") }
