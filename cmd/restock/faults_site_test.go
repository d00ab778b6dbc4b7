package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"restock/bot"
	"restock/flows/flowtest"
	"restock/state/freeport"
)

func networkFaults() []fault {
	always := flowtest.When{}
	mid := flowtest.When{After: 2}
	list := []fault{
		{id: "N1", name: "the line is reset", arm: breaks("N1", always), class: bot.SiteDown, want: []string{"ims › ", "ERR_"}},
		{
			id: "N1-dns", name: "the host is unknown", arm: func(s *shop) { s.env["IMS_URL"] = "http://nobody.invalid" }, mend: imsBack, class: bot.SiteDown,
			want: []string{"ERR_NAME_NOT_RESOLVED", "nobody.invalid", "this host is unknown"},
		},
		{id: "N1-refused", name: "nobody listens", arm: func(s *shop) { s.env["IMS_URL"] = "http://" + freeport.Address(s.t) }, mend: imsBack, class: bot.SiteDown, want: []string{"ERR_CONNECTION_REFUSED"}},
		{id: "N2", name: "a certificate that nobody vouches for", arm: func(s *shop) {
			server := httptest.NewUnstartedServer(s.world.IMS.Config.Handler)
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			s.t.Cleanup(server.Close)
			s.env["IMS_URL"] = server.URL
		}, mend: imsBack, class: bot.SiteDown, want: []string{"ERR_CERT", "restock never ignores that"}},
		{id: "N3", name: "no answer", config: "browser: {open: 1s, step: 1s}\n", arm: breaks("N3", mid), class: bot.SiteDown, want: []string{"no answer in time"}},
		{id: "N4", name: "an error page with a stock list on it", arm: breaks("N4", mid), class: bot.SiteDown, want: []string{"status 5", "look at it in a browser"}},
		{id: "N4-once", name: "an error page once", arm: breaks("N4", flowtest.When{After: 2, Times: 1, Seed: 2}), survives: true},
		{
			id: "N5", name: "too many requests", arm: breaks("N5", mid), class: bot.SiteDown, want: []string{"status 429", "waits for as long as the site asks"}, after: obeyed,
			mend: func(s *shop) { s.clock = 31 * time.Minute },
		},
		{id: "N6", name: "a byte a second", config: "browser: {open: 1s, step: 1s}\n", arm: breaks("N6", mid), class: bot.SiteDown, want: []string{"in time"}},
		{id: "N7", name: "a redirect in a circle", arm: breaks("N7", mid), class: bot.SiteDown, want: []string{"ERR_TOO_MANY_REDIRECTS", "in a circle"}},
		{id: "N8", name: "a body cut off", arm: breaks("N8", mid), class: bot.SiteDown, want: []string{"cut off"}},
		{id: "N9", name: "a body cut off without a sign", arm: breaks("N9", mid), class: bot.PageChanged, want: []string{"ims.yaml:"}},
		{id: "N10", name: "a redirect to another site", arm: breaks("N10", mid), class: bot.PageChanged, want: []string{"the site leads to http://127.0.0.1:", "allow:"}},
	}
	for name, line := range map[string]flowtest.Line{
		"latency": {Latency: 40 * time.Millisecond}, "slicer": {Piece: 700}, "bandwidth": {Rate: 200_000},
	} {
		list = append(list, fault{id: "N11-" + name, name: "a bad line: " + name, arm: proxied(line), survives: true})
	}
	return append(list,
		fault{id: "N11-cut", name: "a line that ends", arm: proxied(flowtest.Line{Cut: 2500}), mend: imsBack, class: bot.SiteDown, want: []string{"ims › "}},
		fault{id: "N11-reset", name: "a line that is reset", arm: proxied(flowtest.Line{Cut: 1500, Reset: true}), mend: imsBack, class: bot.SiteDown, want: []string{"ims › "}},
	)
}

func imsBack(s *shop) { s.env["IMS_URL"] = s.world.IMS.URL }

func proxied(line flowtest.Line) func(*shop) {
	return func(s *shop) {
		p, err := flowtest.NewProxy(strings.TrimPrefix(s.world.IMS.URL, "http://"))
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(p.Close)
		p.Set(line)
		s.env["IMS_URL"] = "http://" + p.Addr
	}
}

// obeyed makes sure that a site which wants to be left alone is.
func obeyed(s *shop, _ bot.Run) {
	s.world.Mend()
	asked := len(s.world.LogIns())
	if _, err := s.run(); bot.ClassOf(err) != bot.SiteDown || !strings.Contains(fmt.Sprint(err), "asked to be left alone until") || len(s.world.LogIns()) != asked {
		s.t.Errorf("a run meanwhile: %v, %d log-ins", err, len(s.world.LogIns())-asked)
	}
}

func loginFaults() []fault {
	login := flowtest.When{Path: "/login"}
	once := func(s *shop, _ bot.Run) {
		before := len(s.world.LogIns())
		for range 3 {
			if _, err := s.run(); bot.ClassOf(err) != bot.Auth {
				s.t.Errorf("%v", err)
			}
		}
		want(s, "further log-ins", len(s.world.LogIns())-before, 0)
	}
	return []fault{
		{
			id: "L1", name: "a wrong password", arm: func(s *shop) { s.world.SetPassword("another") }, class: bot.Auth, want: []string{"refused the user name or password", "IMS_PASSWORD", "ims.yaml:"},
			after: once, mend: func(s *shop) { s.forgetLogIn("ims"); s.world.SetPassword(flowtest.Password) },
		},
		{
			id: "L2", name: "a locked account", arm: breaks("L2", login), class: bot.Auth, want: []string{"the account is locked", "log in by hand", "restock sessions forget ims"},
			after: once, mend: func(s *shop) { s.forgetLogIn("ims") },
		},
		{id: "L3", name: "the session ends in the middle", arm: breaks("L3", flowtest.When{After: 3, Times: 1}), survives: true, after: func(s *shop, _ bot.Run) {
			want(s, "log-ins to the IMS", s.logIns("IMS"), 2)
		}},
		{id: "L4", name: "a puzzle for people", arm: breaks("L4", flowtest.When{}), class: bot.MFA, want: []string{"CAPTCHA", "by hand"}, after: func(s *shop, _ bot.Run) {
			want(s, "log-ins: a puzzle is not tried again", s.logIns("IMS"), 1)
		}},
		{id: "L4-maintenance", name: "maintenance", arm: breaks("L4-maintenance", flowtest.When{}), class: bot.SiteDown, want: []string{"status 503"}},
		{id: "L4-consent", name: "a notice over the page", arm: breaks("L4-consent", flowtest.When{After: 1}), class: bot.PageChanged, want: []string{`heading "Products"`}},
		{id: "L4-code", name: "a code that nobody has", arm: breaks("L4-code", login), class: bot.PageChanged, want: []string{"ims.yaml:", "login"}},
		{id: "L5", name: "somebody else uses the account", arm: kicked, class: bot.Auth, want: []string{"same account"}, after: func(s *shop, _ bot.Run) {
			if n := s.logIns("IMS"); n > 8 {
				s.t.Errorf("%d log-ins", n)
			}
		}},
		{id: "L6", name: "the log-in has moved to another site", arm: breaks("L6", login), class: bot.PageChanged, want: []string{"the site leads to http://127.0.0.1:"}},
	}
}

// kicked ends the session each time the list goes on to its second page.
func kicked(s *shop) {
	s.world.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/products" && r.FormValue("page") == "2" {
			s.world.EndSessions()
		}
		return false
	})
}

func (s *shop) logIns(system string) int {
	n := 0
	for _, l := range s.world.LogIns() {
		if l.System == system {
			n++
		}
	}
	return n
}

func (s *shop) forgetLogIn(site string) {
	w, err := s.open()
	if err == nil {
		err = w.ledger.ForgetSignIn(s.t.Context(), site)
	}
	if err == nil {
		err = w.close()
	}
	if err != nil {
		s.t.Error(err)
	}
}

func contentFaults() []fault {
	always := flowtest.When{}
	list := []fault{
		{id: "H1", name: "columns renamed", arm: breaks("H1", always), class: bot.PageChanged, want: []string{"columns with the heading", "ims.yaml:"}},
		{id: "H2", name: "the table is gone", arm: breaks("H2", always), class: bot.PageChanged, want: []string{"rows", "ims.yaml:"}},
		{id: "H3", name: "an empty list", arm: breaks("H3", always), class: bot.DataContract, want: []string{"at least 1 rows", "ims.yaml:"}},
		{id: "H3-zero", name: "everything is zero", arm: breaks("H3-zero", always), class: bot.HeldClass, want: []string{"nothing at all in stock", "restock runs release", "evidence.html"}},
		{id: "H4", name: "one product twice", arm: breaks("H4", always), class: bot.DataContract, want: []string{"two rows with the key", "AO-1001"}},
		{id: "H5", name: "a pager without an end", arm: breaks("H5", always), class: bot.DataContract, want: []string{"same rows again"}},
		{id: "H6", name: "rows that move", arm: breaks("H6", flowtest.When{After: 1}), class: bot.DataContract, want: []string{"twice"}},
		{id: "H7", name: "numbers that are none", arm: breaks("H7", always), class: bot.DataContract, want: []string{"column quantity", "expected a number", "ims.yaml:"}},
		{id: "H8", name: "a page of megabytes", arm: breaks("H8", always), survives: true},
		{id: "H8-cell", name: "a cell of a megabyte", arm: breaks("H8-cell", always), survives: true},
		{id: "H9", name: "a dialog", arm: breaks("H9", always), survives: true},
		{id: "H10", name: "a window that opens itself", arm: breaks("H10", always), survives: true},
		{id: "H11", name: "a download in place of a page", arm: breaks("H11", flowtest.When{After: 2}), class: bot.PageChanged, want: []string{"a download"}},
		{id: "H12", name: "hostile names", arm: breaks("H12", always), survives: true},
		{id: "H13", name: "a page from a cache of the site's own", arm: staleWorker, survives: true},
	}
	return append(list, submitFaults()...)
}

// staleWorker has the site's pages answered by a service worker with what they were long ago.
func staleWorker(s *shop) {
	s.world.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/old.js" {
			rw.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(rw, `self.addEventListener("install", () => self.skipWaiting()); self.addEventListener("activate", (e) => e.waitUntil(clients.claim()));
self.addEventListener("fetch", (e) => { if (e.request.url.includes("/products")) e.respondWith(new Response("<h1>Products</h1><p>long ago", { headers: { "Content-Type": "text/html" } })); });`)
			return true
		}
		if r.URL.Path == "/login" && r.Method == http.MethodGet {
			rw.Header().Add("Link", "</old.js>; rel=serviceworker")
		}
		if r.URL.Path == "/products" && r.FormValue("page") == "" {
			fmt.Fprint(rw, `<script>navigator.serviceWorker.register("/old.js")</script>`)
		}
		return false
	})
}

// submitFaults are those of the form in the CRM: the customers are told, and what is written is known.
func submitFaults() []fault {
	return []fault{
		{id: "H14-invalid", name: "the form says no", arm: func(s *shop) {
			s.sabotage(func(rw http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(rw, `<!doctype html><header><a class=logout>x</a></header><h1>Request</h1><p class="invalid" role="alert">The request is closed.</p>`)
			}, bot.Business, "it refused the entry")
		}, survives: true},
		{id: "H14-slow", name: "a slow save", arm: func(s *shop) {
			s.world.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/requests/") {
					time.Sleep(300 * time.Millisecond)
				}
				return false
			})
		}, survives: true},
		{id: "H14-conflict", name: "somebody else saved first", arm: func(s *shop) {
			s.sabotage(func(rw http.ResponseWriter, _ *http.Request) {
				http.Error(rw, "changed by somebody else", http.StatusConflict)
			}, bot.PageChanged, "status 409")
		}, survives: true},
		{id: "H14-lie", name: "it says saved, and has not", arm: func(s *shop) {
			s.sabotage(func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, r.URL.Path+"?message=Saved.", http.StatusSeeOther)
			}, bot.WriteUnknown, "after a reload")
		}, survives: true},
	}
}

// another is a second product, for which few wait.
func (s *shop) another() string {
	sku := s.world.Products()[9].SKU
	s.world.Keep(sku, 1)
	return sku
}

// sabotage does a run of its own in which the CRM's form is broken, and leaves the rest to the caller.
func (s *shop) sabotage(answer http.HandlerFunc, class bot.Class, text string) {
	on(http.MethodPost, "/requests/", answer)(s)
	run, err := s.run()
	if bot.ClassOf(err) != class || !strings.Contains(fmt.Sprint(err), text) || run.Written != 0 || len(s.world.Saves()) != 0 {
		s.t.Errorf("%v, %d written: expected %s with %q", err, run.Written, class, text)
	}
	told := len(s.world.Mail.Accepted()) + len(s.world.SMS.Sent())
	if told == 0 || count(s, bot.Accepted) != told {
		s.t.Errorf("%d messages, %d accepted", told, count(s, bot.Accepted))
	}
	s.world.Mend()
	if err := s.world.Restock(s.another(), 3); err != nil { // so that the next run has a restock too
		s.t.Error(err)
	}
}
