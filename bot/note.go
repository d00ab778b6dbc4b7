package bot

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Event is something that a customer did after a message, and that the CRM is to know.
type Event string

// The events.
const (
	EventClicked  Event = "clicked"      // a person followed the link
	EventBought   Event = "bought"       // what the message was about
	EventReturned Event = "returned"     // the purchase was cancelled or given back
	EventLeft     Event = "unsubscribed" // wants no more messages
)

// Events lists the events in the order in which they happen.
func Events() []Event { return []Event{EventClicked, EventBought, EventReturned, EventLeft} }

// Note is an event of a notification, and how far it has come into the CRM.
type Note struct {
	Event    Event     `json:"event"`
	At       time.Time `json:"at"`
	Detail   string    `json:"detail,omitempty"` // the order's number and what was paid
	Order    string    `json:"order,omitempty"`  // shop/ID
	FollowUp FollowUp  `json:"follow_up"`
}

// noted reports whether an event that happens once stands there already: clicking, leaving.
func (n *Notification) noted(note Note) bool {
	return slices.ContainsFunc(n.Notes, func(o Note) bool {
		return o.Event == note.Event && (o.Event == EventClicked || o.Event == EventLeft)
	})
}

// note changes a notification and puts it back on the work list if there is something to do again. change reports whether there is
// anything to save.
func (l *Ledger) note(ctx context.Context, key string, change func(n *Notification) bool) error {
	for range 3 {
		n, ok, err := l.Find(ctx, key)
		if err != nil || !ok || !change(&n) {
			return err
		}
		if n.Open() {
			if _, err := l.store.Apply(ctx, Write{Table: Work, Key: workKey(n), Value: []byte("1")}); err != nil {
				return err
			}
		}
		done, err := l.saveAll(ctx, []*Notification{&n})
		if err != nil || done[0] {
			return err
		}
	}
	return fmt.Errorf("notification %s: %w", key, ErrConflict)
}

// follow is the write-back of a notification, or of one of its notes.
func (n *Notification) follow(note int) *FollowUp {
	if note < 0 {
		return &n.FollowUp
	}
	return &n.Notes[note].FollowUp
}

// Clerk is further work in the web UIs, besides that of [Sites]. Package flows does it too.
type Clerk interface {
	// Note writes an event of a notification into its record, as [Sites].FollowUp does.
	Note(ctx context.Context, site string, n Notification, note Note, intent func(context.Context) error) (FollowUp, error)
	// SignUp looks for the request of a sign-up, enters it unless it is there already, and looks again.
	SignUp(ctx context.Context, site string, s SignUp, intent func(context.Context) error) (FollowUp, error)
	// Orders reads the orders since a time from a list of them.
	Orders(ctx context.Context, site string, q OrderQuery) ([]Order, error)
}

// OrderQuery says which orders are wanted.
type OrderQuery struct {
	Since time.Time // what is older is passed over, and ends the reading of a list that is sorted by time
	// Wanted reports whether the orders of somebody with these addresses are looked at more closely.
	Wanted func(email, phone string) bool
	// Person names somebody by an address; see Ledger.Person.
	Person func(address string) string
}
