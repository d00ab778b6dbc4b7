package jetstream

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Offset is how far the clocks of the servers are ahead of this machine's, which now tells. The one in the middle counts, so that a single clock that
// is wrong, here or there, moves no run.
func (s *Store) Offset(ctx context.Context, now func() time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	type answer struct {
		offset time.Duration
		err    error
	}
	monitors := s.monitors()
	answers := make(chan answer, len(monitors))
	for _, monitor := range monitors {
		go func() {
			offset, err := offsetOf(ctx, monitor, now)
			answers <- answer{offset, err}
		}()
	}
	var known []time.Duration
	var errs []error
	for range monitors {
		if a := <-answers; a.err == nil {
			known = append(known, a.offset)
		} else {
			errs = append(errs, a.err)
		}
	}
	if len(known) == 0 {
		return 0, errors.Join(errs...)
	}
	slices.Sort(known)
	return known[(len(known)-1)/2], nil
}

// offsetOf asks one server for its time.
func offsetOf(ctx context.Context, monitor string, now func() time.Time) (time.Duration, error) {
	var server struct {
		Now time.Time `json:"now"`
	}
	asked, began := now(), time.Now()
	if err := fetch(ctx, monitor, "/varz", &server); err != nil {
		return 0, err
	}
	middle := asked.Add(time.Since(began) / 2)
	if server.Now.IsZero() {
		return 0, errors.New("the server does not tell its time")
	}
	return server.Now.Sub(middle), nil
}
