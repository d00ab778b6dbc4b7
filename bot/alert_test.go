package bot_test

import (
	"fmt"
	"strings"
	"testing"

	"restock/bot"
)

// TestDecide: who is told of what, and how often.
func TestDecide(t *testing.T) {
	run := func(outcome bot.RunOutcome, class bot.Class) bot.Run {
		r := bot.Run{ID: "r", Job: "shop", Outcome: outcome, Started: at(9), Finished: at(9)}
		if class != "" {
			r.Problem = &bot.StepError{Class: class, Site: "ims", Found: "x"}
			r.Error = r.Problem.Error()
		}
		return r
	}
	var s bot.Streak
	var got []string
	for _, r := range []bot.Run{
		run(bot.Done, ""), run(bot.FailedRun, bot.SiteDown), run(bot.FailedRun, bot.SiteDown), run(bot.FailedRun, bot.SiteDown), run(bot.StoppedRun, ""),
		run(bot.FailedRun, bot.PageChanged), run(bot.FailedRun, bot.PageChanged), run(bot.FailedRun, bot.PageChanged), run(bot.Done, ""), run(bot.Done, ""),
		run(bot.HeldRun, bot.HeldClass), run(bot.Done, ""),
	} {
		var alerts []bot.Alert
		s, alerts = bot.Decide(s, r, 2)
		text := "-"
		for _, a := range alerts {
			text = fmt.Sprintf("%s%v", a.Kind, a.For)
		}
		got = append(got, text)
	}
	want := "- failure[ops] - again[ops] - failure[analyst] - again[analyst ops] recovery[ops analyst] - held[ops] recovery[ops]"
	if all := strings.Join(got, " "); all != want {
		t.Errorf("%s\nexpected\n%s", all, want)
	}
	unsure := run(bot.Done, "")
	unsure.Ambiguous = 2
	s, alerts := bot.Decide(bot.Streak{}, unsure, 2)
	if len(alerts) != 1 || alerts[0].Kind != bot.AlertAmbiguous || !strings.Contains(alerts[0].Next, "ledger resolve") {
		t.Errorf("%+v", alerts)
	}
	if _, alerts = bot.Decide(s, unsure, 2); len(alerts) != 0 {
		t.Errorf("told twice: %+v", alerts)
	}
}

// TestDigestText: a day with failures, a day with nothing at all, and selectors that need a fallback.
func TestDigestText(t *testing.T) {
	runs := []bot.Run{
		{ID: "3", Job: "shop", Started: at(12), Outcome: bot.FailedRun, Error: "ims › stock: for bob@example.com", Steps: []bot.Step{{Fallbacks: []string{"ims.yaml:3:4: user"}}}},
		{ID: "2", Job: "shop", Started: at(11), Outcome: bot.Done, Counts: bot.Counts{Restocks: 2, Written: 3, Accepted: map[bot.Channel]int{bot.Email: 4}}},
		{ID: "1", Job: "shop", Started: at(1).AddDate(0, 0, -3), Outcome: bot.Done, Steps: []bot.Step{{Fallbacks: []string{"ims.yaml:3:4: user"}}}},
	}
	health := bot.Health(runs, at(0))
	a := bot.Digest(runs, at(0), at(23), health)
	for _, want := range []string{"needs a look", "2 run(s), 1 failed", "2 back in stock, 4 told, 3 written", "the last one is failed", "selector health: ims.yaml:3:4: user, since " + at(1).AddDate(0, 0, -3).Format("2 Jan 2006")} {
		if !strings.Contains(a.Title+"\n"+a.Text, want) {
			t.Errorf("no %q in %s\n%s", want, a.Title, a.Text)
		}
	}
	if strings.Contains(a.Text, "bob@") {
		t.Error("an address is in it")
	}
	if empty := bot.Digest(nil, at(0), at(23), nil); !strings.Contains(empty.Title, "no run at all") {
		t.Errorf("%+v", empty)
	}
}
