package web

import (
	"cmp"
	"html/template"
	"log/slog"
	"net/http"
)

// confirmPage is what is shown to whoever follows the link of a confirmation.
type confirmPage struct {
	Shop, Product string
	Done          bool
	Style         template.CSS
}

// asked shows one button. Opening the link changes nothing: programs open every link of a message.
func (d *SignUps) asked(w http.ResponseWriter, r *http.Request) { d.confirm(w, r, false) }

// confirmed takes the button.
func (d *SignUps) confirmed(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if _, err := fields(r); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	d.confirm(w, r, true)
}

func (d *SignUps) confirm(w http.ResponseWriter, r *http.Request, done bool) {
	id, ok := d.Ledger.Vault.ReadConfirm(r.PathValue("token"))
	if !ok {
		missing(w, d.pages, d.Shop)
		return
	}
	s, ok, err := d.Ledger.FindSignUp(r.Context(), id)
	if err == nil && ok && done {
		s, ok, err = d.Ledger.ConfirmSignUp(r.Context(), id)
	}
	if err != nil {
		d.broken(w, r, err)
		return
	}
	if !ok {
		http.Error(w, "this link is too old; please sign up once more", http.StatusGone)
		return
	}
	if done {
		d.Log.Info("a sign-up was confirmed", slog.String("sku", s.SKU), slog.String("channel", string(s.Channel)))
	}
	view := confirmPage{Shop: d.Shop, Product: cmp.Or(s.Product, s.SKU), Done: !s.Confirmed.IsZero(), Style: template.CSS(style)}
	d.show(w, http.StatusOK, "confirm.html", view)
}
