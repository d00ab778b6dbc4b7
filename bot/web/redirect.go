package web

import (
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"restock/bot"
)

// Redirect leads from the link in a message to the product. The link holds no address: where it leads is looked up when it is followed,
// and must be in the shop.
type Redirect struct {
	Ledger *bot.Ledger // with a Vault
	Clicks *bot.Clicker
	// Target returns the address of the product that a notification is about.
	Target func(n bot.Notification) (string, error)
	Hosts  []string // of the shop; a link leads nowhere else
	Shop   string
	Now    func() time.Time
	Log    *slog.Logger
	page   *template.Template
}

// maxAgent bounds what is kept of a program's name for itself.
const maxAgent = 200

// ServeHTTP implements http.Handler.
func (d *Redirect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	prefix, use, ok := d.Ledger.Vault.ReadLink(r.PathValue("token"))
	if !ok {
		missing(w, d.page, d.Shop)
		return
	}
	n, ok, err := d.Ledger.Linked(r.Context(), prefix)
	if err != nil {
		d.broken(w, err)
		return
	}
	if !ok {
		missing(w, d.page, d.Shop)
		return
	}
	level, known, err := d.Ledger.Level(r.Context(), n.Job, n.Restock.SKU)
	if err != nil {
		d.broken(w, err)
		return
	}
	target, err := d.target(n)
	if err != nil {
		d.Log.Error("a link leads nowhere", slog.String("key", n.Key), slog.String("error", err.Error()))
		missing(w, d.page, d.Shop)
		return
	}
	hit := bot.Hit{At: d.Now(), Purpose: purpose(r.Header), Trap: use == bot.TrapLink, Gone: known && level.Availability == bot.Out}
	hit.Agent = bot.Clean(first(r.UserAgent(), maxAgent))
	hit.Net = networkOf(client(r))
	if r.Method != http.MethodGet {
		hit.Method = r.Method
	}
	hit.Keep = hit.Gone && n.Bought.IsZero() && d.Ledger.Judge.Alone(hit, n.Told()) == ""
	written := d.Clicks.Add(&n, hit, level.Episode)
	switch {
	case hit.Trap:
		w.WriteHeader(http.StatusNoContent)
	case hit.Gone:
		d.gone(w, r, n, target, hit, written)
	default:
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusFound)
	}
}

func networkOf(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return bot.Network(a)
}

// broken says that it is our fault.
func (d *Redirect) broken(w http.ResponseWriter, err error) {
	d.Log.Error("a link cannot be followed", slog.String("error", err.Error()))
	w.Header().Set("Retry-After", "5")
	http.Error(w, "this did not work; please try again in a minute", http.StatusServiceUnavailable)
}

func first(s string, n int) string { return s[:min(len(s), n)] }
