package admin

import (
	"bytes"
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"restock/bot"
)

// healthz says that the process answers.
func (a *Admin) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

// How long the state may take to answer: monitors do not wait for a failover.
const (
	readyLimit = 5 * time.Second
	pageLimit  = 20 * time.Second
)

// readyz says whether the state can be read, which is what all else needs.
func (a *Admin) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyLimit)
	defer cancel()
	if _, err := a.Ledger.Recent(ctx, bot.RunQuery{Limit: 1}); err != nil {
		http.Error(w, "the state cannot be read", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

// metrics are figures for monitoring (Prometheus text format 0.0.4), for this machine, or for whoever has the token.
func (a *Admin) metrics(w http.ResponseWriter, r *http.Request) {
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	token := a.Access.Token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(a.Access.Token)) == 1
	if from, err := netip.ParseAddrPort(r.RemoteAddr); !token && (err != nil || !from.Addr().Unmap().IsLoopback() || forwarded(r) || !local(r.Host)) {
		http.Error(w, "metrics are for this machine, or with the token of admin.metrics", http.StatusForbidden)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyLimit)
	defer cancel()
	o, err := a.look(r.WithContext(ctx))
	if err != nil {
		http.Error(w, "the state cannot be read", http.StatusServiceUnavailable)
		return
	}
	var b strings.Builder
	gauge := func(name, help string) {
		fmt.Fprintf(&b, "# HELP restock_%s %s\n# TYPE restock_%s gauge\n", name, help, name)
	}
	gauge("well", "1 if nothing waits for a person")
	fmt.Fprintf(&b, "restock_well %d\n", one(o.Well))
	gauge("last_run_seconds", "when the last run of a job began, Unix time")
	for _, j := range o.Jobs {
		if j.Last != nil {
			fmt.Fprintf(&b, "restock_last_run_seconds{job=%q} %d\n", j.Name, j.Last.Started.Unix())
		}
	}
	gauge("last_run_ok", "1 if the last run of a job is done")
	for _, j := range o.Jobs {
		if j.Last != nil {
			fmt.Fprintf(&b, "restock_last_run_ok{job=%q} %d\n", j.Name, one(cmp.Or(j.Ended, j.Last).Outcome == bot.Done || j.Ended == nil && j.Last.Outcome == bot.Running))
		}
	}
	gauge("ambiguous", "messages that may have gone out")
	gauge("held", "messages that wait for a person")
	for _, j := range o.Jobs {
		if j.partly && j.Last != nil { // a run looks through all
			j.Ambiguous, j.Held = max(j.Ambiguous, j.Last.Ambiguous), max(j.Held, j.Last.Counts.Held)
		}
		fmt.Fprintf(&b, "restock_ambiguous{job=%q} %d\nrestock_held{job=%q} %d\n", j.Name, j.Ambiguous, j.Name, j.Held)
	}
	gauge("told_today", "messages accepted since midnight")
	for _, c := range []bot.Channel{bot.Email, bot.SMS} {
		fmt.Fprintf(&b, "restock_told_today{channel=%q} %d\n", c, o.Today.Accepted[c])
	}
	gauge("runs_today", "runs since midnight")
	fmt.Fprintf(&b, "restock_runs_today %d\n", o.Runs)
	gauge("failed_today", "runs since midnight that failed")
	fmt.Fprintf(&b, "restock_failed_today %d\n", o.Failed)
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write([]byte(b.String())) // who asked is gone
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// audit shows who did what, the latest first.
func (a *Admin) audit(w http.ResponseWriter, r *http.Request, u User) {
	list, odd, more, err := a.Access.noted(mostFound)
	if err != nil {
		a.broken(w, r, u, err)
		return
	}
	a.show(w, r, u, http.StatusOK, "audit.html", page{Title: "Audit", Here: "/audit", Data: map[string]any{"noted": list, "unreadable": odd, "more": more}})
}

// noted returns the last lines of the audit log, the latest first, how many of them cannot be read, and whether there are older ones.
func (x *Access) noted(most int) (list []Noted, odd int, more bool, err error) {
	list = []Noted{}
	f, err := os.Open(x.Audit)
	if errors.Is(err, fs.ErrNotExist) {
		return list, 0, false, nil
	}
	if err != nil {
		return nil, 0, false, err
	}
	defer f.Close()
	const tail = 256 << 10
	if info, statErr := f.Stat(); statErr == nil && info.Size() > tail {
		if _, err := f.Seek(-tail, io.SeekEnd); err != nil {
			return nil, 0, false, err
		}
		more = true
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, 0, false, err
	}
	lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	if more {
		lines = lines[1:] // cut off
	}
	for _, line := range lines {
		var n Noted
		switch {
		case json.Unmarshal(line, &n) == nil:
			list = append(list, n)
		case len(line) > 0:
			odd++
		}
	}
	slices.Reverse(list)
	return list[:min(len(list), most)], odd, more || len(list) > most, nil
}
