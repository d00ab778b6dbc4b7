package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"restock/bot"
)

// read reads a form or JSON.
func (d *SignUps) read(w http.ResponseWriter, r *http.Request) (v wish, program bool, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&v); err != nil {
			return v, true, plainly(err)
		}
		if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
			return v, true, errors.New("something follows the wish")
		}
		if v.ConsentText != "" {
			v.Agreed = bot.ConsentMark(v.ConsentText)
		}
		return v, true, nil
	}
	form, err := fields(r)
	v = wish{
		SKU: form["sku"], Email: form["email"], Phone: form["phone"], Channel: form["channel"], Name: form["name"], Language: form["language"],
		Consent: ticked(form["consent"]), Page: form["page"], Website: form["website"], Agreed: form["agreed"],
	}
	return v, false, err
}

// check makes a sign-up of a wish, or says what is wrong with each field.
func (d *SignUps) check(v wish) (s bot.SignUp, wrong map[string]string) {
	wrong = map[string]string{}
	s = bot.SignUp{Job: d.Job, SKU: strings.TrimSpace(v.SKU), Customer: v.Name, Language: v.Language, Confirm: d.Confirm, At: d.Now()}
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
	s.Customer = strings.TrimLeft(strings.TrimSpace(s.Customer), "=+-@\t") // it goes into lists that people open as tables
	if len([]rune(s.Customer)) > 100 || !named(s.Customer) {
		wrong["name"] = "please give your name only"
	}
	if len(s.Language) > 12 || strings.Trim(strings.ToLower(s.Language), "abcdefghijklmnopqrstuvwxyz-_0123456789") != "" {
		s.Language = ""
	}
	s.Customer = bot.Printable(s.Customer)
	return s, wrong
}

// named reports whether a text can be somebody's name: no address, no number to call.
func named(text string) bool {
	digits := 0
	for _, r := range text {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	return digits < 5 && !strings.ContainsAny(text, "/:@\\\x00\n\r") && !strings.Contains(strings.ToLower(text), "www.")
}

// agreed is the text that was shown, "" where it is none of ours; unshown where the page did not say which, and it is that of the day.
func (d *SignUps) agreed(ctx context.Context, v wish) (text string, unshown bool, err error) {
	switch v.Agreed {
	case "":
		return d.Consent, true, nil
	case bot.ConsentMark(d.Consent):
		return d.Consent, false, nil
	}
	text, _, err = d.Ledger.ConsentText(ctx, first(v.Agreed, 100))
	return text, false, err
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
	// ConsentText is the text that was shown, and Agreed its mark, as forms send it.
	ConsentText string `json:"consent_text"`
	Agreed      string `json:"-"`
}
