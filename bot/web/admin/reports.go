package admin

import (
	"bytes"
	"context"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"restock/bot/report"
)

// made is a report that was made in the background.
type made struct {
	report report.Report
	at     time.Time
	from   time.Time // of the period that it was made for
	err    error
	making bool
	done   chan struct{}
}

// fresh is how old a report may be before it is made anew; stale is how old one may be that is shown meanwhile; patience is how long a page
// waits for one.
const (
	fresh    = time.Minute
	stale    = 10 * time.Minute
	patience = 150 * time.Millisecond
)

// reportView is a report on the page.
type reportView struct {
	Period  string
	Periods []string
	Ready   bool
	Made    time.Time
	Body    template.HTML
}

func periods() []string { return append(report.Pers(), "28 days") }

// period is the one that is asked for, or the usual one.
func period(r *http.Request) string {
	if p := r.URL.Query().Get("period"); slices.Contains(periods(), p) {
		return p
	}
	return "28 days"
}

func (a *Admin) report(w http.ResponseWriter, r *http.Request, u User) {
	v := reportView{Period: period(r), Periods: periods()}
	one, ok := a.latest(r.Context(), v.Period)
	if one.err != nil && !ok {
		a.broken(w, r, u, one.err)
		return
	}
	if ok && wantsJSON(r) {
		a.show(w, r, u, http.StatusOK, "", page{Data: one.report})
		return
	}
	if !ok && wantsJSON(r) {
		w.Header().Set("Retry-After", "5")
		refuse(w, r, http.StatusAccepted, "the report is being made")
		return
	}
	if v.Ready = ok; ok {
		var err error
		if v.Body, err = one.report.Body(); err != nil {
			a.broken(w, r, u, err)
			return
		}
		v.Made = one.at
	}
	a.show(w, r, u, http.StatusOK, "reports.html", page{Title: "Reports", Here: "/reports", Data: v})
}

// latest returns the report of a period, and has it made anew where it is old. ok is false where there is none yet.
func (a *Admin) latest(ctx context.Context, period string) (one made, ok bool) {
	a.mu.Lock()
	m := a.reports[period]
	if m == nil {
		m = &made{}
		a.reports[period] = m
	}
	if !m.making && (!a.shown(m, period) || a.Now().Sub(m.at) > fresh) {
		m.making, m.done = true, make(chan struct{})
		go a.make(context.WithoutCancel(ctx), period, m)
	}
	waits := m.done
	have := a.shown(m, period)
	a.mu.Unlock()
	if !have {
		select {
		case <-waits:
		case <-time.After(patience):
		case <-ctx.Done():
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return *m, a.shown(m, period)
}

// shown reports whether a report is new enough to be shown: of this day, and not of one that is long over.
func (a *Admin) shown(m *made, period string) bool {
	from, _ := a.span(period)
	return !m.at.IsZero() && m.from.Equal(from) && a.Now().Sub(m.at) < stale
}

// span is the period as of now.
func (a *Admin) span(period string) (from, to time.Time) {
	if period == "28 days" {
		return report.Days(a.Now(), 28, a.Zone)
	}
	return report.Current(a.Now(), period, a.Zone)
}

// make makes a report. A large ledger takes seconds.
func (a *Admin) make(ctx context.Context, period string, m *made) {
	from, to := a.span(period)
	r, err := a.Report(ctx, from, to, "day")
	a.mu.Lock()
	defer a.mu.Unlock()
	m.making, m.err = false, err
	if err == nil {
		m.report, m.at, m.from = r, a.Now(), from
	}
	close(m.done)
}

// download gives a report as a file.
func (a *Admin) download(w http.ResponseWriter, r *http.Request, u User) {
	one, ok := a.latest(r.Context(), period(r))
	if one.err != nil && !ok {
		a.broken(w, r, u, one.err)
		return
	}
	if !ok {
		w.Header().Set("Retry-After", "5")
		a.show(w, r, u, http.StatusServiceUnavailable, "error.html", page{Title: "Not yet", Message: "The report is being made. Please try again in a moment."})
		return
	}
	var b bytes.Buffer
	var err error
	kind := ""
	name := r.PathValue("file")
	table, isTable := strings.CutSuffix(name, ".csv")
	switch {
	case name == "report.xlsx":
		kind, err = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", one.report.WriteXLSX(&b)
	case isTable && slices.Contains(report.TableNames(), table):
		kind, err = "text/csv; charset=utf-8", one.report.WriteCSV(&b, table)
	default:
		a.missing(w, r, u, "There is no such file.")
		return
	}
	if err != nil {
		a.broken(w, r, u, err)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, _ = w.Write(b.Bytes()) // who asked is gone
}
