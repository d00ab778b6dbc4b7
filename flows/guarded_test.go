package flows_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/flows"
	"restock/flows/evidence"
	"restock/flows/flowtest"
	"restock/selectors"
)

// TestBadRows: a few quantities that cannot be read leave their products as they are known; more mean that the page is not
// understood; and none is allowed where the file says so.
func TestBadRows(t *testing.T) {
	for name, c := range map[string]struct {
		bad, percent int
		fails        bool
	}{"one of 120": {1, 1, false}, "two of 120": {2, 1, true}, "two of 120 with 2 %": {2, 2, false}, "none allowed": {1, 0, true}} {
		t.Run(name, func(t *testing.T) {
			w, s := sample(t)
			s.BadRows, s.Files["ims"].Stock.Within = c.percent, 1500*time.Millisecond
			products := w.Products()
			w.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/products" || r.FormValue("page") != "" {
					return false
				}
				page := flowtest.StockPage(products, 1)
				for i := range c.bad {
					page = strings.Replace(page, `<td class="number">`, `<td class="number" data-`+string(rune('a'+i))+`>n/a `, 1)
				}
				_, _ = rw.Write([]byte(page))
				return true
			})
			r, err := s.Stock(t.Context(), "ims")
			if c.fails {
				if bot.ClassOf(err) != bot.DataContract || !strings.Contains(err.Error(), "n/a") {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || len(r.Levels) != 120 || r.Levels[0].Availability != bot.Unknown || r.Levels[0].Quantity != nil || len(r.Warnings) != 1 {
				t.Errorf("%v, %d levels, first %+v, %v", err, len(r.Levels), r.Levels[0], r.Warnings)
			}
		})
	}
}

// TestAppendOnce: a note that an attempt which was cut off has left is not written a second time.
func TestAppendOnce(t *testing.T) {
	w, s := sample(t)
	n := told(w)
	text := "Told on 2026-11-23 09:00 by e-mail [k7]"
	w.Note(w.Requests()[0].ID, "Called on Monday.\n"+text)
	f, err := s.FollowUp(t.Context(), "crm", n, func(context.Context) error { return nil })
	r := w.Requests()[0]
	if err != nil || f.State != bot.FollowUpWritten || r.Status != "Notified" || strings.Count(r.Note, text) != 1 || !strings.HasPrefix(r.Note, "Called on Monday.") {
		t.Errorf("%+v, %v, %+v", f, err, r)
	}
}

// TestRejected: the form says no: it is a matter for a person, and nothing was written.
func TestRejected(t *testing.T) {
	w, s := sample(t)
	w.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, "/requests/") {
			return false
		}
		_, _ = rw.Write([]byte(`<!doctype html><header><a class=logout>x</a></header><p class="invalid" role="alert">Closed.</p>`))
		return true
	})
	s.StepLimit = time.Second
	_, err := s.FollowUp(t.Context(), "crm", told(w), func(context.Context) error { return nil })
	if bot.ClassOf(err) != bot.Business || !strings.Contains(err.Error(), "refused the entry") || len(w.Saves()) != 0 {
		t.Errorf("%v, %d saves", err, len(w.Saves()))
	}
}

// TestPermissions: a page is granted nothing.
func TestPermissions(t *testing.T) {
	w, s := sample(t)
	w.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/products" {
			return false
		}
		_, _ = rw.Write([]byte(`<!doctype html><header><a class=logout>x</a></header><h1>asking</h1><script>
Promise.all(["geolocation", "notifications", "camera", "clipboard-read"].map((name) => navigator.permissions.query({ name }).then((p) => name + "=" + p.state)))
	.then((all) => { document.querySelector("h1").textContent = all.some((s) => s.endsWith("granted")) ? "granted " + all : "Nothing is granted"; });</script>`))
		return true
	})
	s.Files["ims"].Stock.Proof = &selectors.Condition{Visible: &selectors.Element{Alternatives: []selectors.Target{{Heading: "Nothing is granted"}}}}
	s.Files["ims"].Stock.Within = 2 * time.Second
	_, err := s.Stock(t.Context(), "ims")
	if err == nil || strings.Contains(err.Error(), "heading") {
		t.Errorf("%v", err)
	}
}

// TestLastGood: the picture beside a failure is of a flow that worked and was believed; what is held is no such picture.
func TestLastGood(t *testing.T) {
	_, s := sample(t)
	root := filepath.Dir(s.Evidence)
	read := func(s *flows.Sites) {
		t.Helper()
		if _, err := s.Stock(t.Context(), "ims"); err != nil {
			t.Fatal(err)
		}
	}
	held := anotherRun(s)
	read(held)
	if err := held.Witness(t.Context(), "ims", &bot.StepError{Class: bot.HeldClass, Site: "ims", Found: "nothing"}); !strings.Contains(err.Error(), "evidence.html") {
		t.Error(err)
	}
	if err := held.Close(); err != nil || evidence.LastGood(root, "ims", "stock") != nil {
		t.Error("a reading that was held counts as good", err)
	}
	read(s)
	s.Worn = func() bool { return true } // the browser is replaced in the middle
	read(s)
	if err := s.Close(); err != nil || evidence.LastGood(root, "ims", "stock") == nil {
		t.Error("no picture was kept", err)
	}
}
