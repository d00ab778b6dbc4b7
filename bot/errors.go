package bot

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
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
	Config       Class = "CONFIG"        // restock.yaml, a selector file, a secret or the state is wrong or missing
	BotBug       Class = "BOT_BUG"       // a defect of restock itself
)

// Role is who acts on a failure.
type Role string

// The people who use restock.
const (
	Ops     Role = "ops"     // schedules, servers, secrets, limits
	Analyst Role = "analyst" // the selector files
	Admin   Role = "admin"   // what stands in the systems, and restock itself
)

// Classes lists every class.
func Classes() []Class {
	return []Class{Auth, MFA, SiteDown, PageChanged, DataContract, HeldClass, WriteUnknown, Business, Browser, Config, BotBug}
}

// Temporary reports whether the same thing may work a little later, without anybody's doing. Only such failures are tried
// again within a run.
func (c Class) Temporary() bool { return c == SiteDown || c == Browser }

// For returns who must act on a failure of this class.
func (c Class) For() Role {
	switch c {
	case PageChanged, DataContract:
		return Analyst
	case WriteUnknown, Business, BotBug:
		return Admin
	}
	return Ops
}

// Cause says in plain words what a failure of this class means.
func (c Class) Cause() string {
	switch c {
	case Auth:
		return "The site does not let restock in with the user name and password that it has."
	case MFA:
		return "The site wants a one-time code or something else that only a person can do."
	case SiteDown:
		return "The site did not answer, or answered with an error."
	case PageChanged:
		return "The page is not as the selector file says: it was changed, or it is another page."
	case DataContract:
		return "The page was read, but what it says cannot be right or is not the whole."
	case HeldClass:
		return "Something unusual was seen, and restock waits for a person before it uses it."
	case WriteUnknown:
		return "Something was written into the site, and reading it back did not show it."
	case Business:
		return "The site's data do not allow it: somebody else was there first, or the site refused the entry."
	case Browser:
		return "The browser did not start, crashed, or hung."
	case Config:
		return "restock.yaml, a selector file, a secret, or the state is wrong or missing."
	}
	return "This is a defect of restock itself."
}

// Advice is the next step where a failure names none of its own.
func (c Class) Advice() string {
	switch c {
	case Auth:
		return "correct the secret, then run again; until it changes it is not tried"
	case MFA:
		return "log in once by hand with the account of the bot, or give the code with `restock otp`"
	case SiteDown:
		return "look at the site in a browser; the next run tries again"
	case PageChanged:
		return "compare the picture with the line of the selector file, and try the edit with `restock check --live`"
	case DataContract:
		return "look at the page: is a filter set, or a cell unusual? Then correct the selector file"
	case HeldClass:
		return "look at it; `restock runs release RUN` lets it pass"
	case WriteUnknown:
		return "look at the record; the next run reads it before it writes again"
	case Business:
		return "look at the record and decide by hand"
	case Browser:
		return "the next run starts a new browser; `restock doctor` looks for the cause"
	case Config:
		return "`restock check` lists what is wrong in the files, and `restock doctor` what else is missing"
	}
	return "report it with the evidence file"
}

// StepError is a failure that a person must be able to act on: what was done where, what was expected, what was found,
// and what to do next.
type StepError struct {
	Class Class  `json:"class"`
	Site  string `json:"site,omitempty"`
	Flow  string `json:"flow,omitempty"`
	// RetryAfter is for how long the site wants to be left alone.
	RetryAfter time.Duration `json:"retry_after_ns,omitempty"`

	Step     string `json:"step,omitempty"`  // "click submit"
	Place    string `json:"place,omitempty"` // file:line:column in the selector file
	URL      string `json:"url,omitempty"`
	Status   int    `json:"status,omitempty"` // of the page's answer, where that is what is wrong
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
	Hint     string `json:"hint,omitempty"`
	Evidence string `json:"evidence,omitempty"` // folder with screenshot, page and steps; evidence.html is beside it
	Err      error  `json:"-"`
}

// clean is the failure without anybody's address: a cell that cannot be read may hold one.
func (e *StepError) clean() *StepError {
	c := *e
	for _, text := range []*string{&c.Step, &c.URL, &c.Expected, &c.Found, &c.Hint} {
		*text = Redact(*text)
	}
	return &c
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
	b.WriteString("; " + e.Next())
	if e.Evidence != "" {
		b.WriteString("; evidence: " + e.Page())
	}
	return b.String()
}

// Page is the file that shows the failure with its pictures.
func (e *StepError) Page() string { return filepath.Join(filepath.Dir(e.Evidence), "evidence.html") }

// Next is what to do about it.
func (e *StepError) Next() string {
	if e.Hint != "" {
		return e.Hint
	}
	return e.Class.Advice()
}

// Unwrap gives the cause.
func (e *StepError) Unwrap() error { return e.Err }

// ClassOf returns the class of an error; what nobody classified is a defect of ours.
func ClassOf(err error) Class {
	if step, ok := errors.AsType[*StepError](err); ok {
		return step.Class
	}
	if _, ok := errors.AsType[*StateError](err); ok {
		return Config
	}
	if _, ok := errors.AsType[*LockedError](err); ok {
		return Config
	}
	return BotBug
}

// StateError says that the state cannot be opened, read or written: the disk, its rights, or the file itself.
type StateError struct{ Err error }

func (e *StateError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *StateError) Unwrap() error { return e.Err }

func nonEmpty(parts ...string) []string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return kept
}
