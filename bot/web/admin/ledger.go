package admin

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"restock/bot"
)

// search is what is looked for in the ledger, and what was found.
type search struct {
	Customer string             `json:"-"` // an address is not written into answers
	SKU      string             `json:"sku,omitempty"`
	Restock  int                `json:"restock,omitempty"`
	State    string             `json:"state,omitempty"`
	Job      string             `json:"job"`
	Found    []bot.Notification `json:"notifications"`
	Level    *bot.Level         `json:"level,omitempty"`
	Jobs     []string           `json:"-"`
	States   []bot.State        `json:"-"`
	Partly   bool               `json:"partly"` // there may be more
}

// mostFound is how many notifications a page shows.
const mostFound = 200

func (a *Admin) ledger(w http.ResponseWriter, r *http.Request, u User) {
	if err := r.ParseForm(); err != nil {
		a.missing(w, r, u, "What was sent cannot be read.")
		return
	}
	q := r.Form // a form is posted, so that no address stands in a browser's history
	s := search{Customer: strings.TrimSpace(r.PostForm.Get("customer")), SKU: strings.TrimSpace(q.Get("sku")), State: q.Get("state"), Job: q.Get("job"), States: bot.States()}
	s.Restock, _ = strconv.Atoi(q.Get("restock"))
	var err error
	if s.Jobs, err = a.jobNames(r.Context()); err != nil {
		a.broken(w, r, u, err)
		return
	}
	if s.Job == "" && len(s.Jobs) > 0 {
		s.Job = s.Jobs[0]
	}
	if err := a.find(r, &s); err != nil {
		a.broken(w, r, u, err)
		return
	}
	for i := range s.Found {
		s.Found[i] = masked(s.Found[i])
	}
	if s.Found == nil {
		s.Found = []bot.Notification{}
	}
	a.show(w, r, u, http.StatusOK, "ledger.html", page{Title: "Ledger", Here: "/ledger", Data: s})
}

func (a *Admin) find(r *http.Request, s *search) (err error) {
	ctx := r.Context()
	switch {
	case s.Customer != "":
		s.Found, err = a.Ledger.Of(ctx, s.Customer, mostFound)
		s.Partly = len(s.Found) == mostFound
	case s.SKU != "":
		level, ok, levelErr := a.Ledger.Level(ctx, s.Job, s.SKU)
		if levelErr != nil {
			return levelErr
		}
		if ok {
			s.Level = &level
		}
		s.Found, err = a.Ledger.About(ctx, s.Job, s.SKU, s.Restock, mostFound)
		s.Partly = len(s.Found) == mostFound
	case s.State != "":
		s.Found, s.Partly, err = a.Ledger.InState(ctx, s.Job, bot.State(s.State), mostFound)
	default:
		s.Found, s.Partly, err = a.Ledger.Unfinished(ctx, s.Job, mostFound)
	}
	if s.State != "" {
		s.Found = slices.DeleteFunc(s.Found, func(n bot.Notification) bool { return string(n.State) != s.State })
	}
	return err
}

// masked hides who the customer is.
func masked(n bot.Notification) bot.Notification {
	n.Address = bot.Redact(n.Address)
	n.Subscription.Email, n.Subscription.Phone = bot.Redact(n.Subscription.Email), bot.Redact(n.Subscription.Phone)
	if name := []rune(n.Subscription.Customer); len(name) > 1 {
		n.Subscription.Customer = string(name[:1]) + "…"
	}
	n.Subscription.Fields = nil
	return n
}

// story is one notification with all that is known of it.
type story struct {
	bot.Notification
	Clicks   bot.Clicks `json:"clicks"`
	Revealed bool       `json:"revealed"`
	Proof    string     `json:"-"`
}

func (a *Admin) notification(w http.ResponseWriter, r *http.Request, u User) { a.tell(w, r, u, false) }

// reveal shows who the customer is, and writes down who has asked.
func (a *Admin) reveal(w http.ResponseWriter, r *http.Request, u User) {
	if err := a.Access.note(r, u, "looked at personal data", "notification "+r.PathValue("key")); err != nil {
		a.broken(w, r, u, err)
		return
	}
	a.tell(w, r, u, true)
}

func (a *Admin) tell(w http.ResponseWriter, r *http.Request, u User, plain bool) {
	n, ok, err := a.Ledger.Find(r.Context(), r.PathValue("key"))
	if err == nil && !ok {
		a.missing(w, r, u, "There is no such notification.")
		return
	}
	var clicks bot.Clicks
	if err == nil {
		clicks, err = a.Ledger.ClicksOf(r.Context(), n.Key)
	}
	if err != nil {
		a.broken(w, r, u, err)
		return
	}
	s := story{Notification: n, Clicks: clicks, Revealed: plain}
	if plain {
		s.Proof = n.Subscription.Fields["proof"]
	} else {
		s.Notification = masked(n)
	}
	a.show(w, r, u, http.StatusOK, "notification.html", page{Title: "Notification", Here: "/ledger", Data: s})
}

func (a *Admin) resolve(w http.ResponseWriter, r *http.Request, u User) {
	key, to := r.PathValue("key"), bot.State(r.FormValue("to"))
	if to != bot.Accepted && to != bot.Failed && to != bot.Queued {
		a.missing(w, r, u, "Choose accepted, failed or queued.")
		return
	}
	if a.act(w, r, u, "resolved as "+string(to), "notification "+key, func() error {
		_, err := a.Ledger.Resolve(r.Context(), key, to, u.Name)
		return err
	}) {
		done(w, r, "/ledger/"+key, "it is %s now", to)
	}
}

// waves shows the restocks that are under way, of all jobs.
func (a *Admin) waves(w http.ResponseWriter, r *http.Request, u User) {
	jobs, err := a.jobNames(r.Context())
	all, partly := []bot.UnderWay{}, false
	for _, job := range jobs {
		list, some, listErr := a.Ledger.UnderWay(r.Context(), job)
		all, partly, err = append(all, list...), partly || some, errors.Join(err, listErr)
	}
	if err != nil {
		a.broken(w, r, u, err)
		return
	}
	a.show(w, r, u, http.StatusOK, "waves.html", page{Title: "Waves", Here: "/waves", Data: map[string]any{"list": all, "partly": partly}})
}

func (a *Admin) suppressions(w http.ResponseWriter, r *http.Request, u User) {
	list, err := a.Ledger.Suppressions(r.Context())
	if err != nil {
		a.broken(w, r, u, err)
		return
	}
	all := len(list)
	a.show(w, r, u, http.StatusOK, "suppressions.html", page{Title: "Suppressions", Here: "/suppressions", Data: map[string]any{
		"all": all, "suppressions": list[max(0, all-mostFound):],
	}})
}
