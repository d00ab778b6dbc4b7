package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"restock/bot"
)

// TestPages looks at every page of the operators in a real browser: as wide as a desktop and as a phone, light and dark, with a
// keyboard only; and does what can be done there.
func TestPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	ambiguous, address := "", ""
	for n, err := range o.w.ledger.All(t.Context()) {
		o.must(err)
		if n.State == bot.Ambiguous {
			ambiguous, address = n.Key, n.Address
		}
	}
	if ambiguous == "" || address == "" {
		t.Fatal("no message is ambiguous")
	}
	for name, page := range map[string]struct{ path, has string }{
		"overview": {"/", "1 message.s. of job restock may have gone out"}, "runs": {"/runs", "Older runs|What is wrong"}, "run": {"/runs/" + o.done, "Back in stock"},
		"failure": {"/runs/" + o.failed, "What went wrong"}, "ledger": {"/ledger", "ambiguous"}, "notification": {"/ledger/" + ambiguous, "What happened"},
		"schedule": {"/schedule", "Sydney"}, "reports": {"/reports?wait=1", "Told"}, "suppressions": {"/suppressions", "Suppressions"},
		"audit": {"/audit", "Audit"}, "waves": {"/waves", "AO-1036"}, "labs": {"/lab", "beside pictures"}, "lab": {"/lab/ims", "No page of this site"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []struct {
				name          string
				width, height int
			}{{"desktop", 1280, 900}, {"phone", 390, 844}} {
				v := visit(t, size.width, size.height)
				for _, dark := range []bool{false, true} {
					wrong, reach := v.open(o.url+page.path, dark)
					v.wait(page.has)
					for _, what := range wrong {
						t.Errorf("%s, dark %v: %s", size.name, dark, what)
					}
					v.picture(fmt.Sprintf("admin-%s-%s-%v", name, size.name, dark), dark)
					if !dark {
						v.reaches(reach)
					}
				}
			}
		})
	}
	t.Run("start", func(t *testing.T) { o.start(t) })
	t.Run("settle", func(t *testing.T) { o.settle(t, ambiguous, address) })
	t.Run("evidence", func(t *testing.T) { o.stolen(t) })
}

// reaches goes through the page with Tab: everything that can be used gets the focus, and shows it.
func (v *visitor) reaches(n int) {
	v.t.Helper()
	for range n {
		v.press("Tab")
	}
	list := v.focused()
	if len(list) < n {
		v.t.Errorf("a keyboard reaches %d of %d things: %q", len(list), n, list)
	}
	for _, what := range list {
		if strings.Contains(what, "WITHOUT A RING") {
			v.t.Errorf("the focus does not show: %s", what)
		}
	}
}

// start starts a run by keyboard; it goes on to its end, and the page follows it.
func (o *office) start(t *testing.T) {
	v := visit(t, 1280, 900)
	v.open(o.url+"/", false)
	v.tabTo("Run now")
	v.press("Enter")
	v.wait("job restock was started")
	v.wait("Stop</button>")
	v.wait("Run now</button>")
	if wrong, _ := v.examine(); len(wrong) > 0 {
		t.Errorf("%q", wrong)
	}
	runs, err := o.w.ledger.Recent(t.Context(), bot.RunQuery{Limit: 1})
	if err != nil || runs[0].ID == o.failed || runs[0].Trigger != "hand" || runs[0].Outcome != bot.Done {
		t.Errorf("%+v, %v", runs, err)
	}
}

// settle shows who a customer is, and settles an ambiguous message; both are written down.
func (o *office) settle(t *testing.T, key, address string) {
	c := client(t, o.address)
	if _, page := c.get("/ledger/" + key); strings.Contains(page, address) {
		t.Errorf("the page shows an address that nobody asked for: %s", page)
	}
	if code, page := c.post("/ledger/"+key+"/reveal", "csrf", "local"); code != http.StatusOK || !strings.Contains(page, address) {
		t.Errorf("%d: %s", code, page)
	}
	if code, _ := c.post("/ledger/"+key+"/resolve", "csrf", "other", "to", "accepted"); code != http.StatusForbidden {
		t.Errorf("without its token the form is answered with %d", code)
	}
	c.post("/ledger/"+key+"/resolve", "csrf", "local", "to", "accepted")
	if n, _, err := o.w.ledger.Find(t.Context(), key); err != nil || n.State != bot.Accepted {
		t.Errorf("%s, %v", n.State, err)
	}
	_, page := c.get("/audit")
	for _, want := range []string{"looked at personal data", "resolved as accepted"} {
		if !strings.Contains(page, want) {
			t.Errorf("the audit log has no %q", want)
		}
	}
}
