package web

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"restock/bot"
)

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
