package admin

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"restock/bot"
)

// suppressions shows who is not told any more, the latest first, or what is known of somebody.
func (a *Admin) suppressions(w http.ResponseWriter, r *http.Request, u User) {
	list, err := a.Ledger.Suppressions(r.Context())
	if err != nil {
		a.broken(w, r, u, err)
		return
	}
	all, asked := len(list), strings.TrimSpace(r.PostForm.Get("customer"))
	if asked != "" {
		who := a.Ledger.PersonOf(a.asKept(asked))
		list = slices.DeleteFunc(list, func(s bot.Suppression) bool { return s.Who != who })
	}
	slices.SortStableFunc(list, func(a, b bot.Suppression) int { return b.At.Compare(a.At) })
	a.show(w, r, u, http.StatusOK, "suppressions.html", page{Title: "Suppressions", Here: "/suppressions", Data: map[string]any{
		"all": all, "asked": asked != "", "suppressions": list[:min(len(list), mostFound)],
	}})
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
