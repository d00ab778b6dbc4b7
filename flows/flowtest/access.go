package flowtest

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
)

type tokenKey struct{}

const cookieName = "session"

// guarded wants a session for every page but the log-in, as any such system does: without one, it redirects there.
func (w *World) guarded(system string, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		fault := w.fault
		w.mu.Unlock()
		if fault != nil && fault(rw, r) {
			return
		}
		rw.Header().Set("Cache-Control", "no-store")
		if r.URL.Path == "/login" {
			w.logIn(system, rw, r)
			return
		}
		token, ok := w.session(r)
		if !ok {
			http.Redirect(rw, r, "/login", http.StatusSeeOther)
			return
		}
		if r.URL.Path == "/logout" {
			w.EndSessions()
			http.Redirect(rw, r, "/login", http.StatusSeeOther)
			return
		}
		if r.Method == http.MethodPost && subtle.ConstantTimeCompare([]byte(r.FormValue("csrf")), []byte(token)) != 1 {
			http.Error(rw, "wrong or missing CSRF token", http.StatusForbidden)
			return
		}
		pages.ServeHTTP(rw, r.WithContext(context.WithValue(r.Context(), tokenKey{}, token)))
	})
}

func (w *World) session(r *http.Request) (csrf string, ok bool) {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return "", false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	csrf, ok = w.sessions[c.Value]
	return csrf, ok
}

func csrf(r *http.Request) string {
	token, _ := r.Context().Value(tokenKey{}).(string)
	return token
}

func (w *World) logIn(system string, rw http.ResponseWriter, r *http.Request) {
	view := loginView{System: system, Token: rand.Text()}
	if r.Method != http.MethodPost {
		http.SetCookie(rw, &http.Cookie{Name: "login", Value: view.Token, Path: "/login", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		render(rw, "login", view)
		return
	}
	before, err := r.Cookie("login")
	if err != nil || before.Value != r.FormValue("csrf") {
		http.Error(rw, "wrong or missing CSRF token", http.StatusForbidden)
		return
	}
	w.mu.Lock()
	ok := r.FormValue("user") == User && r.FormValue("password") == w.password
	w.logIns = append(w.logIns, LogIn{System: system, User: r.FormValue("user"), OK: ok})
	id := rand.Text()
	if ok {
		w.sessions[id] = rand.Text()
	}
	w.mu.Unlock()
	if !ok {
		view.Token, view.Error = before.Value, "Wrong e-mail or password."
		rw.WriteHeader(http.StatusOK) // as most systems do
		render(rw, "login", view)
		return
	}
	http.SetCookie(rw, &http.Cookie{Name: cookieName, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(rw, r, "/", http.StatusSeeOther)
}
