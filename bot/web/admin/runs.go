package admin

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"restock/bot"
)

// runList is one page of runs.
type runList struct {
	Runs    []bot.Run `json:"runs"`
	Job     string    `json:"job,omitempty"`
	Outcome string    `json:"outcome,omitempty"`
	More    string    `json:"more,omitempty"` // ID after which older ones follow
	Jobs    []string  `json:"-"`
}

// perPage is how many rows a page has.
const perPage = 50

func (a *Admin) runs(w http.ResponseWriter, r *http.Request, u User) {
	q := r.URL.Query()
	list := runList{Job: q.Get("job"), Outcome: q.Get("outcome")}
	runs, err := a.Ledger.Recent(r.Context(), bot.RunQuery{Job: list.Job, Outcome: bot.RunOutcome(list.Outcome), Before: q.Get("before"), Limit: perPage})
	if err != nil {
		a.broken(w, r, u, err)
		return
	}
	if list.Runs = append([]bot.Run{}, runs...); len(runs) == perPage {
		list.More = runs[perPage-1].ID
	}
	if list.Jobs, err = a.jobNames(r.Context()); err != nil {
		a.broken(w, r, u, err)
		return
	}
	a.show(w, r, u, http.StatusOK, "runs.html", page{Title: "Runs", Here: "/runs", Data: list})
}

// oneRun is a run with what it left.
type oneRun struct {
	bot.Run
	Evidence bool      `json:"evidence"`
	Failures []Failure `json:"failures,omitempty"`
	Held     bool      `json:"held"`
	Runs     bool      `json:"-"` // it is going on
}

func (a *Admin) run(w http.ResponseWriter, r *http.Request, u User) {
	run, ok, err := a.Ledger.Run(r.Context(), r.PathValue("id"))
	switch {
	case err != nil:
		a.broken(w, r, u, err)
		return
	case !ok:
		a.missing(w, r, u, "There is no such run.")
		return
	}
	one := oneRun{Run: run, Runs: run.Outcome == bot.Running}
	if one.Held, err = a.holds(r.Context(), run); err != nil {
		a.broken(w, r, u, err)
		return
	}
	if err = a.bring(r.Context(), run.ID); err != nil {
		a.Log.Warn(err.Error()) // what is here is shown
	}
	if one.Failures, err = a.Failures(run.ID); err != nil {
		a.broken(w, r, u, err)
		return
	}
	if run.Problem != nil && len(one.Failures) == 0 { // what it left was removed, or could not be kept
		one.Failures = []Failure{{StepError: run.Problem, Cause: run.Problem.Class.Cause(), Todo: run.Problem.Next()}}
	}
	one.Evidence = len(one.Failures) > 0 && one.Failures[0].Folder != ""
	a.show(w, r, u, http.StatusOK, "run.html", page{Title: "Run " + run.ID, Here: "/runs", Data: one})
}

// bring brings here what a run of another machine left.
func (a *Admin) bring(ctx context.Context, run string) error {
	if a.Bring == nil {
		return nil
	}
	return a.Bring(ctx, run)
}

// evidence gives out a file of what a failed run left, and nothing else: the folder is a root that no path and no symbolic link leads
// out of.
func (a *Admin) evidence(w http.ResponseWriter, r *http.Request, u User) {
	id, name := r.PathValue("id"), r.PathValue("file")
	kind := map[string]string{".png": "image/png", ".html": "text/html; charset=utf-8", ".json": "application/json", ".txt": "text/plain; charset=utf-8"}[filepath.Ext(name)]
	if _, ok, err := a.Ledger.Run(r.Context(), id); err != nil || !ok || kind == "" || strings.ContainsAny(id, `/\.`) {
		a.missing(w, r, u, "There is no such file.")
		return
	}
	root, err := a.left(id)
	if errors.Is(err, fs.ErrNotExist) && a.bring(r.Context(), id) == nil {
		root, err = a.left(id)
	}
	if err != nil {
		a.missing(w, r, u, "What this run left was removed, or it left nothing.")
		return
	}
	defer root.Close()
	data, err := root.ReadFile(name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			a.Log.Warn("a file was asked for that is not given out")
		}
		a.missing(w, r, u, "There is no such file.")
		return
	}
	w.Header().Set("Content-Type", kind)
	if kind != "image/png" { // a page of a foreign site is not to be shown as one of ours
		w.Header().Set("Content-Disposition", `attachment; filename="`+id+"-"+filepath.Base(name)+`"`)
	}
	_, _ = w.Write(data) // who asked is gone
}

// left is the folder of what a run left. One that is a link is none of ours.
func (a *Admin) left(id string) (*os.Root, error) {
	all, err := os.OpenRoot(a.Evidence)
	if err != nil {
		return nil, err
	}
	defer all.Close()
	info, err := all.Lstat(id)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fs.ErrInvalid
	}
	return all.OpenRoot(id)
}

// act writes down what somebody wants, does it, and writes down whether it was done. It reports that too; else the page says why not.
func (a *Admin) act(w http.ResponseWriter, r *http.Request, u User, wants, did, what string, do func() error) bool {
	err := a.Access.note(r, u, "wants to "+wants, what)
	if err == nil {
		if err = do(); err != nil {
			_ = a.Access.note(r, u, "could not "+wants, what) // nothing was done
		}
	}
	if err == nil {
		err = a.Access.note(r, u, did, what)
	}
	if err != nil {
		a.broken(w, r, u, err)
	}
	return err == nil
}

func (a *Admin) release(w http.ResponseWriter, r *http.Request, u User) {
	id := r.PathValue("id")
	var h bot.Hold
	if a.act(w, r, u, "release", "released", "run "+id, func() (err error) { h, err = a.Ledger.Release(r.Context(), id, u.Name); return err }) {
		a.done(w, r, u, "/runs/"+id, "released: %d message(s) are queued again; the next run lets pass what it held", h.Messages)
	}
}

func (a *Admin) start(w http.ResponseWriter, r *http.Request, u User) {
	job := r.PathValue("job")
	if a.act(w, r, u, "start", "started", "job "+job, func() error { return a.Control.Start(job, u.Name) }) {
		a.done(w, r, u, "/", "job %s was started", job)
	}
}

func (a *Admin) stop(w http.ResponseWriter, r *http.Request, u User) {
	job := r.PathValue("job")
	if a.act(w, r, u, "stop", "stopped", "job "+job, func() error { return a.Control.Stop(job, u.Name) }) {
		a.done(w, r, u, "/", "job %s was asked to stop: what is under way is finished and recorded", job)
	}
}

func (a *Admin) pause(w http.ResponseWriter, r *http.Request, u User) {
	job, on := r.PathValue("job"), r.FormValue("paused") == "true"
	wants, is := "resume", "resumed"
	if on {
		wants, is = "pause", "paused"
	}
	if a.act(w, r, u, wants, is, "job "+job, func() error { return a.Control.Pause(r.Context(), job, on, u.Name) }) {
		a.done(w, r, u, "/schedule", "job %s is %s", job, is)
	}
}

// jobNames are the names of the jobs, for the filters.
func (a *Admin) jobNames(ctx context.Context) (names []string, err error) {
	jobs, err := a.Control.Jobs(ctx)
	for _, j := range jobs {
		names = append(names, j.Name)
	}
	return names, err
}

func (a *Admin) schedule(w http.ResponseWriter, r *http.Request, u User) {
	jobs, err := a.Control.Jobs(r.Context())
	if err != nil {
		a.broken(w, r, u, err)
		return
	}
	a.show(w, r, u, http.StatusOK, "schedule.html", page{Title: "Schedule", Here: "/schedule", Data: map[string]any{"jobs": jobs, "zone": a.Zone.String()}})
}
