// Package schedule says when jobs are due. It is the only importer of robfig/cron, and uses its parser only: when a job was
// due last and is due next is kept in the state, so that a tick is neither lost when the process is down nor taken twice.
package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // zones on machines without them

	"github.com/robfig/cron/v3"
)

// Spec is a cron expression of five fields in a time zone.
//
// A job with fixed hours ("30 2 * * *") runs once on each local day that its fields name: where the clock is put forward
// over its time it runs right after the jump, and where the clock is put back it runs the first time only. A job whose hour
// is "*" or "*/n" runs at even distances of real time.
type Spec struct {
	Text  string
	Zone  *time.Location
	fixed bool
	wall  cron.Schedule // in UTC, standing for the clock on the wall
	real  cron.Schedule // in the zone
}

// Parse reads a cron expression. It refuses one that never comes true.
func Parse(text string, zone *time.Location) (Spec, error) {
	fields := strings.Fields(text)
	if len(fields) != 5 {
		return Spec{}, fmt.Errorf("%q has %d fields: expected five: minute hour day month weekday, such as 30 7 * * mon-fri", text, len(fields))
	}
	if strings.Contains(text, "=") || strings.Contains(text, "@") { // TZ=… makes the library panic
		return Spec{}, fmt.Errorf("%q: expected five fields; the time zone stands under zone", text)
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	wall, err := parser.Parse("TZ=UTC " + text)
	if err != nil {
		return Spec{}, fmt.Errorf("%q: %w", text, err)
	}
	real, err := parser.Parse("TZ=" + zone.String() + " " + text)
	if err != nil {
		return Spec{}, fmt.Errorf("%q in %s: %w", text, zone, err)
	}
	s := Spec{Text: text, Zone: zone, wall: wall, real: real, fixed: !strings.HasPrefix(fields[1], "*")}
	if s.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return s, errors.New(text + " never comes true: no month has that day")
	}
	return s, nil
}

// Next returns the first due time after t, or the zero time if there is none.
func (s Spec) Next(t time.Time) time.Time {
	if !s.fixed {
		return s.real.Next(t.In(s.Zone))
	}
	local := t.In(s.Zone)
	// Two hours back: no clock is put further, and what that finds again is not after t.
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC).Add(-2 * time.Hour)
	for {
		wall = s.wall.Next(wall)
		if wall.IsZero() {
			return wall
		}
		if at := s.instant(wall); at.After(t) {
			return at
		}
	}
}

// instant is when the clock on the wall shows a time: the first time if it shows it twice, and right after the jump if it
// never does.
func (s Spec) instant(wall time.Time) time.Time {
	y, mo, d := wall.Date()
	at := time.Date(y, mo, d, wall.Hour(), wall.Minute(), 0, 0, s.Zone)
	if at.Hour() != wall.Hour() || at.Minute() != wall.Minute() {
		// The time does not exist. Go moves it by the jump; find the jump itself.
		for at = at.Add(-3 * time.Hour).Truncate(time.Minute); !shows(at, wall); at = at.Add(time.Minute) {
		}
		return at
	}
	for back := 30 * time.Minute; back <= 2*time.Hour; back += 30 * time.Minute {
		if earlier := at.Add(-back); earlier.Hour() == at.Hour() && earlier.Minute() == at.Minute() && earlier.Day() == at.Day() {
			return earlier
		}
	}
	return at
}

// shows reports whether the wall clock at an instant has reached a wall time.
func shows(at, wall time.Time) bool {
	return !time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), 0, 0, time.UTC).Before(wall)
}

// Change is a moment at which the clock is put forward or back.
type Change struct {
	At time.Time
	By time.Duration // +1h: forward
}

// Changes returns the next clock changes of a zone within a year.
func Changes(zone *time.Location, from time.Time) []Change {
	var list []Change
	_, before := from.In(zone).Zone()
	for t := from.Truncate(time.Hour); t.Before(from.AddDate(1, 0, 0)); t = t.Add(30 * time.Minute) {
		if _, now := t.In(zone).Zone(); now != before {
			list = append(list, Change{At: t.In(zone), By: time.Duration(now-before) * time.Second})
			before = now
		}
	}
	return list
}
