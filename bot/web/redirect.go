package web

import (
	"html/template"
	"log/slog"
	"net"
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

// target is where the link of a notification leads.
func (d *Redirect) target(n bot.Notification) (string, error) {
	address, err := d.Target(n)
	if err != nil {
		return "", err
	}
	return d.allowed(address, n)
}

// allowed returns an address of the shop with what its statistics are to know, or why the address is none.
func (d *Redirect) allowed(target string, n bot.Notification) (string, error) {
	u, err := url.Parse(target)
	if err != nil {
		return "", err
	}
	loopback := u.Scheme == "http" && (u.Hostname() == "localhost" || strings.HasPrefix(u.Hostname(), "127."))
	if u.Scheme != "https" && !loopback || u.User != nil || !slices.Contains(d.Hosts, hostOf(u)) {
		return "", &notTheShop{u.Scheme + "://" + u.Host}
	}
	query := slices.DeleteFunc(strings.Split(u.RawQuery, "&"), func(part string) bool { return part == "" || strings.HasPrefix(part, "utm_content=") })
	for _, own := range [][2]string{
		{"utm_source", "restock"},
		{"utm_medium", string(n.Channel)},
		{"utm_campaign", "back-in-stock-" + n.Restock.SKU + "-" + strconv.Itoa(n.Restock.Number)},
		{"utm_content", bot.SendID(n.Key)},
	} {
		if !slices.ContainsFunc(query, func(part string) bool { return strings.HasPrefix(part, own[0]+"=") }) {
			query = append(query, own[0]+"="+url.QueryEscape(own[1]))
		}
	}
	u.RawQuery = strings.Join(query, "&") // what is there stays as it is
	return u.String(), nil
}

// hostOf is a host as restock.yaml names it: without the port that is meant anyway.
func hostOf(u *url.URL) string {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if port := u.Port(); port != "" && !(u.Scheme == "https" && port == "443") {
		return net.JoinHostPort(host, port)
	}
	return host
}

// notTheShop refuses an address.
type notTheShop struct{ origin string }

func (e *notTheShop) Error() string {
	return e.origin + " is not the shop: add it to public.shops in restock.yaml, if it is"
}

func first(s string, n int) string { return s[:min(len(s), n)] }
