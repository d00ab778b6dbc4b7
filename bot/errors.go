package bot

import (
	"errors"
	"fmt"
	"strings"
)

// Class says what kind of failure it was, and so who must act and whether another try makes sense.
type Class string

// The classes of failures.
const (
	Auth         Class = "AUTH"          // the site refused the user name or password
	MFA          Class = "MFA"           // a one-time code is needed
	SiteDown     Class = "SITE_DOWN"     // no answer, an error status, a broken connection
	PageChanged  Class = "PAGE_CHANGED"  // the page is not as the selector file says
	DataContract Class = "DATA_CONTRACT" // the page was read, but what it says cannot be right
	HeldClass    Class = "HELD"          // a limit was reached: a person must look
	WriteUnknown Class = "WRITE_UNKNOWN" // something was written and could not be read back
	Business     Class = "BUSINESS"      // the data forbid it: a colleague was there first
	Browser      Class = "BROWSER"       // the browser did not start, crashed or hung
	Config       Class = "CONFIG"        // restock.yaml, a selector file or a secret is wrong or missing
	BotBug       Class = "BOT_BUG"       // a defect of restock itself
)

// Temporary reports whether the same thing may work a little later, without anybody's doing.
func (c Class) Temporary() bool { return c == SiteDown || c == Browser }

// StepError is a failure that a person must be able to act on: what was done where, what was expected, what was found,
// and what to do next.
type StepError struct {
	Class    Class  `json:"class"`
	Site     string `json:"site,omitempty"`
	Flow     string `json:"flow,omitempty"`
	Step     string `json:"step,omitempty"`  // "click submit"
	Place    string `json:"place,omitempty"` // file:line:column in the selector file
	URL      string `json:"url,omitempty"`
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
	Hint     string `json:"hint,omitempty"`
	Evidence string `json:"evidence,omitempty"` // folder with screenshot, page and steps
	Err      error  `json:"-"`
}

// Error writes the failure in one sentence, place first, so that an editor can jump to it.
func (e *StepError) Error() string {
	var b strings.Builder
	if e.Place != "" {
		b.WriteString(e.Place + ": ")
	}
	b.WriteString(strings.Join(nonEmpty(e.Site, e.Flow, e.Step), " › "))
	if e.Expected != "" {
		b.WriteString(": expected " + Redact(e.Expected))
	}
	if e.Found != "" {
		b.WriteString(", found " + Redact(e.Found))
	}
	if e.Err != nil && e.Found == "" {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.URL != "" {
		b.WriteString(" at " + Redact(e.URL))
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	if e.Evidence != "" {
		b.WriteString("; screenshot: " + e.Evidence + "/screenshot.png")
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *StepError) Unwrap() error { return e.Err }

// ClassOf returns the class of an error; what nobody classified is a defect of ours.
func ClassOf(err error) Class {
	if step, ok := errors.AsType[*StepError](err); ok {
		return step.Class
	}
	return BotBug
}

func nonEmpty(parts ...string) []string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return kept
}
