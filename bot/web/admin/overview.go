package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"restock/bot"
)

// overview is whether all is well.
type overview struct {
	Well   bool        `json:"well"`
	Jobs   []jobNow    `json:"jobs"`
	Checks []Check     `json:"checks"`
	Today  bot.Counts  `json:"today"`
	Runs   int         `json:"runs_today"`
	Failed int         `json:"failed_today"`
	At     time.Time   `json:"at"`
	Needs  []attention `json:"needs"`
}

// jobNow is a job with its last run.
type jobNow struct {
	Job
	Last  *bot.Run `json:"last,omitempty"`
	Ended *bot.Run `json:"ended,omitempty"` // the one before, while the last one is going on
	Doing string   `json:"doing,omitempty"`
	// Ambiguous and Held are the messages that wait for a person.
	Ambiguous int  `json:"ambiguous"`
	Held      int  `json:"held"`
	partly    bool // there are so many that not all were looked through
}

// attention is something that waits for a person.
type attention struct {
	Text string `json:"text"`
	Link string `json:"link"`
}

func (a *Admin) overview(w http.ResponseWriter, r *http.Request, u User) {
	o, err := a.look(r)
	if err != nil {
		a.broken(w, r, u, err)
		return
	}
	a.show(w, r, u, http.StatusOK, "overview.html", page{Title: "Overview", Here: "/", Data: o})
}

func (a *Admin) look(r *http.Request) (o overview, err error) {
	ctx := r.Context()
	o.At, o.Well = a.Now(), true
	jobs, err := a.Control.Jobs(ctx)
	if err != nil {
		return o, err
	}
	doing, _ := a.Control.Progress()
	newest, err := a.Ledger.Recent(ctx, bot.RunQuery{Limit: 1})
	if err != nil {
		return o, err
	}
	for _, j := range jobs {
		now := jobNow{Job: j, Doing: doing[j.Name]}
		if now.Last, err = a.last(ctx, j.Name, newest); err != nil {
			return o, err
		}
		if now.Last != nil {
			if now.Last.Outcome == bot.Running { // it proves nothing yet
				before, err := a.Ledger.Recent(ctx, bot.RunQuery{Job: j.Name, Before: now.Last.ID, Limit: 1})
				if err != nil {
					return o, err
				}
				if len(before) > 0 {
					now.Ended = &before[0]
				}
			}
			if err := a.judge(ctx, &o, *cmp.Or(now.Ended, now.Last)); err != nil {
				return o, err
			}
		}
		if j.Paused {
			o.need("/schedule", "job %s is paused: nothing begins by its schedule", j.Name)
		}
		if !j.Overdue.IsZero() && !j.Paused && !j.Running {
			o.need("/schedule", "job %s was due on %s, and has not begun", j.Name, j.Overdue.In(a.Zone).Format("Mon 2 Jan 15:04"))
		}
		if now.Last != nil && now.Last.Outcome == bot.Running && !j.Running && o.At.Sub(now.Last.Started) > time.Minute {
			o.need("/runs/"+now.Last.ID, "run %s of job %s was cut off, and nobody has gone on with it: is a machine at work that runs jobs?", now.Last.ID, j.Name)
		}
		if err := a.waits(ctx, j.Name, &o, &now); err != nil {
			return o, err
		}
		o.Jobs = append(o.Jobs, now)
	}
	if err := a.today(r, &o); err != nil {
		return o, err
	}
	if o.Checks = a.Control.Checks(ctx); o.Checks == nil {
		o.Checks = []Check{}
	}
	for _, c := range o.Checks {
		o.Well = o.Well && (c.OK || c.Open)
	}
	return o, nil
}

// latest is the last run of a job, of those up to one.
type latest struct{ run, upTo string }

// last returns the last run of a job, newest being the last of all; nil: it has not run. What was looked through once is not looked through again.
func (a *Admin) last(ctx context.Context, job string, newest []bot.Run) (*bot.Run, error) {
	if len(newest) == 0 {
		return nil, nil
	}
	a.mu.Lock()
	known := a.lasts[job]
	a.mu.Unlock()
	since, err := a.Ledger.Recent(ctx, bot.RunQuery{Job: job, After: known.upTo, Limit: 1})
	if err != nil {
		return nil, err
	}
	if known.upTo = newest[0].ID; len(since) > 0 {
		known.run = since[0].ID
	}
	a.mu.Lock()
	a.lasts[job] = known
	a.mu.Unlock()
	if known.run == "" {
		return nil, nil
	}
	run, ok, err := a.Ledger.Run(ctx, known.run) // it may have ended since
	if err != nil || !ok {
		return nil, err
	}
	return &run, nil
}

// mostToday is how many runs of a day are counted: one each ten seconds.
const mostToday = 9000

// judge says what of a job's last run waits for a person.
func (a *Admin) judge(ctx context.Context, o *overview, last bot.Run) error {
	switch last.Outcome {
	case bot.FailedRun:
		o.need("/runs/"+last.ID, "the last run of job %s failed", last.Job)
	case bot.Interrupt:
		o.need("/runs/"+last.ID, "the last run of job %s was interrupted", last.Job)
	case bot.HeldRun:
		held, err := a.holds(ctx, last)
		if err != nil || !held {
			return err
		}
		o.need("/runs/"+last.ID, "job %s holds something for a person", last.Job)
	}
	return nil
}

// holds reports whether what a run has held was not released yet.
func (a *Admin) holds(ctx context.Context, run bot.Run) (bool, error) {
	list, err := a.Ledger.Holds(ctx, run.Job)
	return slices.ContainsFunc(list, func(h bot.Hold) bool { return h.Run == run.ID && h.Released.IsZero() }), err
}

func (o *overview) need(link, format string, args ...any) {
	o.Well = false
	o.Needs = append(o.Needs, attention{fmt.Sprintf(format, args...), link})
}

// waits says which messages of a job wait for a person, of whichever run they are.
func (a *Admin) waits(ctx context.Context, job string, o *overview, now *jobNow) error {
	list, partly, err := a.Ledger.Unfinished(ctx, job, mostCounted, bot.Ambiguous, bot.Held)
	if err != nil {
		return err
	}
	counts := map[bot.State]int{}
	for _, n := range list {
		counts[n.State]++
	}
	now.partly = partly
	now.Ambiguous, now.Held = counts[bot.Ambiguous], counts[bot.Held]
	for _, state := range []bot.State{bot.Ambiguous, bot.Held} {
		if counts[state] > 0 {
			what := map[bot.State]string{bot.Ambiguous: "may have gone out", bot.Held: "are beyond a limit"}[state]
			o.need("/ledger?state="+string(state)+"&job="+url.QueryEscape(job), "%d message(s) of job %s %s", counts[state], job, what)
		}
	}
	if partly {
		o.need("/ledger?job="+url.QueryEscape(job), "so many messages of job %s are on their way that not all were looked through: there may be more that wait for you", job)
	}
	return nil
}

// mostCounted is how many messages that wait for a person are counted.
const mostCounted = 1000

// today adds up the runs since midnight.
func (a *Admin) today(r *http.Request, o *overview) error {
	y, m, d := o.At.In(a.Zone).Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, a.Zone)
	runs, err := a.Ledger.Recent(r.Context(), bot.RunQuery{After: midnight.UTC().Format("20060102-150405"), Limit: mostToday})
	if err != nil {
		return err
	}
	o.Today.Accepted = map[bot.Channel]int{}
	for _, run := range runs {
		if run.DryRun {
			continue
		}
		o.Runs++
		if run.Outcome == bot.FailedRun || run.Outcome == bot.Interrupt {
			o.Failed++
		}
		o.Today.Restocks += run.Restocks
		o.Today.Written += run.Written
		o.Today.SignUps += run.SignUps
		o.Today.Noted += run.Noted
		o.Today.Failed += run.Failed
		for c, n := range run.Accepted {
			o.Today.Accepted[c] += n
		}
	}
	return nil
}

// progress tells of running jobs as it happens (server-sent events, HTML Living Standard 9.2).
func (a *Admin) progress(w http.ResponseWriter, r *http.Request, _ User) {
	flusher, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "this connection cannot be kept open", http.StatusNotImplemented)
		return
	}
	going, end, ok := a.Access.stream(r)
	if !ok {
		w.Header().Set("Retry-After", "60")
		http.Error(w, "too many pages are open", http.StatusTooManyRequests)
		return
	}
	defer end()
	w.Header().Set("Content-Type", "text/event-stream")
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // for as long as somebody looks
	for going() {
		texts, changed := a.Control.Progress()
		data, err := json.Marshal(texts)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
			return
		}
		flusher.Flush()
		select {
		case <-r.Context().Done():
			return
		case <-changed:
			select { // a run says a lot
			case <-r.Context().Done():
				return
			case <-time.After(300 * time.Millisecond):
			}
		case <-time.After(20 * time.Second): // so that proxies keep the line
		}
	}
}
