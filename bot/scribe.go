package bot

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"
)

// scribe writes the changes of notifications down, many with one commit: what several connections ask for at the same time
// waits for the same write to the disk.
type scribe struct {
	ledger *Ledger
	in     chan change
	idle   chan struct{} // closed when run has ended
	mu     sync.Mutex
	err    error // the first failure of a change that nobody waited for
}

// change is one order to the scribe: to move a list, and to say when it is on disk. Until the answer nobody else touches the
// list.
type change struct {
	list   []*Notification
	change Change
	reply  chan<- moved // nil: nobody waits
}

// moved is the answer: those that moved.
type moved struct {
	list []*Notification
	err  error
}

const (
	group  = 1024                  // changes in one commit
	linger = 10 * time.Millisecond // for which outcomes wait for company; the journal has them meanwhile
)

func newScribe(ctx context.Context, l *Ledger) *scribe {
	s := &scribe{ledger: l, in: make(chan change, group), idle: make(chan struct{})}
	// What happened is recorded even when the run was stopped meanwhile.
	go s.run(context.WithoutCancel(ctx))
	return s
}

// close waits until everything is written, and returns the first failure.
func (s *scribe) close() error {
	close(s.in)
	<-s.idle
	return s.failure()
}

// move changes a list and waits until that is on disk.
func (s *scribe) move(list []*Notification, c Change) ([]*Notification, error) {
	reply := make(chan moved, 1)
	s.in <- change{list, c, reply}
	r := <-reply
	return r.list, r.err
}

// later changes one notification some time soon.
func (s *scribe) later(n *Notification, c Change) {
	s.in <- change{list: []*Notification{n}, change: c}
}

func (s *scribe) run(ctx context.Context) {
	defer close(s.idle)
	for first := range s.in {
		if err := s.write(ctx, s.gather(first)); err != nil {
			s.mu.Lock()
			s.err = cmp.Or(s.err, err)
			s.mu.Unlock()
		}
	}
}

func (s *scribe) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// gather takes what else waits. Where somebody waits for the answer it waits for nobody.
func (s *scribe) gather(first change) []change {
	list, n, urgent := []change{first}, len(first.list), first.reply != nil
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for n < group {
		var c change
		var ok bool
		if urgent {
			select {
			case c, ok = <-s.in:
			default:
				return list
			}
		} else {
			select {
			case c, ok = <-s.in:
			case <-timer.C:
				return list
			}
		}
		if !ok {
			return list
		}
		list, n, urgent = append(list, c), n+len(c.list), urgent || c.reply != nil
	}
	return list
}

// write commits a group of changes. What somebody else has changed meanwhile is settled by itself afterwards.
func (s *scribe) write(ctx context.Context, changes []change) error {
	all := make([]*Notification, 0, group)
	impossible := make([]error, len(changes))
	for i, c := range changes {
		if impossible[i] = s.ledger.advance(c.list, c.change); impossible[i] == nil {
			all = append(all, c.list...)
		}
	}
	saved, err := s.ledger.saveAll(ctx, all)
	var first error
	for i, c := range changes {
		var done []bool
		if impossible[i] == nil && err == nil {
			done, saved = saved[:len(c.list)], saved[len(c.list):]
		}
		if c.reply != nil {
			c.reply <- answer(c, done, errors.Join(impossible[i], err))
			continue
		}
		for j, n := range c.list {
			if done != nil && done[j] {
				continue
			}
			if err := s.ledger.settle(ctx, n, c.change); first == nil {
				first = err
			}
		}
	}
	return first
}

func answer(c change, done []bool, err error) moved {
	if err != nil {
		return moved{err: err}
	}
	kept := c.list[:0]
	for i, n := range c.list {
		if done[i] {
			kept = append(kept, n)
		}
	}
	return moved{list: kept}
}
