package web

import (
	"cmp"
	"context"
	"html/template"
	"log/slog"
	"net/http"

	"restock/bot"
)

// gone says that the product is sold out again. That the place is kept is said only when it is on disk.
func (d *Redirect) gone(w http.ResponseWriter, r *http.Request, n bot.Notification, target string, hit bot.Hit, written *bot.Flush) {
	view := gonePage{Shop: d.Shop, Product: cmp.Or(n.Restock.Name, n.Restock.SKU), Link: target, Style: template.CSS(style)}
	if r.Method != http.MethodHead {
		ctx, cancel := context.WithTimeout(r.Context(), bodyLimit/2)
		err := written.Wait(ctx)
		cancel()
		var left bool
		if err == nil {
			_, left, err = d.Ledger.Left(r.Context(), &n)
		}
		if err != nil {
			d.Log.Warn("a place could not be kept", slog.String("key", n.Key), slog.String("error", err.Error()))
		}
		keep := err == nil && !left && n.Bought.IsZero() // who has bought waits no more
		view.Kept, view.Ask = keep && hit.Keep, keep && !hit.Keep
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := d.page.ExecuteTemplate(w, "gone.html", view); err != nil {
		d.Log.Debug("a page was not written", slog.String("error", err.Error()))
	}
}

// keep takes the button of the page that says that the product is sold out.
func (d *Redirect) keep(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	prefix, use, ok := d.Ledger.Vault.ReadLink(r.PathValue("token"))
	if _, err := fields(r); err != nil || !ok || use != bot.ProductLink {
		missing(w, d.page, d.Shop)
		return
	}
	n, ok, err := d.Ledger.Linked(r.Context(), prefix)
	var level bot.Level
	if err == nil && ok {
		level, _, err = d.Ledger.Level(r.Context(), n.Job, n.Restock.SKU)
	}
	switch {
	case err != nil:
		d.broken(w, err)
	case !ok:
		missing(w, d.page, d.Shop)
	case level.Availability != bot.Out: // back meanwhile
		w.Header().Set("Location", r.URL.Path)
		w.WriteHeader(http.StatusSeeOther)
	default:
		target, err := d.target(n)
		if err != nil {
			d.broken(w, err)
			return
		}
		hit := bot.Hit{At: d.Now(), Agent: bot.Clean(first(r.UserAgent(), maxAgent)), Net: networkOf(client(r)), Method: r.Method, Gone: true, Keep: n.Bought.IsZero()}
		d.gone(w, r, n, target, hit, d.Clicks.Add(&n, hit, level.Episode))
	}
}

// gonePage is what is shown where the product is sold out again.
type gonePage struct {
	Shop, Product, Link string
	Kept                bool
	Ask                 bool // a button keeps it: it is not sure that this is a person
	Style               template.CSS
}
