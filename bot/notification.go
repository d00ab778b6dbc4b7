package bot

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Notification is one message to one subscription in one restock. Its key is made of those, so the same restock seen
// twice, or by two processes, makes the same notification and never a second one.
type Notification struct {
	Key          string       `json:"key"`
	Job          string       `json:"job"`
	Restock      Restock      `json:"restock"`
	Subscription Subscription `json:"subscription"`
	Channel      Channel      `json:"channel,omitempty"`
	Address      string       `json:"address,omitempty"`
	State        State        `json:"state"`
	Reason       Reason       `json:"reason,omitempty"`
	SameAs       string       `json:"same_as,omitempty"`  // key of the notification this person gets instead (AskedTwice)
	Attempt      int          `json:"attempt"`            // claims so far
	Due          time.Time    `json:"due"`                // not before
	NotAfter     time.Time    `json:"not_after"`          // the news is old after this
	Run          string       `json:"run"`                // the run that claimed it last
	ToldAt       time.Time    `json:"told_at,omitzero"`   // of a request that was told by another one's message (SameAs)
	Released     bool         `json:"released,omitempty"` // by a person: the limits let it pass
	Of           string       `json:"of,omitempty"`       // key of the notification that this is a reminder of
	Reminder     int          `json:"reminder,omitempty"` // first, second
	Bought       time.Time    `json:"bought,omitzero"`    // when the customer did
	Invited      time.Time    `json:"invited,omitzero"`   // when its turn came: it counts as open for a while
	Resent       bool         `json:"resent,omitempty"`   // was ambiguous and sent once more, as the job's file wants: it may be double
	Holdout      time.Time    `json:"holdout,omitzero"`   // kept back until then, by lot, to see what would have been bought anyway
	FollowUp     FollowUp     `json:"follow_up"`
	Notes        []Note       `json:"notes,omitempty"` // what happened after it was told
	Changes      []Change     `json:"changes"`         // how it came here, oldest first

	// Who names the person without telling who it is; "" in a ledger without a [Vault].
	Who string `json:"who,omitempty"`
	// Aliases are what orders name somebody by who was forgotten.
	Aliases []string `json:"aliases,omitempty"`
	Erased  bool     `json:"erased,omitempty"` // the person was forgotten: address and name are gone

	rev    uint64
	sealed []byte // the customer's data as they are kept
}

// Change is one step in the life of a notification, with the evidence for it.
type Change struct {
	At     time.Time `json:"at"`
	To     State     `json:"to"`
	Run    string    `json:"run,omitempty"`
	Reason Reason    `json:"reason,omitempty"`
	Detail string    `json:"detail,omitempty"` // the other side's own words: reply text, queue id, message id
}

// FollowUpState is where the write-back into the CRM stands.
type FollowUpState string

// The states of a follow-up.
const (
	FollowUpNone    FollowUpState = ""        // nothing to write yet
	FollowUpPending FollowUpState = "pending" // the customer was told; the CRM does not know yet
	FollowUpIntent  FollowUpState = "intent"  // recorded before the first click: look before writing again
	FollowUpWritten FollowUpState = "written" // read back from the CRM after a reload
	FollowUpDiffers FollowUpState = "differs" // the CRM shows something else than expected: a colleague was there first
	FollowUpUnknown FollowUpState = "unknown" // written, but could not be read back: looked at again by the next run
	// FollowUpRejected: the site said no, and reading back shows that nothing was written. Tried again a few times.
	FollowUpRejected FollowUpState = "rejected"
)

// maxRejected is how often a follow-up that the site rejects is tried.
const maxRejected = 5

// FollowUp is what was written back into the CRM.
type FollowUp struct {
	State   FollowUpState `json:"state,omitempty"`
	At      time.Time     `json:"at,omitzero"`
	Detail  string        `json:"detail,omitempty"`
	Attempt int           `json:"attempt,omitempty"`
}

// due reports whether a run should write this follow-up.
func (f FollowUp) due() bool {
	return f.State == FollowUpPending || f.State == FollowUpIntent || f.State == FollowUpUnknown ||
		f.State == FollowUpRejected && f.Attempt < maxRejected
}

// Open reports whether something is left to do for this notification: to send it, to settle it, or to write it back.
func (n Notification) Open() bool {
	return n.State.Open() || n.FollowUp.due() || slices.ContainsFunc(n.Notes, func(note Note) bool { return note.FollowUp.due() })
}

// inCRM reports whether the request waits in the CRM: reminders, and messages to those whose place was kept, are about one that is
// shown as done there.
func (n *Notification) inCRM() bool { return n.Reminder == 0 && !n.Subscription.Kept }

// Told returns when the customer was told, or the zero time.
func (n Notification) Told() time.Time {
	for _, c := range n.Changes {
		if c.To == Accepted {
			return c.At
		}
	}
	return n.ToldAt
}

// Key names the notification for a subscription in an episode: 26 characters of base32 over SHA-256. The parts are
// length-prefixed, so no two different wishes share a key.
func Key(job, sku string, episode int, subscription string) string {
	h := sha256.New()
	for _, part := range []string{"restock/1", job, sku, strconv.Itoa(episode), subscription} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil))[:26])
}
