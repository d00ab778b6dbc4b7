package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Digest sums up the runs of a day for ops. It is pure.
func Digest(runs []Run, from, to time.Time, fallbacks []string) Alert {
	type day struct {
		runs, failed, held, told, back, written int
		ambiguous                               int
		last                                    Run
	}
	jobs, order := map[string]*day{}, []string{}
	for _, r := range runs { // newest first
		if r.Started.Before(from) || !r.Started.Before(to) || r.DryRun {
			continue
		}
		d := jobs[r.Job]
		if d == nil {
			d = &day{last: r, ambiguous: r.Ambiguous}
			jobs[r.Job], order = d, append(order, r.Job)
		}
		d.runs++
		d.told, d.back, d.written = d.told+total(r.Accepted), d.back+r.Restocks, d.written+r.Written
		switch r.Outcome {
		case FailedRun, Interrupt:
			d.failed++
		case HeldRun:
			d.held++
		}
	}
	a := Alert{Kind: AlertDigest, For: []Role{Ops}, At: to, Title: "the day of restock: all is well"}
	var b strings.Builder
	for _, job := range order {
		d := jobs[job]
		fmt.Fprintf(&b, "job %s: %d run(s), %d failed, %d held; %d back in stock, %d told, %d written to the CRM, %d ambiguous\n",
			job, d.runs, d.failed, d.held, d.back, d.told, d.written, d.ambiguous)
		if d.last.Outcome != Done {
			fmt.Fprintf(&b, "  the last one is %s: %s\n", d.last.Outcome, Clean(d.last.Error))
		}
		if d.failed+d.held+d.ambiguous > 0 {
			a.Title = "the day of restock: something needs a look"
		}
	}
	if len(order) == 0 {
		a.Title = "the day of restock: no run at all"
		b.WriteString("No job has run since " + from.Format("Mon 2 Jan 15:04") + ".\n")
	}
	for _, f := range fallbacks {
		b.WriteString("selector health: " + f + "\n")
	}
	a.Text = b.String()
	return a
}

// Health lists the selectors of which not the first alternative matched, each with the run since which it is so. runs are
// those that are known, newest first.
func Health(runs []Run, from time.Time) []string {
	since, last := map[string]time.Time{}, map[string]bool{}
	var order []string
	for _, r := range runs {
		for _, s := range r.Steps {
			for _, f := range s.Fallbacks {
				if !r.Started.Before(from) && !last[f] {
					last[f] = true
					order = append(order, f)
				}
				since[f] = r.Started
			}
		}
	}
	var list []string
	for _, f := range order {
		list = append(list, fmt.Sprintf("%s, since %s", f, since[f].Format("2 Jan 2006")))
	}
	return list
}

// Mark remembers when something was done last, such as the daily digest; Marked tells.
func (l *Ledger) Mark(ctx context.Context, what string, at time.Time) error {
	return l.put(ctx, Jobs, "mark/"+what, func([]byte) (any, error) { return at, nil })
}

// Marked returns when something was done last, or the zero time.
func (l *Ledger) Marked(ctx context.Context, what string) (at time.Time, err error) {
	entry, err := l.store.Get(ctx, Jobs, "mark/"+what)
	if err != nil || entry.Rev == 0 {
		return at, err
	}
	return at, json.Unmarshal(entry.Value, &at)
}
