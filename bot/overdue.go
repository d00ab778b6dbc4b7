package bot

import (
	"context"
	"encoding/json"
	"time"
)

// Of five working days, within which the law wants an unsubscription to be known everywhere (Spam Regulations 2021), so many may
// pass before somebody is told.
const alarmDays = 2

// Overdue returns the unsubscriptions that the CRM does not know of after two working days, by the calendar of a zone.
func Overdue(list []Suppression, now time.Time, zone *time.Location) []Suppression {
	var late []Suppression
	for _, s := range list {
		if s.Reason == LeftUs && s.Written.IsZero() && workingDays(s.At.In(zone), now.In(zone)) >= alarmDays {
			late = append(late, s)
		}
	}
	return late
}

// workingDays counts the days from Monday to Friday that have ended between two moments.
func workingDays(from, to time.Time) int {
	n := 0
	for day := from.AddDate(0, 0, 1); !day.After(to); day = day.AddDate(0, 0, 1) {
		if w := day.Weekday(); w != time.Saturday && w != time.Sunday {
			n++
		}
	}
	return n
}

// Written notes that the CRM knows that people have left: one person, or everybody with "". It returns how many notes that were.
func (l *Ledger) Written(ctx context.Context, person string) (int, error) {
	var writes []Write
	for entry, err := range l.store.Scan(ctx, Suppressions, person) {
		if err != nil {
			return 0, err
		}
		var s Suppression
		if err := json.Unmarshal(entry.Value, &s); err != nil {
			return 0, err
		}
		if !s.Written.IsZero() {
			continue
		}
		s.Written = l.now()
		value, err := json.Marshal(s)
		if err != nil {
			return 0, err
		}
		writes = append(writes, Write{Table: Suppressions, Key: entry.Key, Value: value, Rev: entry.Rev})
	}
	return len(writes), l.apply(ctx, writes)
}
