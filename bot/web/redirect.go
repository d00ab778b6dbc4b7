package web

import (
	"context"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
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
		http.NotFound(w, r)
		return
	}
	n, ok, err := d.Ledger.Linked(r.Context(), prefix)
	if err != nil {
		d.broken(w, err)
		return
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	level, known, err := d.Ledger.Level(r.Context(), n.Job, n.Restock.SKU)
	if err != nil {
		d.broken(w, err)
		return
	}
	target, err := d.Target(n)
	if err == nil {
		target, err = d.allowed(target, n)
	}
	if err != nil {
		d.Log.Error("a link leads nowhere", slog.String("key", n.Key), slog.String("error", err.Error()))
		http.NotFound(w, r)
		return
	}
	hit := bot.Hit{At: d.Now(), Purpose: purpose(r.Header), Trap: use == bot.TrapLink, Gone: known && level.Availability == bot.Out}
	hit.Agent = bot.Clean(first(r.UserAgent(), maxAgent))
	hit.Net = networkOf(client(r))
	if r.Method != http.MethodGet {
		hit.Method = r.Method
	}
	hit.Keep = hit.Gone && d.Ledger.Judge.Alone(hit, n.Told()) == ""
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

// keep takes the button of the page that says that the product is sold out.
func (d *Redirect) keep(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	prefix, use, ok := d.Ledger.Vault.ReadLink(r.PathValue("token"))
	if _, err := fields(r); err != nil || !ok || use != bot.ProductLink {
		http.NotFound(w, r)
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
		http.NotFound(w, r)
	case level.Availability != bot.Out: // back meanwhile
		w.Header().Set("Location", r.URL.Path)
		w.WriteHeader(http.StatusSeeOther)
	default:
		target, err := d.Target(n)
		if err == nil {
			target, err = d.allowed(target, n)
		}
		if err != nil {
			d.broken(w, err)
			return
		}
		hit := bot.Hit{At: d.Now(), Agent: bot.Clean(first(r.UserAgent(), maxAgent)), Net: networkOf(client(r)), Method: r.Method, Gone: true, Keep: true}
		d.gone(w, r, n, target, hit, d.Clicks.Add(&n, hit, level.Episode))
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

// gonePage is what is shown where the product is sold out again.
type gonePage struct {
	Shop, Product, Link string
	Kept                bool
	Ask                 bool // a button keeps it: it is not sure that this is a person
	Style               template.CSS
}

// gone says that the product is sold out again. That the place is kept is said only when it is on disk.
func (d *Redirect) gone(w http.ResponseWriter, r *http.Request, n bot.Notification, target string, hit bot.Hit, written *bot.Flush) {
	view := gonePage{Shop: d.Shop, Product: n.Restock.Name, Link: target, Style: template.CSS(style)}
	if view.Product == "" {
		view.Product = n.Restock.SKU
	}
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
		view.Kept, view.Ask = err == nil && !left && hit.Keep, err == nil && !left && !hit.Keep
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := d.page.ExecuteTemplate(w, "gone.html", view); err != nil {
		d.Log.Debug("a page was not written", slog.String("error", err.Error()))
	}
}

// allowed returns an address of the shop with what its statistics are to know, or why the address is none.
func (d *Redirect) allowed(target string, n bot.Notification) (string, error) {
	u, err := url.Parse(target)
	if err != nil {
		return "", err
	}
	loopback := u.Scheme == "http" && (u.Hostname() == "localhost" || strings.HasPrefix(u.Hostname(), "127."))
	if u.Scheme != "https" && !loopback || u.User != nil || !slices.Contains(d.Hosts, strings.ToLower(u.Host)) {
		return "", &notTheShop{u.Scheme + "://" + u.Host}
	}
	query := u.Query()
	for name, value := range map[string]string{
		"utm_source": "restock", "utm_medium": string(n.Channel), "utm_campaign": "back-in-stock-" + n.Restock.SKU + "-" + strconv.Itoa(n.Restock.Number),
	} {
		if !query.Has(name) {
			query.Set(name, value)
		}
	}
	query.Set("utm_content", bot.SendID(n.Key))
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// notTheShop refuses an address.
type notTheShop struct{ origin string }

func (e *notTheShop) Error() string {
	return e.origin + " is not the shop: add its host to public.hosts in restock.yaml, if it is"
}

func first(s string, n int) string { return s[:min(len(s), n)] }
