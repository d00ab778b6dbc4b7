package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"restock/flows/flowtest"
	"restock/state/freeport"
)

// desk is a shop whose listener for customers is open.
type desk struct {
	*shop
	address string // of the listener
	w       *workshop
	stop    func()
}

// newDesk is a shop that tells its customers where to sign up, and us of its orders.
func newDesk(t *testing.T, signUp, more string) *desk {
	t.Helper()
	address := freeport.Address(t)
	public := `public: {listen: "` + address + `", url: "http://` + address + `", shopify: {secret: "${secret:SHOP_KEY}"}, signup: {` + signUp + "}}\n"
	d := &desk{shop: newShop(t, quick+public+more), address: "http://" + address}
	d.world.Tell(d.address, d.address+"/hooks/shopify", shopKey)
	return d
}

// open opens the listener; close closes it and the state, so that a run can begin.
func (d *desk) listen() {
	d.t.Helper()
	w, err := d.open()
	d.must(err)
	ctx, cancel := context.WithCancel(d.t.Context())
	serve, err := w.listen(ctx)
	d.must(err)
	done := make(chan struct{})
	go func() { defer close(done); serve() }()
	d.w = w
	d.stop = func() {
		cancel()
		<-done
		d.must(w.close())
	}
}

// post sends a form; it returns the status and the page.
func (d *desk) post(path string, form url.Values) (int, string) {
	d.t.Helper()
	res, err := http.PostForm(d.address+path, form)
	d.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	d.must(err)
	return res.StatusCode, string(body)
}

func wishFor(sku, email string) url.Values {
	return url.Values{"sku": {sku}, "email": {email}, "consent": {"yes"}, "name": {"Kim O'Neil <b>"}}
}

// follow follows a link as a person does.
func (d *desk) follow(link string) *http.Response {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, link, nil)
	d.must(err)
	req.Header.Set("User-Agent", personAgent)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	d.must(err)
	return res
}

// linkTo is the link to the product in the last mail to somebody.
func (d *desk) linkTo(email string) string {
	d.t.Helper()
	letters := d.world.Mail.Accepted()
	slices.Reverse(letters)
	for _, letter := range letters {
		if letter.To == email {
			return regexp.MustCompile(regexp.QuoteMeta(d.address) + `/r/p[\w-]+`).FindString(strings.ReplaceAll(string(letter.Raw), "=\r\n", ""))
		}
	}
	d.t.Fatalf("no mail has come to %s", email)
	return ""
}

// of returns the requests of somebody.
func (d *desk) of(email string) (list []flowtest.Request) {
	for _, r := range d.world.Requests() {
		if r.Email == email {
			list = append(list, r)
		}
	}
	return list
}
