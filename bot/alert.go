package bot

import (
	"fmt"
	"strings"
	"time"
)

// AlertKind says what an alert is about.
type AlertKind string

// The kinds of alerts.
const (
	AlertFailure   AlertKind = "failure"   // a run failed, for the first time or in another way
	AlertAgain     AlertKind = "again"     // it still fails
	AlertHeld      AlertKind = "held"      // something waits for a person
	AlertRecovery  AlertKind = "recovery"  // it works again
	AlertAmbiguous AlertKind = "ambiguous" // messages may have gone out, and nobody knows
	AlertMissed    AlertKind = "missed"    // a run did not take place
	AlertQuestion  AlertKind = "question"  // a one-time code is needed
	AlertDigest    AlertKind = "digest"    // the day
)

// Alert is something that a person should know.
type Alert struct {
	Kind     AlertKind `json:"kind"`
	For      []Role    `json:"for"`
	Job      string    `json:"job,omitempty"`
	Run      string    `json:"run,omitempty"`
	Class    Class     `json:"class,omitempty"`
	Title    string    `json:"title"`              // one line
	Text     string    `json:"text"`               // what happened, in a few lines
	Next     string    `json:"next,omitempty"`     // what to do
	Place    string    `json:"place,omitempty"`    // file:line:column
	Evidence string    `json:"evidence,omitempty"` // folder of the failed step
	At       time.Time `json:"at"`
}

// Streak is how the last runs of a job ended.
type Streak struct {
	Failures  int       `json:"failures"`         // in a row
	Class     Class     `json:"class,omitempty"`  // of the last one
	Since     time.Time `json:"since,omitzero"`   // first of them
	Told      int       `json:"told"`             // failures when somebody was told last
	Ambiguous int       `json:"ambiguous"`        // messages that nobody knows about, after the last run
	Roles     []Role    `json:"roles,omitempty"`  // who was told
	Unsent    []Alert   `json:"unsent,omitempty"` // alerts that could not be delivered
}

// Body writes the alert for people, without its title.
func (a Alert) Body() string {
	var b strings.Builder
	b.WriteString(Printable(strings.TrimSpace(a.Text)) + "\n")
	page := ""
	if a.Evidence != "" {
		page = (&StepError{Evidence: a.Evidence}).Page()
	}
	for _, line := range []struct{ name, value string }{
		{"What to do", a.Next}, {"Selector file", a.Place}, {"Evidence", page}, {"Run", a.Run},
	} {
		if line.value != "" {
			b.WriteString("\n" + line.name + ": " + Printable(line.value))
		}
	}
	return strings.TrimSpace(b.String()) + "\n"
}

// Decide says who must be told of a run, after those before: of the first failure and of one of another kind at once, of a
// failure that goes on after every so many more, and of the recovery. It is pure.
func Decide(s Streak, run Run, every int) (Streak, []Alert) {
	var alerts []Alert
	switch run.Outcome {
	case Done:
		if s.Failures > 0 && s.Told > 0 {
			alerts = append(alerts, Alert{
				Kind: AlertRecovery, For: s.Roles, Title: fmt.Sprintf("job %s works again", run.Job),
				Text: fmt.Sprintf("It had failed %d time(s) in a row since %s. Run %s is done: %s.",
					s.Failures, s.Since.Format("Mon 2 Jan 15:04"), run.ID, summary(run)),
			})
		}
		s = Streak{Ambiguous: s.Ambiguous, Unsent: s.Unsent}
	case FailedRun, HeldRun:
		class := BotBug
		if run.Problem != nil {
			class = run.Problem.Class
		}
		s.Failures++
		if s.Failures == 1 {
			s.Since = run.Started
		}
		switch {
		case s.Failures == 1 || class != s.Class:
			alerts, s.Told = append(alerts, failure(run, class, s)), s.Failures
		case every > 0 && s.Failures-s.Told >= every:
			a := failure(run, class, s)
			a.Kind, a.For = AlertAgain, both(a.For, Ops)
			a.Title = fmt.Sprintf("%s (%d times in a row since %s)", a.Title, s.Failures, s.Since.Format("Mon 2 Jan 15:04"))
			alerts, s.Told = append(alerts, a), s.Failures
		}
		s.Class = class
		for _, a := range alerts {
			s.Roles = both(s.Roles, a.For...)
		}
	}
	if run.Ambiguous > s.Ambiguous && !run.DryRun {
		alerts = append(alerts, Alert{
			Kind: AlertAmbiguous, For: []Role{Ops}, Title: fmt.Sprintf("job %s: %d message(s) may have gone out", run.Job, run.Ambiguous),
			Text: "No reply came after the message had left, or the process died at that moment. They are not sent again by themselves.",
			Next: "run `restock ledger --state ambiguous`, then `restock ledger resolve KEY accepted` or `… failed` for each",
		})
	}
	if run.Outcome == Done || run.Outcome == FailedRun || run.Outcome == HeldRun {
		s.Ambiguous = run.Ambiguous
	}
	for i := range alerts {
		alerts[i].Job, alerts[i].Run, alerts[i].At = run.Job, run.ID, run.Finished
	}
	return s, alerts
}

func failure(run Run, class Class, s Streak) Alert {
	a := Alert{Kind: AlertFailure, For: []Role{class.For()}, Class: class, Title: fmt.Sprintf("job %s: %s", run.Job, strings.TrimSuffix(class.Cause(), ".")),
		Text: Redact(run.Error), Next: class.Advice()}
	if run.Outcome == HeldRun {
		a.Kind = AlertHeld
	}
	if p := run.Problem; p != nil {
		a.Place, a.Evidence, a.Next = p.Place, p.Evidence, p.Next()
	}
	if run.Outcome == HeldRun || s.Failures > 1 {
		a.Next = strings.ReplaceAll(a.Next, "release RUN", "release "+run.ID)
	}
	return a
}

func both(list []Role, more ...Role) []Role {
	for _, r := range more {
		known := false
		for _, have := range list {
			known = known || have == r
		}
		if !known {
			list = append(list[:len(list):len(list)], r)
		}
	}
	return list
}

func summary(run Run) string {
	return fmt.Sprintf("%d back in stock, %d told, %d written to the CRM", run.Restocks, total(run.Accepted), run.Written)
}
