package report

import (
	"fmt"
	"time"
)

// Pers lists how a period can be divided.
func Pers() []string { return []string{"day", "week", "month"} }

// first is the first moment of a calendar day: midnight, or where the clock is put on then, what comes after it.
func first(y int, m time.Month, d int, zone *time.Location) time.Time {
	noon := time.Date(y, m, d, 12, 0, 0, 0, zone)
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	for t.Day() != noon.Day() {
		t = t.Add(15 * time.Minute)
	}
	for earlier := t.Add(-15 * time.Minute); earlier.Day() == noon.Day(); earlier = earlier.Add(-15 * time.Minute) {
		t = earlier // midnight comes twice
	}
	return t
}

// begin is the beginning of the day, week (Monday) or month that a time is in.
func begin(t time.Time, per string, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	switch per {
	case "week":
		return first(y, m, d-(int(t.In(zone).Weekday())+6)%7, zone)
	case "month":
		return first(y, m, 1, zone)
	}
	return first(y, m, d, zone)
}

// next is the beginning of the one after it; n may be below 0. Days have 23 or 25 hours where the clock changes.
func next(start time.Time, per string, n int, zone *time.Location) time.Time {
	y, m, d := start.In(zone).Date()
	switch per {
	case "week":
		return first(y, m, d+7*n, zone)
	case "month":
		return first(y, m+time.Month(n), 1, zone)
	}
	return first(y, m, d+n, zone)
}

// divide makes the days, weeks or months of a period; the first and the last may be cut by it.
func divide(from, to time.Time, per string, zone *time.Location) []Period {
	var list []Period
	for start := begin(from, per, zone); start.Before(to) && len(list) < maxPeriods; start = next(start, per, 1, zone) {
		p := Period{Start: start, End: next(start, per, 1, zone), Figures: newFigures()}
		if p.Start.Before(from) {
			p.Start = from
		}
		if p.End.After(to) {
			p.End = to
		}
		list = append(list, p)
	}
	return list
}

// MaxPeriods bounds a report: ten years of days.
const MaxPeriods = 3700

// maxPeriods is where dividing ends in any case.
const maxPeriods = 100_000

// Count is how many days, weeks or months a report would have.
func Count(o Options) int {
	per := map[string]time.Duration{"week": 7 * 24 * time.Hour, "month": 30 * 24 * time.Hour}[o.Per]
	if per == 0 {
		per = 24 * time.Hour
	}
	return int(o.To.Sub(o.From)/per) + 1
}

// Last is the last whole day, week or month before a time: what a report that is mailed is about.
func Last(now time.Time, per string, zone *time.Location) (from, to time.Time) {
	to = begin(now, per, zone)
	return next(to, per, -1, zone), to
}

// Current is the day, week or month that a time is in.
func Current(now time.Time, per string, zone *time.Location) (from, to time.Time) {
	from = begin(now, per, zone)
	return from, next(from, per, 1, zone)
}

// Days are so many days, the last of them being that of a time.
func Days(last time.Time, n int, zone *time.Location) (from, to time.Time) {
	start := begin(last, "day", zone)
	return next(start, "day", 1-n, zone), next(start, "day", 1, zone)
}

// before is the time before a period, as long by the calendar where the period is one of it.
func before(from, to time.Time, zone *time.Location) time.Time {
	for _, per := range []string{"month", "week", "day"} {
		if begin(from, per, zone).Equal(from) && begin(to, per, zone).Equal(to) {
			n := 0
			for start := from; start.Before(to) && n < maxPeriods; n++ {
				start = next(start, per, 1, zone)
			}
			return next(from, per, -n, zone)
		}
	}
	return from.Add(from.Sub(to))
}

// ParseDay reads the beginning of a day: 2026-11-23.
func ParseDay(text string, zone *time.Location) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1990 || t.Year() > 2200 {
		return t, fmt.Errorf("%q is not a day: expected the form 2026-11-23", text)
	}
	return first(t.Year(), t.Month(), t.Day(), zone), nil
}

// label names a day, week or month.
func (p Period) label(per string, zone *time.Location) string {
	start := p.Start.In(zone)
	switch per {
	case "week":
		return "week of " + start.Format("2 Jan 2006")
	case "month":
		return start.Format("January 2006")
	}
	return start.Format("Mon 2 Jan 2006")
}
