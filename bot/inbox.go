package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// What came from outside since a run looked, in the table Inbox. An entry is written before, or together with, what it is about, and
// goes when that is done.
const (
	inboxClick = "click/" // key of the notification
	inboxOrder = "order/" // shop/ID
	inboxLeft  = "left/"  // person
	// inboxConfirm: ID of a sign-up whose confirmation is to be sent. No run looks at these.
	inboxConfirm = "confirm/"
)

// withNews does a write, and leaves an entry in the inbox about it, for the next run. The entry is there before the write, so that a
// process which dies leaves one too many; and after it, because a run may have looked, and taken it away, in between.
func (l *Ledger) withNews(ctx context.Context, key string, write Write) error {
	if err := l.knock(ctx, key); err != nil {
		return err
	}
	if err := l.apply(ctx, []Write{write}); err != nil {
		return err
	}
	return l.knock(ctx, key)
}

// knock leaves an entry in the inbox that is newer than any that a run has seen.
func (l *Ledger) knock(ctx context.Context, keys ...string) error {
	for range 20 {
		var writes []Write
		for _, key := range keys {
			entry, err := l.store.Get(ctx, Inbox, key)
			if err != nil {
				return err
			}
			writes = append(writes, Write{Table: Inbox, Key: key, Value: []byte("1"), Rev: entry.Rev})
		}
		if len(writes) == 0 {
			return nil
		}
		out, err := l.store.Apply(ctx, writes...)
		if err != nil {
			return err
		}
		var left []string
		for i, o := range out {
			if o.Conflict { // somebody else has knocked, or a run has just taken it away
				left = append(left, keys[i])
			}
		}
		if keys = left; len(keys) == 0 {
			return nil
		}
	}
	return fmt.Errorf("inbox: %w", ErrConflict)
}

// inbox is what a run finds.
type inbox struct {
	clicks, left []string
	orders       []string
	done         []Write
}

// maxInbox is how much one run looks at.
const maxInbox = 50_000

func (l *Ledger) inbox(ctx context.Context) (in inbox, err error) {
	for entry, err := range l.store.Scan(ctx, Inbox, "") {
		if err != nil {
			return in, err
		}
		kind, key, _ := strings.Cut(entry.Key, "/")
		switch kind + "/" {
		case inboxClick:
			in.clicks = append(in.clicks, key)
		case inboxOrder:
			in.orders = append(in.orders, key)
		case inboxLeft:
			in.left = append(in.left, key)
			continue // until the CRM knows
		default:
			continue
		}
		if in.done = append(in.done, Write{Table: Inbox, Key: entry.Key, Rev: entry.Rev}); len(in.done) == maxInbox {
			break
		}
	}
	return in, nil
}

// attend looks at what came from outside: who clicked, bought or left, and makes notes of it for the CRM.
func (b *Bot) attend(ctx context.Context, run *Run) error {
	in, err := b.Ledger.inbox(ctx)
	if err != nil {
		return err
	}
	for _, key := range in.clicks {
		if err := b.clicked(ctx, key); err != nil {
			return err
		}
	}
	if err := b.bought(ctx, run, in.orders); err != nil {
		return err
	}
	if err := b.leavers(ctx, in.left); err != nil {
		return err
	}
	return b.Ledger.attempt(ctx, in.done) // a conflict: somebody has knocked again, see knock
}

// addNote adds an event to a notification; it is to be written where the CRM of the job takes it.
func (b *Bot) addNote(n *Notification, note Note) {
	if slices.Contains(b.Events[n.Job], note.Event) {
		note.FollowUp.State = FollowUpPending
	}
	n.Notes = append(n.Notes[:len(n.Notes):len(n.Notes)], note)
}

func (b *Bot) clicked(ctx context.Context, key string) error {
	c, err := b.Ledger.ClicksOf(ctx, key)
	if err != nil || len(c.Human()) == 0 {
		return err
	}
	n, ok, err := b.Ledger.Find(ctx, key)
	if err != nil || !ok {
		return err
	}
	if n.State == Ambiguous { // nobody else has the link: it did leave
		if err := b.Ledger.Receive(ctx, Receipt{Key: key, Kind: Delivered, Detail: Followed, At: b.Now()}); err != nil {
			return err
		}
	}
	if n.Of != "" { // the request is followed up where it was told first
		key = n.Of
	}
	return b.noteOnce(ctx, key, Note{Event: EventClicked, At: c.Human()[0]})
}

// Followed is how it is known that a message left of which the mail server had not said so.
const Followed = "its link was followed"

// noteOnce adds an event that happens once.
func (b *Bot) noteOnce(ctx context.Context, key string, note Note) error {
	return b.Ledger.note(ctx, key, func(n *Notification) bool {
		if n.noted(note) {
			return false
		}
		b.addNote(n, note)
		return true
	})
}
