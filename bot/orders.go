package bot

import (
	"context"
	"time"
)

// overlap is how far before the last reading of a list of orders the next one begins: orders are paid, changed and cancelled later.
// Once a day it goes farther back, for what is given back after weeks.
const (
	overlap  = 48 * time.Hour
	deep     = 60 * 24 * time.Hour
	deepEach = 20 * time.Hour
)

// orders reads the list of orders of a job, if it has one. Only the orders of those who were told are looked at closely.
func (b *Bot) orders(ctx context.Context, job Job, run *Run) error {
	if b.Clerk == nil || job.Orders == "" || run.DryRun {
		return nil
	}
	told := map[string]bool{}
	for n, err := range b.Ledger.Where(ctx, func(n Notification) bool { return n.State == Accepted && n.Job == job.Name }) {
		if err != nil {
			return err
		}
		for _, p := range b.Ledger.SendOf(n).People {
			told[p] = true
		}
	}
	what := "orders/" + job.Name
	last, err := b.Ledger.Marked(ctx, what)
	if err != nil {
		return err
	}
	wholly, err := b.Ledger.Marked(ctx, what+"/deep")
	if err != nil {
		return err
	}
	since, far := last.Add(-overlap), run.Started.Sub(wholly) > deepEach
	if far {
		since = run.Started.Add(-deep)
	}
	b.progress("reading the orders of %s", job.Orders)
	person := func(address string) string {
		if phone := E164(address); ValidPhone(phone) {
			address = phone
		}
		return b.Ledger.Person(address)
	}
	list, err := b.Clerk.Orders(ctx, job.Orders, OrderQuery{
		Since: since, Person: person,
		Wanted: func(email, phone string) bool { return told[person(email)] || told[person(phone)] },
	})
	if err != nil {
		return err
	}
	shapes := b.Sites.Shapes()
	if err := b.drifted(ctx, *run, shapes); err != nil {
		return err
	}
	for _, o := range list {
		changed, err := b.Ledger.TakeOrder(ctx, o)
		if err != nil {
			return err
		}
		if changed {
			run.Orders++
		}
	}
	if err := b.Ledger.learn(ctx, shapes); err != nil {
		return err
	}
	if far {
		if err := b.Ledger.Mark(ctx, what+"/deep", run.Started); err != nil {
			return err
		}
	}
	return b.Ledger.Mark(ctx, what, run.Started)
}
