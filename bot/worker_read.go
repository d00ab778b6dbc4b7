package bot

import (
	"context"
	"errors"
	"time"
)

// read reads a shard while it says again and again that it is at work.
func (w *Worker) read(ctx context.Context, d Divider, s Shard) error {
	type answer struct {
		part Part
		err  error
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan answer, 1)
	given := s
	go func() {
		part, err := given.read(reading, d)
		done <- answer{part, err}
	}()
	for {
		select {
		case a := <-done:
			if a.err != nil && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if a.err == nil {
				if err := w.Ledger.savePart(ctx, &s, a.part); err != nil {
					return err
				}
			}
			switch class := ClassOf(a.err); {
			case a.err == nil:
				s.Done = true
			case !w.own() && (class == Auth || class == MFA): // of this worker's account, and not of the list
				s.Worker, s.Until = "", time.Time{}
				s.Tried--
				w.refuse(s.Site)
			default:
				s.Worker, s.Until, s.Error, s.Failed = "", time.Time{}, Clean(a.err.Error()), append(s.Failed, w.Name)
			}
			_, err := w.Ledger.saveShard(ctx, &s) // a conflict: it was taken for dead, and another one reads it
			if err == nil && a.err != nil && w.Say != nil {
				w.Say("worker: %s of %s: %v", s.step(), s.Site, a.err)
			}
			return err
		case <-time.After(shardLife / 4):
			s.Until = w.Now().Add(shardLife)
			mine, err := w.Ledger.saveShard(ctx, &s)
			if err == nil && !mine {
				stop()
				<-done
				return nil // another one has it
			}
		}
	}
}

// one takes one shard that nobody works at, of a run or of any, and reads it. It reports whether there was one.
func (w *Worker) one(ctx context.Context, run string, sites func(context.Context, Shard) (Divider, error)) (bool, error) {
	list, err := w.Ledger.shards(ctx, run)
	if err != nil {
		return false, err
	}
	var failed error
	none := map[string]bool{} // runs and sites that cannot be worked at now
	for _, s := range list {
		now := w.Now()
		if s.Done || s.Worker != "" && now.Before(s.Until) || s.Tried >= shardTries && s.Worker == "" || none[s.Run+"/"+s.Site] || w.leaves(s) {
			continue
		}
		d, err := sites(ctx, s)
		if err != nil {
			failed = errors.Join(failed, err)
		}
		if d == nil { // or no account is free
			none[s.Run+"/"+s.Site] = true
			continue
		}
		s.Worker, s.Until = w.Name, now.Add(shardLife)
		s.Tried++
		mine, err := w.Ledger.saveShard(ctx, &s)
		if err != nil {
			return false, err
		}
		if !mine {
			continue
		}
		return true, w.read(ctx, d, s)
	}
	return false, failed
}
