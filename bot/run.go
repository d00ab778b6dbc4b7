package bot

import (
	"encoding/hex"
	"math/rand/v2"
	"time"
)

// Job is flows of one or two sites run together: read the stock, read who waits, tell them, write it back.
type Job struct {
	Name   string // also the namespace of everything it remembers
	IMS    string // site whose stock flow is read
	CRM    string // site whose subscribers are read and followed up
	Orders string // site whose list of orders is read; "": none
	Policy Policy
	// Workers is how many read the stock at the same time, where the list is long and its pages have addresses; 0 and 1: one.
	Workers int
}

// RunOutcome is how a run ended.
type RunOutcome string

// The outcomes of a run.
const (
	Running     RunOutcome = "running"
	Done        RunOutcome = "done"
	FailedRun   RunOutcome = "failed"
	HeldRun     RunOutcome = "held"        // waits for a person
	Interrupt   RunOutcome = "interrupted" // the process died; the next run went on
	StoppedRun  RunOutcome = "stopped"     // asked to stop; the next run goes on
	SkippedTick RunOutcome = "skipped"     // not started, because the run before was still going on
)

// Run is one execution of a job.
type Run struct {
	ID       string     `json:"run"`
	Job      string     `json:"job"`
	DryRun   bool       `json:"dry_run,omitempty"`
	Trigger  string     `json:"trigger,omitempty"` // "cron", "hand", "demo"
	Started  time.Time  `json:"started"`
	Finished time.Time  `json:"finished,omitzero"`
	Outcome  RunOutcome `json:"outcome"`
	Error    string     `json:"error,omitempty"`
	Problem  *StepError `json:"problem,omitempty"`
	Counts
	Steps []Step `json:"steps,omitempty"`
}

// Counts are the figures of a run.
type Counts struct {
	StockLevels   int             `json:"stock_levels"`
	Learned       int             `json:"learned"` // SKUs seen for the first time
	Missing       int             `json:"missing"` // known SKUs that the list did not show
	Restocks      int             `json:"restocks"`
	SoldOut       int             `json:"sold_out"` // restocks that ended
	Subscriptions int             `json:"subscriptions"`
	Accepted      map[Channel]int `json:"accepted"`
	Retry         int             `json:"retry"`
	Failed        int             `json:"failed"`
	Ambiguous     int             `json:"ambiguous"`
	Expired       int             `json:"expired"`
	Suppressed    int             `json:"suppressed"`
	Held          int             `json:"held"`    // messages beyond a limit, for a person
	Later         int             `json:"later"`   // wait for a later wave, or for the morning
	Resumed       int             `json:"resumed"` // products back within the cool-down: the same restock
	Written       int             `json:"written"`
	NotWritten    int             `json:"not_written"` // told, but the follow-up is not in the CRM yet
	SignUps       int             `json:"sign_ups"`    // entered into the CRM
	Orders        int             `json:"orders"`      // read from the shop's list, new or changed
	Bought        int             `json:"bought"`      // messages that lead to a purchase, of those looked at
	Noted         int             `json:"noted"`       // events written into the CRM
	Warnings      []string        `json:"warnings,omitempty"`
	NotTold       []NotTold       `json:"not_told,omitempty"` // waiting, but not to be told
}

// NotTold is a waiting subscription that gets no message, and why.
type NotTold struct {
	Subscription string `json:"subscription"`
	SKU          string `json:"sku"`
	Reason       Reason `json:"reason"`
	Key          string `json:"key"`
}

// Step is one thing a run did in a site, for the history.
type Step struct {
	At   time.Time     `json:"at"`
	Took time.Duration `json:"took_ns"`
	Site string        `json:"site,omitempty"`
	Flow string        `json:"flow"`
	Text string        `json:"text"` // "read 120 rows on 6 pages"
	// Complete says of a reading whether something proved that nothing is missing.
	Complete Completeness `json:"complete,omitempty"`
	Error    string       `json:"error,omitempty"` // one sentence
	// Fallbacks are the selectors of which not the first alternative matched.
	Fallbacks []string `json:"fallbacks,omitempty"`
}

// NewRun starts the record of a run. Its ID sorts by time: 20261123-182408-1f2e3d.
func NewRun(job, trigger string, now time.Time) Run {
	salt := rand.Uint32()
	id := now.UTC().Format("20060102-150405") + "-" + hex.EncodeToString([]byte{byte(salt >> 16), byte(salt >> 8), byte(salt)})
	return Run{
		ID: id, Job: job, Trigger: trigger, Started: now, Outcome: Running,
		Counts: Counts{Accepted: map[Channel]int{}},
	}
}
