package bot

import (
	"fmt"
	"slices"
)

// State is where one notification stands on its way to the customer.
type State string

// The states of a notification. See reliability notes in README.md: only DotPending cannot be decided by us alone.
const (
	Queued     State = "queued"      // to be sent
	Claimed    State = "claimed"     // a run has taken it; nothing has left yet
	DotPending State = "dot-pending" // recorded immediately before the point of no return: it may have gone out
	Accepted   State = "accepted"    // the receiving server took responsibility
	Bounced    State = "bounced"     // accepted, and sent back later: there is no such address
	Retry      State = "retry"       // certainly not sent; tried again when due
	Failed     State = "failed"      // certainly not sent, and never will be
	Ambiguous  State = "ambiguous"   // may have gone out: held for evidence or a person, never sent again by itself
	Expired    State = "expired"     // not sent, because the news is old or the product is out again
	Suppressed State = "suppressed"  // not to be sent: no consent, no usable address, asked twice
	Held       State = "held"        // waits for a person
)

// moves is the whole state machine: what may follow what.
func (s State) moves() []State {
	switch s {
	case Queued:
		return []State{Claimed, Expired, Suppressed, Held}
	case Claimed:
		return []State{DotPending, Queued, Retry, Failed, Expired, Suppressed}
	case DotPending:
		return []State{Accepted, Retry, Failed, Ambiguous, Queued, Suppressed}
	case Retry:
		return []State{Claimed, Expired, Suppressed, Held}
	case Ambiguous:
		return []State{Accepted, Failed, Queued, Expired, Bounced}
	case Held:
		return []State{Accepted, Failed, Queued, Expired}
	case Accepted:
		return []State{Bounced}
	}
	return nil
}

// Next reports whether a notification may go from s to the given state.
func (s State) Next(to State) bool { return slices.Contains(s.moves(), to) }

// Open reports whether somebody, the bot or a person, still has to do something before the sending is settled.
func (s State) Open() bool { return s != Accepted && len(s.moves()) > 0 }

func checkMove(key string, from, to State) error {
	if !from.Next(to) {
		return fmt.Errorf("notification %s cannot go from %s to %s", key, from, to)
	}
	return nil
}

// States lists every state, in the order in which people read them.
func States() []State {
	return []State{Queued, Claimed, DotPending, Accepted, Bounced, Retry, Failed, Ambiguous, Expired, Suppressed, Held}
}
