// Package web has what restock shows over HTTP. Public is for customers, mail providers and gateways: it holds nothing but
// the pages of this package, and no route of it leads to anything of the operators.
package web

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"restock/bot"
)

//go:embed templates/*
var templates embed.FS

// Public is the listener for customers.
type Public struct {
	Ledger *bot.Ledger // with a Vault
	Shop   string      // name, for the pages
	Log    *slog.Logger
	// Hooks takes what gateways report, by the last part of the path /hooks/NAME; each checks the signature itself.
	Hooks map[string]http.Handler
	// Redirect, if set, leads from the links in messages to the products.
	Redirect *Redirect
	// SignUps, if set, takes the wishes of customers.
	SignUps *SignUps
	// Proxies are networks of proxies that say truly for whom they ask.
	Proxies []netip.Prefix
}

// The limits of a listener that everybody may speak to.
const (
	headerLimit = 5 * time.Second
	bodyLimit   = 10 * time.Second
	maxHeader   = 16 << 10
	maxForm     = 8 << 10
)

// Serve answers on a listener until ctx ends.
func (p *Public) Serve(ctx context.Context, l net.Listener) error {
	handler, err := p.Handler()
	if err != nil {
		return err
	}
	var beside sync.WaitGroup
	defer beside.Wait()
	if p.SignUps != nil {
		ctx, end := context.WithCancel(ctx)
		defer end()
		beside.Go(func() { p.SignUps.remember(ctx) })
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerLimit, ReadTimeout: bodyLimit, WriteTimeout: bodyLimit, IdleTimeout: time.Minute,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(p.Log.Handler(), slog.LevelDebug),
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), bodyLimit)
		defer cancel()
		_ = server.Shutdown(ending) // what takes longer is cut off
	})
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		stop()
		return err
	}
	<-ended // the last requests are answered
	return nil
}

// Handler returns the routes.
func (p *Public) Handler() (http.Handler, error) {
	pages, err := template.ParseFS(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /u/{token}", func(w http.ResponseWriter, r *http.Request) { p.ask(w, r, pages) })
	mux.HandleFunc("POST /u/{token}", func(w http.ResponseWriter, r *http.Request) { p.leave(w, r, pages) })
	var coming bodies
	for name, hook := range p.Hooks {
		mux.Handle("POST /hooks/"+name, coming.guard(hook))
	}
	if p.Redirect != nil {
		p.Redirect.page = pages
		mux.Handle("GET /r/{token}", p.Redirect) // HEAD too
		mux.HandleFunc("POST /r/{token}", p.Redirect.keep)
	}
	if d := p.SignUps; d != nil {
		d.pages, d.limit, d.refused = pages, &Limiter{each: signUpsEach, all: signUpsAll}, NewRefusals()
		d.daily = &Limiter{each: signUpsDay, all: signUpsDays, span: 24 * 60}
		mux.HandleFunc("GET /signup", d.form)
		mux.HandleFunc("POST /signup", d.take)
		mux.HandleFunc("OPTIONS /signup", d.preflight)
		mux.HandleFunc("GET /s/{token}", d.asked)
		mux.HandleFunc("POST /s/{token}", d.confirmed)
	}
	return secured(p.behind(mux)), nil
}

// secured sets the headers that every answer has.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+styleHash+"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Robots-Tag", "noindex")
		next.ServeHTTP(w, r)
	})
}

// page is what the pages show.
type page struct {
	Shop, Channel string
	All           bool
	Style         template.CSS
}

// ask shows one button. Opening the link changes nothing: programs open every link of a message.
func (p *Public) ask(w http.ResponseWriter, r *http.Request, pages *template.Template) {
	_, channel, ok := p.Ledger.Vault.ReadToken(r.PathValue("token"))
	if !ok {
		missing(w, pages, p.Shop)
		return
	}
	p.show(w, pages, "leave.html", page{Shop: p.Shop, Channel: words(channel)})
}

// leave takes the POST of the button and of RFC 8058, which has no cookies, no log-in, and may be urlencoded or
// multipart/form-data. The answer is never a redirect, and it comes when the note is on disk.
func (p *Public) leave(w http.ResponseWriter, r *http.Request, pages *template.Template) {
	person, channel, ok := p.Ledger.Vault.ReadToken(r.PathValue("token"))
	if !ok {
		missing(w, pages, p.Shop)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	form, err := fields(r)
	if err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	s := bot.Suppression{Who: person, Channel: channel, Reason: bot.LeftUs, Source: "link"}
	if form["List-Unsubscribe"] == "One-Click" {
		s.Source = "one-click"
	}
	if form["from"] == "all" {
		s.Channel = ""
	}
	if err := p.Ledger.Suppress(r.Context(), s); err != nil {
		p.Log.Error("an unsubscription could not be recorded", slog.String("error", err.Error()))
		http.Error(w, "this did not work; please try again in a minute", http.StatusServiceUnavailable)
		return
	}
	p.Log.Info("unsubscribed", slog.String("person", person), slog.String("channel", string(s.Channel)), slog.String("source", s.Source))
	p.show(w, pages, "left.html", page{Shop: p.Shop, Channel: words(channel), All: s.Channel == ""})
}

// missing says that a link leads nowhere.
func missing(w http.ResponseWriter, pages *template.Template, shop string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_ = pages.ExecuteTemplate(w, "missing.html", page{Shop: shop, Style: template.CSS(style)}) // who asked is gone
}

func words(c bot.Channel) string {
	if c == bot.SMS {
		return "text message"
	}
	return "e-mail"
}

func (p *Public) show(w http.ResponseWriter, pages *template.Template, name string, data page) {
	data.Style = template.CSS(style)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := pages.ExecuteTemplate(w, name, data); err != nil {
		p.Log.Debug("a page was not written", slog.String("error", err.Error()))
	}
}
