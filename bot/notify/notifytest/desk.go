// Package notifytest has what the tests of channels share.
package notifytest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"restock/bot"
)

// Desk is a bot.Desk that remembers.
type Desk struct {
	// Refuse, if set, may keep a message from being put on record.
	Refuse func(n bot.Notification) error

	mu   sync.Mutex
	Asks int                     // calls of Pending
	Out  map[string]bool         // keys put on record
	Left map[string]int          // keys that left, and how often
	Said map[string]bot.Delivery // outcomes
	Bad  []string                // what a sender must not do
}

var _ bot.Desk = (*Desk)(nil)

// Pending implements bot.Desk.
func (d *Desk) Pending(_ context.Context, batch []bot.Notification) ([]bot.Notification, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Asks++
	for _, n := range batch {
		if d.Refuse != nil {
			if err := d.Refuse(n); err != nil {
				return nil, err
			}
		}
	}
	for _, n := range batch {
		if d.Out == nil {
			d.Out = map[string]bool{}
		}
		d.Out[n.Key] = true
	}
	return batch, nil
}

// Leave implements bot.Desk.
func (d *Desk) Leave(n bot.Notification) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.Out[n.Key] {
		d.Bad = append(d.Bad, n.Key+" leaves without a record")
	}
	if d.Left == nil {
		d.Left = map[string]int{}
	}
	d.Left[n.Key]++
	return nil
}

// Done implements bot.Desk.
func (d *Desk) Done(n bot.Notification, result bot.Delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Said == nil {
		d.Said = map[string]bot.Delivery{}
	}
	if before, twice := d.Said[n.Key]; twice {
		d.Bad = append(d.Bad, fmt.Sprintf("%s is reported twice: %s, then %s", n.Key, before.State, result.State))
	}
	if d.Left[n.Key] == 0 && (result.State == bot.Accepted || result.State == bot.Ambiguous) {
		d.Bad = append(d.Bad, fmt.Sprintf("%s is %s and has not left", n.Key, result.State))
	}
	d.Said[n.Key] = result
}

// One sends one message through a sender; record is called when it is put on record.
func One(ctx context.Context, s bot.Sender, n bot.Notification, record func() error) (bot.Delivery, *Desk) {
	desk := &Desk{Refuse: func(bot.Notification) error { return record() }}
	s.Send(ctx, []bot.Notification{n}, desk)
	return desk.Said[n.Key], desk
}

// Send sends one message and returns what was reported of it; what a sender must not do fails the test.
func Send(ctx context.Context, t testing.TB, s bot.Sender, n bot.Notification, record func() error) bot.Delivery {
	t.Helper()
	d, desk := One(ctx, s, n, record)
	for _, bad := range desk.Bad {
		t.Error(bad)
	}
	return d
}
