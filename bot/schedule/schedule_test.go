package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"restock/bot"
	"restock/bot/schedule"
	"restock/state/statetest"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func spec(t testing.TB, text, in string) schedule.Spec {
	t.Helper()
	s, err := schedule.Parse(text, zone(t, in))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOncePerDay: a job with a fixed time runs once on each local day, in every zone with daylight saving, whatever the
// clock does. 365 days x 24 hours x 6 zones.
func TestOncePerDay(t *testing.T) {
	for _, name := range []string{"Australia/Sydney", "Australia/Lord_Howe", "America/New_York", "Europe/London", "America/Sao_Paulo", "Africa/Casablanca"} {
		z := zone(t, name)
		for hour := range 24 {
			s := spec(t, fmt.Sprintf("30 %d * * *", hour), name)
			at := time.Date(2026, 1, 1, 12, 0, 0, 0, z)
			end := at.AddDate(1, 0, 0)
			days := map[string]int{}
			for at = s.Next(at); at.Before(end); at = s.Next(at) {
				days[at.In(z).Format(time.DateOnly)]++
			}
			if len(days) < 364 || len(days) > 366 {
				t.Errorf("%s %02d:30: %d days", name, hour, len(days))
			}
			for day, n := range days {
				if n != 1 {
					t.Errorf("%s %02d:30: %d times on %s", name, hour, n, day)
				}
			}
		}
	}
}

// TestClockChange: the cases of the research notes, where the library alone skips a day or runs twice.
func TestClockChange(t *testing.T) {
	for _, c := range []struct{ text, after, want string }{
		{"30 2 * * *", "2026-10-03T12:00:00Z", "2026-10-03T16:00:00Z"},   // 4 Oct 02:00 → 03:00: right after the jump
		{"30 2 * * *", "2026-10-03T16:00:00Z", "2026-10-04T15:30:00Z"},   // and the next day at its time
		{"30 2 4 10 *", "2026-10-01T00:00:00Z", "2026-10-03T16:00:00Z"},  // once a year, in the gap
		{"30 2 * * *", "2026-04-04T12:00:00Z", "2026-04-04T15:30:00Z"},   // 5 Apr 03:00 → 02:00: the first time
		{"30 2 * * *", "2026-04-04T15:30:00Z", "2026-04-05T16:30:00Z"},   // not the second
		{"*/15 * * * *", "2026-04-04T15:50:00Z", "2026-04-04T16:00:00Z"}, // even distances of real time
		{"*/30 1-4 * * *", "2026-10-03T15:30:00Z", "2026-10-03T16:00:00Z"},
		{"0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-28T13:00:00Z"},
	} {
		after, err := time.Parse(time.RFC3339, c.after)
		if err != nil {
			t.Fatal(err)
		}
		if got := spec(t, c.text, "Australia/Sydney").Next(after).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s after %s: %s, expected %s", c.text, c.after, got, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "five",
		"* * * *":            "five",
		"0 0 31 2 *":         "never comes true",
		"TZ=UTC 0 0 * * *":   "five",
		"TZ=UTC":             "five",
		"TZ=UTC 0 0 1 *":     "zone",
		"61 * * * *":         "61",
		"* * * * funday":     "funday",
		"@daily":             "five",
		"*/0 * * * *":        "0",
		"0 0 * * mon-fri-su": "",
	} {
		if _, err := schedule.Parse(text, time.UTC); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v: expected %q in it", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"*/15 * * * *", "30 2 4 10 *", "TZ=UTC", "0 0 * * mon-fri", "@every 1s", "?", "1-2/3,4 * * * *"} {
		f.Add(seed)
	}
	sydney := zone(f, "Australia/Sydney")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := schedule.Parse(text, sydney)
		if err != nil {
			return
		}
		now := time.Date(2026, 4, 4, 15, 0, 0, 0, time.UTC)
		for range 3 {
			next := s.Next(now)
			if next.IsZero() {
				return
			}
			if !next.After(now) {
				t.Fatalf("%q: %s is not after %s", text, next, now)
			}
			now = next
		}
	})
}

func ExampleSpec_Next() {
	sydney, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := schedule.Parse("30 2 * * *", sydney)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Next(time.Date(2026, 10, 3, 23, 0, 0, 0, sydney)).In(sydney).Format("2 Jan 15:04 MST"))
	// Output: 4 Oct 03:00 AEDT
}

func TestChanges(t *testing.T) {
	list := schedule.Changes(zone(t, "Australia/Sydney"), time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
	if len(list) != 2 || list[0].By != time.Hour || list[1].By != -time.Hour || list[0].At.Format(time.DateOnly) != "2026-10-04" {
		t.Errorf("%+v", list)
	}
}

func planner(store bot.Store) *schedule.Planner {
	return &schedule.Planner{Store: store, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
}

// TestPlanner runs a day in no time.
func TestPlanner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		runs := 0
		job := schedule.Job{Name: "shop", Spec: spec(t, "*/15 * * * *", "Australia/Sydney"), CatchUp: time.Hour}
		err := planner(&statetest.Memory{}).Run(ctx, []schedule.Job{job}, func(_ context.Context, name string, due time.Time) error {
			runs++
			if late := time.Since(due); name != "shop" || late < 0 || late > time.Second {
				t.Errorf("%s is late by %s", name, late)
			}
			return errors.New("a failed run does not stop the schedule")
		})
		if err != nil || runs < 95 || runs > 96 {
			t.Errorf("%d runs, %v", runs, err)
		}
	})
}

// TestOverlap: a run that takes longer than the distance of two ticks skips them; they are counted.
func TestOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		defer cancel()
		p := planner(&statetest.Memory{})
		job := schedule.Job{Name: "shop", Spec: spec(t, "*/10 * * * *", "UTC"), CatchUp: time.Hour}
		var at, most atomic.Int32
		runs := 0
		if err := p.Run(ctx, []schedule.Job{job}, func(context.Context, string, time.Time) error {
			runs++
			most.Store(max(most.Load(), at.Add(1)))
			time.Sleep(25 * time.Minute)
			at.Add(-1)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		tick, err := p.Tick(t.Context(), job)
		if err != nil || most.Load() != 1 || runs != 4 || tick.Skipped < 7 {
			t.Errorf("%d runs, %d at once, %+v, %v", runs, most.Load(), tick, err)
		}
	})
}

// TestMissed: what was due while nothing ran is made up for once, unless it is too old; and never taken twice.
func TestMissed(t *testing.T) {
	for name, c := range map[string]struct {
		away         time.Duration
		runs, missed int
	}{
		"a short while": {50 * time.Minute, 1, 0},
		"too long":      {7 * time.Hour, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &statetest.Memory{}
				job := schedule.Job{Name: "shop", Spec: spec(t, "*/30 * * * *", "UTC"), CatchUp: time.Hour}
				if c.away > time.Hour {
					job.Spec = spec(t, "0 */6 * * *", "UTC")
				}
				runs := 0
				session := func(length time.Duration) {
					ctx, cancel := context.WithTimeout(t.Context(), length)
					defer cancel()
					if err := planner(store).Run(ctx, []schedule.Job{job}, func(context.Context, string, time.Time) error {
						runs++
						return nil
					}); err != nil {
						t.Error(err)
					}
				}
				session(time.Second) // midnight 2000-01-01 UTC: learns the schedule
				time.Sleep(c.away)
				session(time.Minute)
				tick, err := planner(store).Tick(t.Context(), job)
				if err != nil || runs != c.runs || tick.Missed != c.missed {
					t.Errorf("%d runs, %+v, %v", runs, tick, err)
				}
			})
		})
	}
}

// TestTwoPlanners: two processes with one state start each tick once.
func TestTwoPlanners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Hour)
		defer cancel()
		store := &statetest.Memory{}
		job := schedule.Job{Name: "shop", Spec: spec(t, "*/15 * * * *", "UTC"), CatchUp: time.Hour}
		var runs atomic.Int32
		done := make(chan error, 2)
		for range 2 {
			go func() {
				done <- planner(store).Run(ctx, []schedule.Job{job}, func(context.Context, string, time.Time) error {
					runs.Add(1)
					return nil
				})
			}()
		}
		if err := errors.Join(<-done, <-done); err != nil || runs.Load() < 39 || runs.Load() > 40 {
			t.Errorf("%d runs, %v", runs.Load(), err)
		}
	})
}
