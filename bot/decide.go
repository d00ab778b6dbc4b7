package bot

import (
	"fmt"
	"strings"
)

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
	a := Alert{
		Kind: AlertFailure, For: []Role{class.For()}, Class: class, Title: fmt.Sprintf("job %s: %s", run.Job, strings.TrimSuffix(class.Cause(), ".")),
		Text: Redact(run.Error), Next: class.Advice(),
	}
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
