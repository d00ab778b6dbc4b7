package web

import (
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"restock/bot"
)

// SignUps takes the wishes of customers: from the form on the shop's pages, from a page of its own, and as JSON.
type SignUps struct {
	Ledger   *bot.Ledger
	Job      string // whose CRM they go into
	Shop     string
	Consent  string // what is agreed to; it is kept with each wish
	Confirm  bool   // a wish counts once a link in a message was followed
	Channels []bot.Channel
	Origins  []string // of the shop: whose pages may send wishes
	// Phone writes a phone number in international form, "" where it is none.
	Phone func(string) string
	// Product returns the address of a product's page in the shop, or "".
	Product func(sku string) string
	Now     func() time.Time
	Log     *slog.Logger

	pages *template.Template
	limit *Limiter
	daily *Limiter // a day
	// refused says how many that were refused are told of in the log.
	refused *Limiter
}

// How many sign-ups a minute are taken from one network, and from all of them.
const (
	signUpsEach = 10
	signUpsAll  = 600
	signUpsDay  = 200 // a day from one network, and 20,000 from all
	signUpsDays = 20_000
)

// signUpPage is what the form shows.
type signUpPage struct {
	Shop, Consent, Product, Link string
	Agreed                       string // mark of the text
	Wish                         wish
	Mail, Text, Confirm          bool
	Errors                       map[string]string
	InStock                      bool
	Style                        template.CSS
}

// form shows the form for one product.
func (d *SignUps) form(w http.ResponseWriter, r *http.Request) {
	view := d.view(wish{SKU: r.URL.Query().Get("sku"), Page: r.URL.Query().Get("page")})
	level, ok, err := d.Ledger.Level(r.Context(), d.Job, view.Wish.SKU)
	switch {
	case err != nil:
		d.broken(w, r, err)
	case !ok:
		http.Error(w, "There is no such product here.", http.StatusNotFound)
	default:
		view.InStock = level.Availability == bot.In
		view.product(level)
		d.show(w, http.StatusOK, "signup.html", view)
	}
}

func (d *SignUps) view(v wish) signUpPage {
	for _, text := range []*string{&v.SKU, &v.Email, &v.Phone, &v.Channel, &v.Name, &v.Page} {
		*text = bot.Printable(*text)
	}
	page := signUpPage{
		Shop: d.Shop, Consent: d.Consent, Agreed: bot.ConsentMark(d.Consent), Wish: v, Confirm: d.Confirm, Mail: slices.Contains(d.Channels, bot.Email), Text: slices.Contains(d.Channels, bot.SMS),
		Errors: map[string]string{}, Style: template.CSS(style),
	}
	if d.Product != nil && v.SKU != "" {
		page.Link = d.Product(v.SKU)
	}
	return page
}

func (p *signUpPage) product(level bot.Level) {
	if p.Product = level.Name; p.Product == "" {
		p.Product = level.SKU
	}
	if level.Variant != "" {
		p.Product += ", " + level.Variant
	}
}

// take takes a wish.
func (d *SignUps) take(w http.ResponseWriter, r *http.Request) {
	d.cors(w, r)
	if origin := r.Header.Get("Origin"); origin != "" && origin != "null" && !d.ours(origin, r) {
		if d.refused.allow(networkOf(client(r)), d.Now()) {
			d.Log.Warn("a sign-up from another page was refused; if it is the shop's, add it to public.shops in restock.yaml", slog.String("origin", bot.Clean(first(origin, 100))))
		}
		d.fail(w, r, http.StatusForbidden, "this form works on the shop's own pages only")
		return
	}
	network := networkOf(client(r))
	if !d.limit.allow(network, d.Now()) {
		w.Header().Set("Retry-After", "60")
		d.fail(w, r, http.StatusTooManyRequests, "too many at once; please try again in a minute")
		return
	}
	if !d.daily.allow(network, d.Now()) {
		w.Header().Set("Retry-After", "86400")
		d.fail(w, r, http.StatusTooManyRequests, "too many for today; please try again tomorrow")
		return
	}
	v, program, err := d.read(w, r)
	if err != nil {
		d.fail(w, r, http.StatusBadRequest, "the form cannot be read: "+bot.Clean(err.Error()))
		return
	}
	if v.Website != "" { // as if it had been taken: a program learns nothing
		d.Log.Warn("a sign-up by a program was not taken", slog.String("net", network))
		d.answer(w, program, http.StatusOK, "signed.html", d.view(v))
		return
	}
	s, wrong := d.check(v)
	if s.Consent, s.Unshown, err = d.agreed(r.Context(), v); err != nil {
		d.broken(w, r, err)
		return
	}
	if s.Consent == "" {
		wrong["consent"], v.Consent = "this text has changed: please read it, and tick the box again", false
	}
	if len(wrong) > 0 {
		d.refuse(w, r, program, v, wrong)
		return
	}
	s.Net, s.Source = network, d.source(v, r)
	_, fresh, err := d.Ledger.AddSignUp(r.Context(), s)
	switch {
	case errors.Is(err, bot.ErrNoProduct):
		d.refuse(w, r, program, v, map[string]string{"sku": "this product is not known"})
	case errors.Is(err, bot.ErrInStock):
		d.refuse(w, r, program, v, map[string]string{"sku": "it is in stock: you can buy it now"})
	case err != nil && !errors.Is(err, bot.ErrConflict): // a conflict: the same wish came twice at once
		d.broken(w, r, err)
	default:
		d.Log.Info("sign-up", slog.String("sku", s.SKU), slog.String("channel", string(s.Channel)), slog.Bool("new", fresh))
		d.answer(w, program, http.StatusOK, "signed.html", d.view(v))
	}
}

// remember keeps the text that is shown from now on, as soon as the state can be written.
func (d *SignUps) remember(ctx context.Context) {
	const again = 5 * time.Second
	for {
		err := d.Ledger.KeepConsent(ctx, d.Consent)
		if err == nil || ctx.Err() != nil {
			return
		}
		d.Log.Warn("the text of consent is not kept yet", slog.String("error", bot.Clean(err.Error())))
		select {
		case <-ctx.Done():
			return
		case <-time.After(again):
		}
	}
}

// ours reports whether an origin is the shop's, or our own.
func (d *SignUps) ours(origin string, r *http.Request) bool {
	u, err := url.Parse(origin)
	return err == nil && (slices.Contains(d.Origins, strings.ToLower(origin)) || u.Host == r.Host)
}

// cors lets the shop's pages, and nobody else's, read the answer.
func (d *SignUps) cors(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); slices.Contains(d.Origins, strings.ToLower(origin)) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
	}
}

// preflight answers a browser that asks whether it may send JSON.
func (d *SignUps) preflight(w http.ResponseWriter, r *http.Request) {
	d.cors(w, r)
	if w.Header().Get("Access-Control-Allow-Origin") != "" {
		w.Header().Set("Access-Control-Allow-Methods", "POST")
		w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
		w.Header().Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

func (d *SignUps) broken(w http.ResponseWriter, r *http.Request, err error) {
	d.Log.Error("a sign-up could not be taken", slog.String("error", err.Error()))
	w.Header().Set("Retry-After", "60")
	d.fail(w, r, http.StatusServiceUnavailable, "this did not work; please try again in a minute")
}

// fail says to a program, or to a person, that nothing was taken.
func (d *SignUps) fail(w http.ResponseWriter, r *http.Request, status int, text string) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		http.Error(w, text, status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"ok": false, "error": text}) // who asked is gone
}

// refuse says what is wrong, by field.
func (d *SignUps) refuse(w http.ResponseWriter, r *http.Request, program bool, v wish, wrong map[string]string) {
	if v.Agreed != bot.ConsentMark(d.Consent) { // another text is shown now
		v.Consent = false
	}
	view := d.view(v)
	view.Errors = wrong
	if level, ok, err := d.Ledger.Level(r.Context(), d.Job, strings.TrimSpace(v.SKU)); err == nil && ok {
		view.product(level)
		view.InStock = level.Availability == bot.In
	}
	d.answer(w, program, http.StatusUnprocessableEntity, "signup.html", view)
}

// answer answers a person with a page and a program with JSON.
func (d *SignUps) answer(w http.ResponseWriter, program bool, status int, name string, view signUpPage) {
	if !program {
		d.show(w, status, name, view)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	reply := map[string]any{"ok": len(view.Errors) == 0}
	if len(view.Errors) > 0 {
		reply["errors"] = view.Errors
		if view.Errors["consent"] != "" {
			reply["consent_text"] = view.Consent
		}
	}
	_ = json.NewEncoder(w).Encode(reply) // who asked is gone
}

func (d *SignUps) show(w http.ResponseWriter, status int, name string, view any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := d.pages.ExecuteTemplate(w, name, view); err != nil {
		d.Log.Debug("a page was not written", slog.String("error", err.Error()))
	}
}
