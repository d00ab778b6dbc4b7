package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Limits bound how many messages leave, so that a mistake anywhere before cannot reach every customer. What is beyond them is
// held for a person. 0 is no limit.
type Limits struct {
	Run    int // messages per run
	Hour   int // per hour
	Day    int // per 24 hours
	Person int // to one address per 24 hours
}

// DefaultLimits are those that a job has unless its file says otherwise.
func DefaultLimits() Limits { return Limits{Run: 1000, Hour: 2000, Day: 5000, Person: 5} }

// JobState is what a job remembers besides its stock and its ledger.
type JobState struct {
	Waiting int                `json:"waiting"`          // requests that waited after the last good run
	Wanted  map[string]int     `json:"wanted,omitempty"` // SKU → requests that waited for it, where the whole list was read
	Sent    map[int64]int      `json:"sent,omitempty"`   // hour since 1970 → messages that may have left in it
	People  map[string][]int64 `json:"people,omitempty"` // person → the hours of the messages to them
	Waves   map[string][]Wave  `json:"waves,omitempty"`  // SKU → invitations that may be open
	Streak  Streak             `json:"streak"`           // how the last runs ended, for the alerts
	Begun   Begun              `json:"begun,omitzero"`   // the last run
	// Seen is when a product was seen to be back by a run that could not go on.
	Seen map[string]time.Time `json:"seen,omitempty"`
}

// State returns what a job remembers.
func (l *Ledger) State(ctx context.Context, job string) (s JobState, err error) {
	entry, err := l.store.Get(ctx, Jobs, job)
	if err != nil || entry.Rev == 0 {
		return s, err
	}
	if err := json.Unmarshal(entry.Value, &s); err != nil {
		err = fmt.Errorf("job %s: %w: %w", job, errDecode, err)
		return s, err
	}
	return s, nil
}

// mostRaces is how often a change is tried where somebody else was faster.
const mostRaces = 20

// Update changes what a job remembers. Its run has the lease, but alerts are told after that: where somebody else was faster, change is
// called again with what stands there now.
func (l *Ledger) Update(ctx context.Context, job string, change func(*JobState)) error {
	return amend(ctx, l, Jobs, job, "job "+job, change)
}

// amend changes a record, and again with what stands there then, where somebody else was faster.
func amend[T any](ctx context.Context, l *Ledger, table Table, key, what string, change func(*T)) (err error) {
	for range mostRaces {
		err = l.put(ctx, table, key, func(old []byte) (any, error) {
			var record T
			if old != nil {
				if err := json.Unmarshal(old, &record); err != nil {
					return nil, fmt.Errorf("%s: %w: %w", what, errDecode, err)
				}
			}
			change(&record)
			return record, nil
		})
		if !errors.Is(err, ErrConflict) {
			break
		}
	}
	return err
}

// allow splits what is due into what may leave within the limits and what must be held, by the limit. It counts the former
// before any of it leaves: a run that dies in between has counted too many, never too few.
func (b *Bot) allow(ctx context.Context, job Job, due []*Notification) (allowed []*Notification, held map[string][]Notification, err error) {
	limits, now := job.Policy.Limits, b.Now()
	if limits == (Limits{}) || len(due) == 0 {
		return due, nil, nil
	}
	err = b.Ledger.Update(ctx, job.Name, func(s *JobState) {
		allowed, held = nil, map[string][]Notification{}
		s.forget(now)
		for _, n := range due {
			if n.Attempt > 0 || n.Released { // another attempt at the same message is not another message
				allowed = append(allowed, n)
				continue
			}
			person := b.Ledger.personOf(n)
			if over := limits.over(s, len(allowed), person, now); over != "" {
				held[over] = append(held[over], *n)
				continue
			}
			allowed = append(allowed, n)
			s.count(person, now)
		}
	})
	return allowed, held, err
}

// over says which limit one more message would break.
func (l Limits) over(s *JobState, inRun int, person string, now time.Time) string {
	inDay := 0
	for _, n := range s.Sent {
		inDay += n
	}
	switch {
	case l.Run > 0 && inRun >= l.Run:
		return fmt.Sprintf("%d messages per run", l.Run)
	case l.Hour > 0 && s.Sent[hourOf(now)] >= l.Hour:
		return fmt.Sprintf("%d messages per hour", l.Hour)
	case l.Day > 0 && inDay >= l.Day:
		return fmt.Sprintf("%d messages per day", l.Day)
	case l.Person > 0 && len(s.People[person]) >= l.Person:
		return fmt.Sprintf("%d messages to one person per day", l.Person)
	}
	return ""
}

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

func (s *JobState) count(person string, now time.Time) {
	if s.Sent == nil {
		s.Sent = map[int64]int{}
	}
	if s.People == nil {
		s.People = map[string][]int64{}
	}
	s.Sent[hourOf(now)]++
	s.People[person] = append(s.People[person], hourOf(now))
}

// forget drops what is older than a day.
func (s *JobState) forget(now time.Time) {
	oldest := hourOf(now) - 24
	maps.DeleteFunc(s.Sent, func(hour int64, _ int) bool { return hour <= oldest })
	for person, hours := range s.People {
		if hours = slices.DeleteFunc(hours, func(hour int64) bool { return hour <= oldest }); len(hours) == 0 {
			delete(s.People, person)
		} else {
			s.People[person] = hours
		}
	}
}

// holdBack keeps messages beyond a limit for a person. The run goes on, and ends as held.
func (b *Bot) holdBack(ctx context.Context, job Job, run *Run, held map[string][]Notification) error {
	if len(held) == 0 {
		return nil
	}
	all := 0
	for _, list := range held {
		all += len(list)
	}
	if err := b.Ledger.hold(ctx, Hold{Run: run.ID, Job: job.Name, At: b.Now(), Messages: all}); err != nil { // first: what is held can be released
		return err
	}
	for limit, list := range held {
		for i := range list {
			list[i].Run = run.ID
		}
		if _, err := b.Ledger.Move(ctx, list, Change{To: Held, Run: run.ID, Reason: OverLimit, Detail: "more than " + limit}); err != nil {
			return err
		}
	}
	run.Held += all
	return &StepError{
		Class: HeldClass, Flow: "notify", Expected: "at most " + strings.Join(slices.Sorted(maps.Keys(held)), ", "),
		Found: fmt.Sprintf("%d more", all),
		Hint: fmt.Sprintf("they are held and not sent. If they are right, run `restock runs release %s`; the limits stand under limits: in restock.yaml",
			run.ID),
	}
}
