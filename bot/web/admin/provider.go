package admin

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"time"

	"restock/bot"
)

// Provider is where users log in elsewhere, with what their company already has.
type Provider interface {
	// Begin returns where to send somebody who wants to log in, and what must be kept until they come back.
	Begin(ctx context.Context) (address, kept string, err error)
	// End checks with what somebody has come back, and returns who they are and their role; "" is none.
	End(ctx context.Context, kept string, answer url.Values) (name, role string, err error)
}

// begun is a log-in at the provider that has begun.
type begun struct {
	kept string
	to   string // where somebody wanted to go
	at   time.Time
}

// Limits of log-ins at the provider.
const (
	beginLife = 10 * time.Minute
	mostBegun = 1000
	// CallbackPath is where the provider sends people back to.
	CallbackPath = "/login/provider/callback"
)

// ways are how somebody can log in, for the page.
type ways struct {
	Password bool   `json:"password"`
	Provider bool   `json:"provider"`
	To       string `json:"-"` // where somebody wanted to go
}

func (x *Access) ways(r *http.Request) ways {
	return ways{Password: len(x.Accounts) > 0, Provider: x.Provider != nil, To: within(r.FormValue("to"))}
}

// beginCookie holds which log-in has begun. It must come back from another site, so it is no strict one; it proves nothing by itself.
func (x *Access) beginCookie() string { return x.cookieName() + "-login" }

// begin sends somebody to the provider.
func (x *Access) begin(a *Admin) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if x.Provider == nil {
			a.missing(w, r, User{}, "Nobody logs in elsewhere here.")
			return
		}
		if !x.mayTry(r) {
			a.turnAway(w, r, http.StatusTooManyRequests, "Too many attempts. Please try again in a minute.")
			return
		}
		address, kept, err := x.Provider.Begin(r.Context())
		if err != nil {
			a.Log.Warn("log-in at the provider", "error", bot.Clean(err.Error()))
			a.turnAway(w, r, http.StatusBadGateway, "Where users log in cannot be reached. Please try again.")
			return
		}
		id, now := rand.Text()+rand.Text(), x.Now()
		x.mu.Lock()
		if x.begun == nil {
			x.begun = map[string]begun{}
		}
		for key, b := range x.begun {
			if now.Sub(b.at) > beginLife || len(x.begun) > mostBegun {
				delete(x.begun, key)
			}
		}
		x.begun[id] = begun{kept, within(r.FormValue("to")), now}
		x.mu.Unlock()
		http.SetCookie(w, &http.Cookie{Name: x.beginCookie(), Value: id, Path: "/", MaxAge: int(beginLife.Seconds()), HttpOnly: true, Secure: x.Secure, SameSite: http.SameSiteLaxMode})
		http.Redirect(w, r, address, http.StatusSeeOther)
	}
}

// end lets somebody in who comes back from the provider. Each log-in that has begun ends once.
func (x *Access) end(a *Admin) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie(x.beginCookie())
		if err != nil || x.Provider == nil {
			a.turnAway(w, r, http.StatusUnauthorized, "This log-in did not begin here, or took too long. Please try again.")
			return
		}
		x.mu.Lock()
		b, ok := x.begun[c.Value]
		delete(x.begun, c.Value)
		x.mu.Unlock()
		if !ok || x.Now().Sub(b.at) > beginLife {
			a.turnAway(w, r, http.StatusUnauthorized, "This log-in did not begin here, or took too long. Please try again.")
			return
		}
		name, text, err := x.Provider.End(r.Context(), b.kept, r.URL.Query())
		if err != nil {
			a.Log.Warn("log-in at the provider", "error", bot.Clean(err.Error()))
			a.turnAway(w, r, http.StatusUnauthorized, "The log-in failed. Please try again.")
			return
		}
		role, ok := ParseRole(text)
		u := User{Name: clip(bot.Printable(name), 300), Role: role, csrf: rand.Text()}
		if !ok {
			_ = x.note(r, u, "was refused", "log-in: no role") // it is refused in any case
			a.turnAway(w, r, http.StatusForbidden, "You are known, and have no role here: ask whoever keeps the groups.")
			return
		}
		if err := x.note(r, u, "logged in", "at the provider"); err != nil {
			a.broken(w, r, u, err)
			return
		}
		x.enter(w, r, u, "")
		http.SetCookie(w, &http.Cookie{Name: x.beginCookie(), Path: "/", MaxAge: -1, HttpOnly: true, Secure: x.Secure, SameSite: http.SameSiteLaxMode})
		// A redirect would come from the other site, and the session's cookie goes with requests of our own pages only.
		a.show(w, r, User{}, http.StatusOK, "entered.html", page{Title: "Logged in", Data: b.to})
	}
}

// turnAway shows the log-in with why it did not come about.
func (a *Admin) turnAway(w http.ResponseWriter, r *http.Request, status int, message string) {
	a.show(w, r, User{}, status, "login.html", page{Title: "Log in", Data: a.Access.ways(r), Message: message})
}
