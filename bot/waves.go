package bot

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// Waves says how many of those who wait are told at once, so that nobody is invited to what is gone. The zero value tells
// everybody at once.
type Waves struct {
	// Percent of the units in stock is how many invitations may be open at a time: 200 is two people for each unit.
	Percent int
	// Interval is how long an invitation counts as open; then the next in line has its turn, if there is still stock.
	Interval time.Duration
	// Unknown is the number of open invitations where the stock list has no numbers.
	Unknown int
	Newest  bool // first, in place of the oldest request
}

// DefaultWaves are those that a job has unless its file says otherwise.
func DefaultWaves() Waves { return Waves{Percent: 300, Interval: time.Hour, Unknown: 50} }

// room is how many more may be invited, of what is in stock and with so many invitations open.
func (w Waves) room(level Level, open int) int {
	if w.Percent == 0 {
		return 1 << 30
	}
	size := w.Unknown
	if q := level.Quantity; q != nil {
		size = int((int64(*q)*int64(w.Percent) + 100*int64(unit) - 1) / (100 * int64(unit)))
	}
	return max(0, size-open)
}

// Wave is a number of invitations that went out together.
type Wave struct {
	At int64 `json:"at"` // seconds since 1970
	N  int   `json:"n"`
}

// openInvites counts the invitations to a product that are still open, and forgets the others.
func (s *JobState) openInvites(sku string, now time.Time, interval time.Duration) int {
	oldest := now.Add(-interval).Unix()
	kept := slices.DeleteFunc(s.Waves[sku], func(w Wave) bool { return w.At <= oldest })
	if len(kept) == 0 {
		delete(s.Waves, sku)
		return 0
	}
	s.Waves[sku] = kept
	open := 0
	for _, w := range kept {
		open += w.N
	}
	return open
}

// invited counts invitations before they leave: a run that dies in between has counted too many, never too few.
func (s *JobState) invited(sku string, now time.Time, n int) {
	if n == 0 {
		return
	}
	if s.Waves == nil {
		s.Waves = map[string][]Wave{}
	}
	s.Waves[sku] = append(s.Waves[sku], Wave{now.Unix(), n})
}

// wave picks from what is due those whose turn it is: first what was attempted before, then in the order of the requests, as
// many as there is room for. The others keep their places; what they wait for is noted, and their news stays fresh.
func (b *Bot) wave(ctx context.Context, job Job, run *Run, due []*Notification, levels map[string]Level) ([]*Notification, error) {
	w, now := job.Policy.Waves, b.Now()
	if w.Percent == 0 || len(due) == 0 {
		return due, nil
	}
	w.order(due)
	var turn, later []*Notification
	err := b.Ledger.Update(ctx, job.Name, func(s *JobState) {
		turn, later = nil, nil
		rooms, invited := map[string]int{}, map[string]int{}
		for _, n := range due {
			sku := n.Restock.SKU
			room, known := rooms[sku]
			if !known {
				room = w.room(levels[sku], s.openInvites(sku, now, w.Interval))
			}
			switch {
			case n.Released || n.Reminder > 0 || now.Sub(n.Invited) < w.Interval: // let pass by a person, or counted already
				turn = append(turn, n)
			case room > 0:
				room--
				invited[sku]++
				turn = append(turn, n)
			default:
				later = append(later, n)
			}
			rooms[sku] = room
		}
		for sku, n := range invited {
			s.invited(sku, now, n)
		}
	})
	if err != nil {
		return nil, err
	}
	for _, n := range turn {
		if now.Sub(n.Invited) >= w.Interval {
			n.Invited = now // kept when it is claimed
		}
	}
	run.Later += len(later)
	return turn, b.Ledger.wait(ctx, later, WaveFull, now, job.Policy.Life)
}

// wait notes what messages wait for that are not to be sent yet. Their news stays fresh as long as that is so.
func (l *Ledger) wait(ctx context.Context, list []*Notification, why Reason, now time.Time, life time.Duration) error {
	var changed []*Notification
	for _, n := range list {
		if n.State == Queued && (n.Reason != why || n.NotAfter.Sub(now) < life/2) {
			n.Reason, n.NotAfter = why, now.Add(life)
			changed = append(changed, n)
		}
	}
	_, err := l.saveAll(ctx, changed)
	return err
}

// order sorts by the time of the request; where that cannot be read, by the number of the request. What was attempted before
// comes first.
func (w Waves) order(list []*Notification) {
	slices.SortStableFunc(list, func(a, b *Notification) int {
		if (a.Attempt > 0) != (b.Attempt > 0) {
			return b.Attempt - a.Attempt
		}
		first := cmp.Or(
			asked(a.Subscription).Compare(asked(b.Subscription)), natural(a.Subscription.ID, b.Subscription.ID), strings.Compare(a.Key, b.Key))
		if w.Newest {
			return -first
		}
		return first
	})
}

// asked is when a request was made, as far as the page's own words can be read without guessing.
func asked(s Subscription) time.Time {
	text := strings.TrimSpace(s.Requested)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	return time.Time{}
}

// natural compares names such that 9 comes before 10.
func natural(a, b string) int {
	if len(a) != len(b) && isDigits(a) && isDigits(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// free gives back the places of invitations that came to nothing.
func (b *Bot) free(ctx context.Context, job Job, failed map[string]int) error {
	if len(failed) == 0 || job.Policy.Waves.Percent == 0 {
		return nil
	}
	return b.Ledger.Update(ctx, job.Name, func(s *JobState) {
		for sku, n := range failed {
			waves := s.Waves[sku]
			for i := len(waves) - 1; i >= 0 && n > 0; i-- {
				less := min(n, waves[i].N)
				waves[i].N, n = waves[i].N-less, n-less
			}
		}
	})
}

// Now returns how many of a plan would be told at once, were no invitations open: what a dry run says.
func (w Waves) Now(levels []Level, plan []Notification) int {
	room := make(map[string]int, len(levels))
	for _, level := range levels {
		room[level.SKU] = w.room(level, 0)
	}
	n := 0
	for _, p := range plan {
		if p.State == Queued && room[p.Restock.SKU] > 0 {
			room[p.Restock.SKU]--
			n++
		}
	}
	return n
}
