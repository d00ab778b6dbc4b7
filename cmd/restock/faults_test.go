package main

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"restock/bot"
	"restock/flows/flowtest"
)

// fault is one row of the table of faults.
type fault struct {
	id, name string
	config   string                     // of the shop
	arm      func(s *shop)              // lets it happen
	mend     func(s *shop)              // ends it; nil: the world's faults end
	survives bool                       // the run does its work all the same
	class    bot.Class                  // else it fails like this
	want     []string                   // and its error says so
	after    func(s *shop, run bot.Run) // further assertions after the run with the fault
	serial   bool                       // it looks at the processes of this one
	partly   bool                       // the plan was written before; nobody was told
	once     func(s *shop)              // done after it was mended, before the run that recovers
	spoken   int                        // messages that leave all the same

	mayBeDone bool // the work may have been done while the fault was armed
}

// TestFaults lets every fault of the table happen to a run for which customers wait. Such a run changes nothing and tells
// nobody, and its error says what is wrong; the run after it does everything, once.
func TestFaults(t *testing.T) {
	var list []fault
	for _, some := range [][]fault{browserFaults(), networkFaults(), loginFaults(), diskFaults(), contentFaults(), senderFaults(), processFaults(), webFaults()} {
		list = append(list, some...)
	}
	seen := map[string]int{}
	always := strings.Fields("N1-dns H3-zero D4-empty D5-page S6-accepted S8-500 C3-mode B9-old") // the others need RESTOCK_LONG=1
	for _, f := range list {
		id, _, _ := strings.Cut(f.id, "-")
		if seen[id]++; seen[id] > 1 && os.Getenv("RESTOCK_LONG") == "" && !slices.Contains(always, f.id) {
			continue
		}
		t.Run(f.id, func(t *testing.T) {
			if !f.serial {
				t.Parallel()
			}
			f.happen(t)
		})
	}
	t.Logf("%d rows of the table, %d faults: %s", len(seen), len(list), strings.Join(sortedKeys(seen), " "))
	if len(seen) < 70 {
		t.Errorf("%d rows of the table are automated: at least 70", len(seen))
	}
}

func (f fault) happen(t *testing.T) {
	s := newShop(t, f.config)
	sku := s.restock()
	before := s.memory()
	f.arm(s)
	run, err := s.run()
	if f.survives {
		if err != nil || run.Outcome != bot.Done || run.Restocks != 1 && !f.mayBeDone {
			t.Fatalf("%s: %s, %d back, %v\n%s", f.name, run.Outcome, run.Restocks, err, s.out.String())
		}
	} else {
		f.failed(t, s, run, err)
	}
	if f.after != nil {
		f.after(s, run)
	}
	s.world.Mend()
	if f.mend != nil {
		f.mend(s)
	}
	if !f.survives && !f.partly && s.memory() != before {
		t.Errorf("%s: the memory has changed", f.name)
	}
	if f.once != nil {
		f.once(s)
	}
	s.recovered(sku)
}

// failed holds a run with a fault to the law: nothing changed, nobody told, and words for the person who must act.
func (f fault) failed(t *testing.T, s *shop, run bot.Run, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("%s: no error", f.name)
	}
	if got := bot.ClassOf(err); got != f.class {
		t.Errorf("%s: %s, expected %s: %v", f.name, got, f.class, err)
	}
	for _, want := range f.want {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v: expected %q in it", f.name, err, want)
		}
	}
	if n := len(s.world.Mail.Accepted()) + len(s.world.SMS.Sent()); n != f.spoken {
		t.Errorf("%s: %d messages or saves", f.name, n)
	}
	step, ok := errors.AsType[*bot.StepError](err)
	if ok && step.Evidence != "" {
		page := s.evidenceOf(run)
		for _, want := range []string{string(f.class), f.class.Cause(), "What to do:"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the evidence page has no %q", f.name, want)
			}
		}
	}
}

// breaks lets a fault of the sample systems happen.
func breaks(id string, when flowtest.When) func(*shop) {
	return func(s *shop) {
		if err := s.world.Break(id, when); err != nil {
			s.t.Error(err)
		}
	}
}

// on answers the requests of one kind in the page's place.
func on(method, prefix string, answer http.HandlerFunc) func(*shop) {
	return func(s *shop) {
		s.world.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
			if r.Method != method || !strings.HasPrefix(r.URL.Path, prefix) {
				return false
			}
			answer(rw, r)
			return true
		})
	}
}

// says makes sure that the program said something.
func says(texts ...string) func(*shop, bot.Run) {
	return func(s *shop, _ bot.Run) {
		for _, text := range texts {
			if !strings.Contains(s.out.String(), text) {
				s.t.Errorf("%q was not said: %s", text, s.out.String())
			}
		}
	}
}

func count(s *shop, state bot.State) int {
	n := 0
	for _, one := range s.ledger() {
		if one.State == state {
			n++
		}
	}
	return n
}

func want(s *shop, what string, got, expected int) {
	if got != expected {
		s.t.Errorf("%s: %d, expected %d", what, got, expected)
	}
}
