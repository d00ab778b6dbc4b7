package flows_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/flows/flowtest"
	"restock/selectors"
)

func TestStock(t *testing.T) {
	w, s := sample(t)
	r, err := s.Stock(t.Context(), "ims")
	if err != nil {
		t.Fatal(err)
	}
	truth := w.Products()
	if len(r.Levels) != len(truth) || r.Complete != bot.CompleteYes {
		t.Fatalf("%d levels, complete %v: expected %d", len(r.Levels), r.Complete, len(truth))
	}
	for i, p := range truth {
		got := r.Levels[i]
		if got.SKU != p.SKU || got.Name != p.Name || got.Quantity.String() != fmt.Sprint(p.Quantity) {
			t.Errorf("row %d: %+v (%s), expected %+v", i, got, got.Quantity, p)
		}
	}
	steps := s.Steps()
	if len(steps) != 1 || steps[0].Text != "read 120 rows on 6 pages" {
		t.Errorf("steps %+v", steps)
	}
}

func TestSubscribers(t *testing.T) {
	w, s := sample(t)
	first := w.Requests()[0].SKU
	subs, waiting, err := s.Subscribers(t.Context(), "crm", []string{first, "AO-NOBODY"})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range w.Requests() {
		if r.SKU != first || r.Status != "Waiting" {
			continue
		}
		got := subs[n]
		n++
		consent := bot.ConsentRefused
		if r.Consent {
			consent = bot.ConsentGiven
		}
		if got.ID != fmt.Sprint(r.ID) || got.Email != r.Email || got.Phone != r.Phone || got.Consent != consent || got.Customer != r.Customer {
			t.Errorf("%+v, expected %+v", got, r)
		}
	}
	if n != len(subs) || n != waiting || n < 5 {
		t.Errorf("%d subscriptions, %d waiting, expected %d", len(subs), waiting, n)
	}
}

func told(w *flowtest.World) bot.Notification {
	r := w.Requests()[0]
	return bot.Notification{
		Key: "k7", Channel: bot.Email, State: bot.Accepted, Restock: bot.Restock{SKU: r.SKU},
		Subscription: bot.Subscription{ID: fmt.Sprint(r.ID), Customer: r.Customer},
		Changes:      []bot.Change{{At: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), To: bot.Accepted}},
	}
}

// TestFollowUp: written once and read back; what stands there already is not written again; what a colleague changed is
// left alone.
func TestFollowUp(t *testing.T) {
	w, s := sample(t)
	n := told(w)
	intents := 0
	intent := func(context.Context) error {
		intents++
		if len(w.Saves()) > 0 {
			t.Error("something was written before the intent was recorded")
		}
		return nil
	}
	for range 2 {
		f, err := s.FollowUp(t.Context(), "crm", n, intent)
		if err != nil || f.State != bot.FollowUpWritten {
			t.Fatalf("%+v, %v", f, err)
		}
	}
	r := w.Requests()[0]
	if intents != 1 || len(w.Saves()) != 1 || r.Status != "Notified" || r.Note != "Told on 2026-11-23 09:00 by e-mail [k7]" {
		t.Errorf("%d intents, %d saves, %+v", intents, len(w.Saves()), r)
	}
	other := n
	other.Key = "k8"
	f, err := s.FollowUp(t.Context(), "crm", other, intent)
	if err != nil || f.State != bot.FollowUpDiffers || len(w.Saves()) != 1 {
		t.Errorf("a record that somebody changed: %+v, %v, %d saves", f, err, len(w.Saves()))
	}
}

// TestIntentFails: what cannot be recorded is not written.
func TestIntentFails(t *testing.T) {
	w, s := sample(t)
	if _, err := s.FollowUp(t.Context(), "crm", told(w), func(context.Context) error { return errors.New("disk full") }); err == nil {
		t.Error("no error")
	}
	if len(w.Saves()) != 0 {
		t.Error("written all the same")
	}
}

// TestSaveIsForgotten: a site that says "Saved." and has not saved is found out by reading back.
func TestSaveIsForgotten(t *testing.T) {
	w, s := sample(t)
	w.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/requests/") {
			http.Redirect(rw, r, r.URL.Path+"?message=Saved.", http.StatusSeeOther)
			return true
		}
		return false
	})
	_, err := s.FollowUp(t.Context(), "crm", told(w), func(context.Context) error { return nil })
	if bot.ClassOf(err) != bot.WriteUnknown || !strings.Contains(err.Error(), "Waiting") {
		t.Errorf("%v", err)
	}
}

// TestWrongPassword: tried once, and not again until it changes.
func TestWrongPassword(t *testing.T) {
	w, s := sample(t)
	w.SetPassword("another")
	for i := range 3 {
		_, err := s.Stock(t.Context(), "ims")
		if bot.ClassOf(err) != bot.Auth || !strings.Contains(err.Error(), "IMS_PASSWORD") || !strings.Contains(err.Error(), "ims.yaml:") {
			t.Fatalf("attempt %d: %v", i, err)
		}
		if strings.Contains(err.Error(), flowtest.Password) {
			t.Error("the password is in the error")
		}
	}
	if n := len(w.LogIns()); n != 1 {
		t.Fatalf("the site saw %d attempts", n)
	}
	secret := s.Values.Secret
	s.Values.Secret = func(name string) (string, bool) {
		if name == "IMS_PASSWORD" {
			return "another", true
		}
		return secret(name)
	}
	if _, err := s.Stock(t.Context(), "ims"); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

// TestSessionEnds: a session that ends in the middle of a list is taken up again; the list is read from its start.
func TestSessionEnds(t *testing.T) {
	w, s := sample(t)
	pages := 0
	w.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/products" {
			if pages++; pages == 4 {
				w.EndSessions()
			}
		}
		return false
	})
	r, err := s.Stock(t.Context(), "ims")
	if err != nil || len(r.Levels) != 120 {
		t.Fatalf("%d levels, %v", len(r.Levels), err)
	}
	if n := len(w.LogIns()); n != 2 {
		t.Errorf("%d log-ins", n)
	}
}

// TestSiteIsDown: an error page is no data; a site that recovers is read.
func TestSiteIsDown(t *testing.T) {
	w, s := sample(t)
	broken := 1 // right after the log-in, which is sent once more, not over and over
	w.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/products" || broken == 0 {
			return false
		}
		broken--
		rw.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(rw, "<h1>Products</h1><table class=stock><tbody><tr><td>AO-1001<td>x<td>0</tr></table><span class=count>1–1 of 1</span>")
		return true
	})
	if r, err := s.Stock(t.Context(), "ims"); err != nil || len(r.Levels) != 120 {
		t.Errorf("after an error: %d levels, %v", len(r.Levels), err)
	}
	broken = 100
	if _, err := s.Stock(t.Context(), "ims"); bot.ClassOf(err) != bot.SiteDown || !strings.Contains(err.Error(), "status 503") {
		t.Errorf("%v", err)
	}
}

// TestHalfLists: lists that are not whole are never believed.
func TestHalfLists(t *testing.T) {
	page := func(rows, count, pager string) string {
		return `<!doctype html><header><a class=logout>x</a></header><h1>Products</h1><table class=stock><thead><tr><th>SKU<th>Product<th>On hand</thead><tbody>` +
			rows + `</table><span class=count>` + count + `</span>` + pager
	}
	row := func(sku, quantity string) string {
		return "<tr><td>" + sku + "<td><a href=/p>x</a><td>" + quantity + "</tr>"
	}
	for name, c := range map[string]struct {
		page  string
		class bot.Class
		want  string
	}{
		"fewer rows than the page says": {page(row("A", "1"), "1–2 of 2", ""), bot.DataContract, "1 rows, while the page says 2"},
		"no rows and no sign":           {page("", "", ""), bot.PageChanged, "total"},
		"none, but the page says one":   {page("", "0–0 of 1", ""), bot.PageChanged, "rows"},
		"a quantity that is no number":  {page(row("A", "n/a"), "1–1 of 1", ""), bot.DataContract, `"n/a"`},
		"an empty quantity":             {page(row("A", ""), "1–1 of 1", ""), bot.DataContract, `""`},
		"one key, two values":           {page(row("A", "1")+row("A", "2"), "1–2 of 2", ""), bot.DataContract, "two rows with the key"},
		"one row twice":                 {page(row("A", "1")+row("A", "1"), "1–2 of 2", ""), bot.DataContract, "twice"},
		"no key":                        {page(row("", "1"), "1–1 of 1", ""), bot.DataContract, "key"},
		"a pager in a circle":           {page(row("A", "1"), "1–1 of 9", `<a href="/products?page=2">Next</a>`), bot.DataContract, "same rows again"},
		"a column renamed":              {strings.Replace(page(row("A", "1"), "1–1 of 1", ""), "On hand", "Reserved", 1), bot.PageChanged, "On hand"},
		"a column twice":                {strings.Replace(page("<tr><td>A<td><a href=/p>x</a><td>1<td>0</tr>", "1–1 of 1", ""), "<th>On hand", "<th>On hand<th>On hand", 1), bot.PageChanged, "2 columns"},
		"another page":                  {strings.Replace(page(row("A", "1"), "1–1 of 1", ""), "Products", "Orders", 1), bot.PageChanged, "Products"},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := sample(t)
			s.Files["ims"].Stock.Within = 1200 * time.Millisecond
			w.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/products" {
					fmt.Fprint(rw, c.page)
				}
				return r.URL.Path == "/products"
			})
			r, err := s.Stock(t.Context(), "ims")
			if bot.ClassOf(err) != c.class || !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("%d levels, %v: expected %s with %q", len(r.Levels), err, c.class, c.want)
			}
		})
	}
}

// TestEvidence: a broken selector leaves a picture, the page's structure and the steps, with the line of the file; and no
// address, no secret.
func TestEvidence(t *testing.T) {
	w, s := sample(t)
	s.Files["crm"].Followup.Steps[0].Fields[0].Element = selectors.Element{Alternatives: []selectors.Target{{CSS: "#gone"}}}
	s.Files["crm"].Followup.Steps[0].Within = 500 * time.Millisecond
	_, err := s.FollowUp(t.Context(), "crm", told(w), func(context.Context) error { return nil })
	step, ok := errors.AsType[*bot.StepError](err)
	if !ok || step.Class != bot.PageChanged || !strings.HasPrefix(step.Place, "crm.yaml:") || step.Step != `select css "#gone"` || !strings.Contains(err.Error(), `select css "#gone"`) {
		t.Fatalf("%v", err)
	}
	for name, want := range map[string]string{
		"screenshot.png": "PNG", "page.html": "<select id=\"status\"", "steps.txt": "FAILED", "failure.json": "PAGE_CHANGED", "page.json": "near",
	} {
		data, err := os.ReadFile(filepath.Join(step.Evidence, name))
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: %v, without %q", name, err, want)
		}
		for _, secret := range []string{flowtest.Password, w.Requests()[0].Email, w.Requests()[0].Customer} {
			if strings.Contains(string(data), secret) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
	}
	if len(w.Saves()) != 0 {
		t.Error("something was written")
	}
}

// TestFallback: an alternative that matched in the place of the first is used; the page is not changed by it.
func TestFallback(t *testing.T) {
	w, s := sample(t)
	s.Files["ims"].Login.Steps[2].Element.Alternatives = []selectors.Target{{CSS: "#gone"}, {Role: "button", Name: "Log in"}}
	if _, err := s.Stock(t.Context(), "ims"); err != nil || len(w.LogIns()) != 1 {
		t.Errorf("%v, %d log-ins", err, len(w.LogIns()))
	}
	if steps := s.Steps(); len(steps) != 1 || !strings.Contains(steps[0].Text, "matched only by its alternative 2") {
		t.Errorf("nobody is told of it: %+v", steps)
	}
}
