package web

import (
	"encoding/json"
	"errors"
	"html/template"
	"io"
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
	limit *limiter
}

// How many sign-ups a minute are taken from one network, and from all of them.
const (
	signUpsEach = 10
	signUpsAll  = 600
)

// wish is what a form or a program sends.
type wish struct {
	SKU      string `json:"sku"`
	Email    string `json:"email"`
	Phone    string `json:"phone"`
	Channel  string `json:"channel"` // email or sms; default: that of the address that is given
	Name     string `json:"name"`
	Language string `json:"language"`
	Consent  bool   `json:"consent"`
	Page     string `json:"page"`    // that it was sent from, in the shop
	Website  string `json:"website"` // nobody sees this field: only programs fill it in
}

// signUpPage is what the form shows.
type signUpPage struct {
	Shop, Consent, Product, Link string
	Wish                         wish
	Mail, Text                   bool
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
		d.broken(w, err)
	case !ok:
		http.NotFound(w, r)
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
		Shop: d.Shop, Consent: d.Consent, Wish: v, Mail: slices.Contains(d.Channels, bot.Email), Text: slices.Contains(d.Channels, bot.SMS),
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
		http.Error(w, "sign-ups come from the shop's pages; add the shop's address to public.shops in restock.yaml, if this is one", http.StatusForbidden)
		return
	}
	network := networkOf(client(r))
	if !d.limit.allow(network, d.Now()) {
		w.Header().Set("Retry-After", "60")
		http.Error(w, "too many at once; please try again in a minute", http.StatusTooManyRequests)
		return
	}
	v, program, err := d.read(w, r)
	if err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	if v.Website != "" { // as if it had been taken: a program learns nothing
		d.Log.Warn("a sign-up by a program was not taken", slog.String("net", network))
		d.answer(w, program, http.StatusOK, "signed.html", d.view(v))
		return
	}
	s, wrong := d.check(v)
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
		d.broken(w, err)
	default:
		d.Log.Info("sign-up", slog.String("sku", s.SKU), slog.String("channel", string(s.Channel)), slog.Bool("new", fresh))
		d.answer(w, program, http.StatusOK, "signed.html", d.view(v))
	}
}

// read reads a form or JSON.
func (d *SignUps) read(w http.ResponseWriter, r *http.Request) (v wish, program bool, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&v); err != nil {
			return v, true, err
		}
		if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
			return v, true, errors.New("something follows the wish")
		}
		return v, true, nil
	}
	form, err := fields(r)
	v = wish{
		SKU: form["sku"], Email: form["email"], Phone: form["phone"], Channel: form["channel"], Name: form["name"], Language: form["language"],
		Consent: ticked(form["consent"]), Page: form["page"], Website: form["website"],
	}
	return v, false, err
}

// ticked reads a box of a form.
func ticked(text string) bool {
	return slices.Contains([]string{"yes", "on", "true", "1"}, strings.ToLower(strings.TrimSpace(text)))
}

// check makes a sign-up of a wish, or says what is wrong with each field.
func (d *SignUps) check(v wish) (s bot.SignUp, wrong map[string]string) {
	wrong = map[string]string{}
	s = bot.SignUp{Job: d.Job, SKU: strings.TrimSpace(v.SKU), Customer: v.Name, Language: v.Language, Consent: d.Consent, Confirm: d.Confirm, At: d.Now()}
	if s.SKU == "" || len(s.SKU) > 100 || strings.ContainsAny(s.SKU, "\x00\n\r") {
		wrong["sku"] = "which product is it about?"
	}
	channel := v.Channel
	if channel == "" && strings.TrimSpace(v.Email) == "" && strings.TrimSpace(v.Phone) != "" {
		channel = string(bot.SMS)
	}
	s.Channel, s.Address = bot.Email, strings.TrimSpace(v.Email)
	if channel == string(bot.SMS) {
		s.Channel, s.Address = bot.SMS, d.Phone(v.Phone)
	}
	switch {
	case channel != "" && channel != string(bot.Email) && channel != string(bot.SMS), !slices.Contains(d.Channels, s.Channel):
		wrong["channel"] = "please choose how we tell you"
	case s.Channel == bot.Email && !bot.ValidEmail(s.Address):
		wrong["email"] = "please give an e-mail address such as name@example.com"
	case s.Channel == bot.SMS && !bot.ValidPhone(s.Address):
		wrong["phone"] = "please give a mobile number such as 0491 570 006"
	}
	if !v.Consent {
		wrong["consent"] = "please tick this box: without it we may not write to you"
	}
	if len([]rune(s.Customer)) > 100 || strings.ContainsAny(s.Customer, "\x00\n\r") {
		wrong["name"] = "please give a shorter name"
	}
	if len(s.Language) > 12 || strings.Trim(strings.ToLower(s.Language), "abcdefghijklmnopqrstuvwxyz-_0123456789") != "" {
		s.Language = ""
	}
	s.Customer = bot.Printable(s.Customer)
	return s, wrong
}

// source is the page that a wish came from, without what stands behind the question mark.
func (d *SignUps) source(v wish, r *http.Request) string {
	for _, text := range []string{v.Page, r.Referer()} {
		if u, err := url.Parse(text); err == nil && u.Host != "" && d.ours(u.Scheme+"://"+u.Host, r) {
			return first(u.Scheme+"://"+u.Host+u.EscapedPath(), 300)
		}
	}
	return ""
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

func (d *SignUps) broken(w http.ResponseWriter, err error) {
	d.Log.Error("a sign-up could not be taken", slog.String("error", err.Error()))
	w.Header().Set("Retry-After", "60")
	http.Error(w, "this did not work; please try again in a minute", http.StatusServiceUnavailable)
}

// refuse says what is wrong, by field.
func (d *SignUps) refuse(w http.ResponseWriter, r *http.Request, program bool, v wish, wrong map[string]string) {
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
