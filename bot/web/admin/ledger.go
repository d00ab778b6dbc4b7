package admin

import (
	"cmp"
	"context"
	"errors"
	"net/http"
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
	Skip     int                `json:"-"`
	Left     bool               `json:"left,omitempty"` // whoever was searched for is not to be told any more
	More     int                `json:"more,omitempty"` // skip so many for what follows
}

// mostFound is how many notifications a page shows.
const mostFound = 200

func (a *Admin) ledger(w http.ResponseWriter, r *http.Request, u User) {
	q := r.Form // a form is posted, so that no address stands in a browser's history
	s := search{Customer: strings.TrimSpace(r.PostForm.Get("customer")), SKU: strings.TrimSpace(q.Get("sku")), State: q.Get("state"), Job: q.Get("job"), States: bot.States()}
	if r.URL.Query().Get("customer") != "" {
		refuse(w, r, http.StatusBadRequest, "post the customer: an address does not belong into the address of a page")
		return
	}
	var numberErr, skipErr, err error
	s.Found = []bot.Notification{}
	s.Restock, numberErr = number(q.Get("restock"))
	s.Skip, skipErr = number(q.Get("skip"))
	if err := errors.Join(numberErr, skipErr); err != nil || s.Skip > mostSkipped {
		refuse(w, r, http.StatusBadRequest, "restock and skip are numbers; at most "+strconv.Itoa(mostSkipped)+" are skipped")
		return
	}
	if s.Jobs, err = a.jobNames(r.Context()); err == nil {
		err = a.find(r.Context(), &s)
	}
	if err != nil {
		a.broken(w, r, u, err)
		return
	}
	for i := range s.Found {
		s.Found[i] = masked(s.Found[i])
	}
	a.show(w, r, u, http.StatusOK, "ledger.html", page{Title: "Ledger", Here: "/ledger", Data: s})
}

// mostSkipped bounds how far a search goes: what is not found by then needs a closer question.
const mostSkipped = 10_000

// number reads a number of a form; nothing is 0.
func number(text string) (int, error) {
	if text = strings.TrimSpace(text); text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err == nil && n < 0 {
		err = strconv.ErrRange
	}
	return n, err
}

// find looks for what is asked for, in the job that is named or in all.
func (a *Admin) find(ctx context.Context, s *search) error {
	jobs := s.Jobs
	if s.Job != "" {
		jobs = []string{s.Job}
	}
	most := s.Skip + mostFound + 1
	match := func(n bot.Notification) bool {
		return (s.State == "" || string(n.State) == s.State) && (s.Job == "" || n.Job == s.Job) && (s.SKU == "" || n.Restock.SKU == s.SKU) &&
			(s.Restock == 0 || n.Restock.Number == s.Restock)
	}
	var err error
	switch {
	case s.Customer != "":
		who := a.asKept(s.Customer)
		s.Found, err = a.Ledger.Of(ctx, who, most, match)
		s.Partly = len(s.Found) == most
		if err == nil {
			s.Left, err = a.gone(ctx, who)
		}
	default:
		for _, job := range jobs {
			if err == nil {
				err = a.findIn(ctx, s, job, most, match)
			}
		}
	}
	s.Found = s.Found[min(s.Skip, len(s.Found)):]
	if len(s.Found) > mostFound && s.Skip+mostFound <= mostSkipped {
		s.More = s.Skip + mostFound
	}
	s.Found = s.Found[:min(mostFound, len(s.Found))]
	return err
}

// asKept is an address or phone number that somebody typed as the CRM writes it.
func (a *Admin) asKept(who string) string {
	if a.Phone == nil || strings.Contains(who, "@") {
		return who
	}
	return cmp.Or(a.Phone(who), who)
}

// gone reports whether somebody is not to be told any more, in whichever way.
func (a *Admin) gone(ctx context.Context, who string) (gone bool, err error) {
	for _, channel := range []bot.Channel{bot.Email, bot.SMS} {
		_, left, suppressedErr := a.Ledger.Suppressed(ctx, a.Ledger.PersonOf(who), channel)
		gone, err = gone || left, errors.Join(err, suppressedErr)
	}
	return gone, err
}

// findIn looks in one job.
func (a *Admin) findIn(ctx context.Context, s *search, job string, most int, match func(bot.Notification) bool) error {
	var list []bot.Notification
	var partly bool
	var err error
	switch {
	case s.SKU != "":
		level, ok, levelErr := a.Ledger.Level(ctx, job, s.SKU)
		if levelErr != nil {
			return levelErr
		}
		if ok {
			s.Level = &level
		}
		list, partly, err = a.Ledger.About(ctx, job, s.SKU, s.Restock, most, match)
	case s.State != "":
		list, partly, err = a.Ledger.InState(ctx, job, bot.State(s.State), most)
	default:
		list, partly, err = a.Ledger.Unfinished(ctx, job, most)
	}
	s.Found, s.Partly = append(s.Found, list...), s.Partly || partly
	return err
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
	a.show(w, r, u, http.StatusOK, "notification.html", page{Title: "Notification", Here: "/ledger", Plain: plain, Data: s})
}

func (a *Admin) resolve(w http.ResponseWriter, r *http.Request, u User) {
	key, to := r.PathValue("key"), bot.State(r.FormValue("to"))
	if to != bot.Accepted && to != bot.Failed && to != bot.Queued {
		a.missing(w, r, u, "Choose accepted, failed or queued.")
		return
	}
	if a.act(w, r, u, "resolve as "+string(to), "resolved as "+string(to), "notification "+key, func() error {
		_, err := a.Ledger.Resolve(r.Context(), key, to, u.Name)
		return err
	}) {
		a.done(w, r, u, "/ledger/"+key, "it is %s now", to)
	}
}
