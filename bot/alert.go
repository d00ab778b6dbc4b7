package bot

import (
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
	AlertLeft      AlertKind = "left"      // people have left, and the CRM does not know yet
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
	Left     []string  `json:"left,omitempty"` // where it has still to be delivered; nil: everywhere
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
