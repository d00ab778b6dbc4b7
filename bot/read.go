package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// read reads both sites, compares, and remembers. Nothing is remembered unless everything was read and every guard passed. entered are
// the products that somebody was entered for just now: they are asked for even where they came back before.
func (b *Bot) read(ctx context.Context, job Job, run *Run, entered []string) (Comparison, error) {
	known, err := b.Ledger.Known(ctx, job.Name)
	if err != nil {
		return Comparison{}, err
	}
	c, read, err := b.stock(ctx, job, run, known)
	if err != nil {
		return Comparison{}, err
	}
	run.StockLevels, run.Learned, run.Missing = len(read.Levels), c.Learned, len(c.Missing)
	run.Restocks, run.Resumed, run.SoldOut = len(c.Opened), len(c.Resumed), len(c.Closed)
	run.Warnings = append(run.Warnings, read.Warnings...)
	if len(c.Missing) > 0 && read.Complete == CompleteYes && !read.AbsentIsOut {
		run.Warnings = append(run.Warnings, fmt.Sprintf("%d known product(s) are not in the stock list any more: they keep "+
			"their last level; first: %s", len(c.Missing), c.Missing[0]))
	}

	err = b.seen(ctx, job, run, &c, func() error { return b.compared(ctx, job, run, known, c, read, entered) })
	return c, err
}

// compared reads who waits for what came back, and remembers.
func (b *Bot) compared(ctx context.Context, job Job, run *Run, known map[string]Level, c Comparison, read Reading, entered []string) error {
	b.progress("reading who waits in %s", job.CRM)
	back := append(append(append([]Restock{}, c.Opened...), c.Resumed...), again(job.Name, c, entered)...)
	skus := make([]string, len(back))
	for i, r := range back {
		skus[i] = r.SKU
	}
	subs, waiting, err := b.readWho(ctx, job, run, skus)
	if err != nil {
		return err
	}
	run.Subscriptions = waiting
	shapes := b.Sites.Shapes()
	run.Warnings = append(run.Warnings, unknownProducts(shapes, known, read.Levels)...)
	if err := b.drifted(ctx, *run, shapes); err != nil {
		return err
	}
	if err := b.somebody(ctx, job, run, shapes, waiting); err != nil {
		return err
	}
	late, used, err := b.latecomers(ctx, job, c, subs)
	if err != nil {
		return err
	}
	if err := b.remember(ctx, job, run, c, shapes, back, append(subs, late...)); err != nil || run.DryRun {
		return err
	}
	return errors.Join(b.unplace(ctx, used), b.readFor(ctx, job, entered))
}

// stock reads the stock until it is believed: a restock that the policy wants confirmed, or a reading that violates a guard,
// is read a second time from scratch. What stays unusual is held.
func (b *Bot) stock(ctx context.Context, job Job, run *Run, known map[string]Level) (Comparison, Reading, error) {
	policy := job.Policy
	b.progress("reading the stock of %s", job.IMS)
	read, err := b.readStock(ctx, job, run)
	if err != nil {
		return Comparison{}, read, err
	}
	if err := plausible(job, known, read); err != nil {
		return Comparison{}, read, err
	}
	policy.Enough.apply(read.Levels)
	c := Compare(job.Name, run.ID, known, read, policy.CoolDown)
	doubts := policy.Guards.doubts(known, read, c)
	confirm := policy.Guards.Confirm && len(c.Opened) > 0
	if len(doubts) == 0 && !confirm {
		return c, read, nil
	}
	b.progress("reading the stock of %s again, because something is unusual", job.IMS)
	second, err := b.readStock(ctx, job, run)
	if err != nil {
		return Comparison{}, read, err
	}
	policy.Enough.apply(second.Levels)
	if len(doubts) == 0 { // each restock by itself
		if n := unconfirmed(&read, second); n > 0 {
			run.Warnings = append(run.Warnings, fmt.Sprintf("%d product(s) differ between two readings: they keep their last level", n))
		}
		return Compare(job.Name, run.ID, known, read, policy.CoolDown), read, nil
	}
	if err := plausible(job, known, second); err != nil {
		return Comparison{}, read, err
	}
	again := Compare(job.Name, run.ID, known, second, policy.CoolDown)
	still := policy.Guards.doubts(known, second, again)
	if len(still) == 0 {
		run.Warnings = append(run.Warnings, "a first reading of the stock was unusual and a second one was not; the second was used: "+found(doubts))
		return again, second, nil
	}
	if !sameChanges(c, again) {
		return Comparison{}, read, &StepError{
			Class: DataContract, Site: job.IMS, Flow: "stock", Step: "compare two readings", Expected: "two readings that agree, because the first was unusual (" + found(doubts) + ")",
			Found: "different ones", Hint: "nothing was used; the next run reads again. Is somebody changing the stock right now, or the page only half there?",
		}
	}
	return again, second, b.doubted(ctx, job, run, job.IMS, "stock", still)
}

// doubted holds a run because of doubts that a second look did not remove, unless a person has released the same.
func (b *Bot) doubted(ctx context.Context, job Job, run *Run, site, flow string, doubts []Doubt) error {
	released, err := b.Ledger.letsPass(ctx, *run, doubts)
	if err != nil || released {
		return err
	}
	if !run.DryRun {
		if err := b.Ledger.hold(ctx, Hold{Run: run.ID, Job: job.Name, At: b.Now(), Doubts: doubts}); err != nil {
			return err
		}
	}
	var expected []string
	for _, d := range doubts {
		expected = append(expected, d.Expected)
	}
	return &StepError{
		Class: HeldClass, Site: site, Flow: flow, Step: "guards", Expected: strings.Join(expected, "; "), Found: found(doubts) + ", in two readings of it",
		Hint: fmt.Sprintf("nothing was used and nobody was told. Look at the page: if it is right, run `restock runs release %s`; the next run lets it pass. If it is wrong, leave it: every run reads anew", run.ID),
	}
}

func found(doubts []Doubt) string {
	var list []string
	for _, d := range doubts {
		list = append(list, d.Found)
	}
	return strings.Join(list, "; ")
}

// somebody doubts that nobody waits any more, where the whole list is read at once.
func (b *Bot) somebody(ctx context.Context, job Job, run *Run, shapes []Shape, waiting int) error {
	whole, wanted := false, map[string]int(nil)
	for _, s := range shapes {
		if s.Flow == "subscribers" && s.Whole {
			whole, wanted = true, s.Waiting
		}
	}
	if !whole {
		return nil
	}
	state, err := b.Ledger.State(ctx, job.Name)
	if err != nil {
		return err
	}
	if doubts := job.Policy.Guards.nobody(state.Waiting, waiting); len(doubts) > 0 {
		if err := b.doubted(ctx, job, run, job.CRM, "subscribers", doubts); err != nil {
			return err
		}
	}
	if run.DryRun {
		return nil
	}
	return b.Ledger.Update(ctx, job.Name, func(s *JobState) { s.Waiting, s.Wanted = waiting, wanted })
}

// remember plans the messages and writes everything down.
func (b *Bot) remember(ctx context.Context, job Job, run *Run, c Comparison, shapes []Shape, back []Restock, subs []Subscription) error {
	var unfinished []Notification
	for n, err := range b.Ledger.open(ctx, job.Name) {
		if err != nil {
			return err
		}
		unfinished = append(unfinished, n)
	}
	plan := Plan(job.Name, run.ID, back, subs, unfinished, job.Policy, b.Now())
	if err := errors.Join(b.Ledger.askedBefore(ctx, plan), b.Ledger.suppressPlan(ctx, plan)); err != nil {
		return err
	}
	for _, n := range plan {
		if n.State == Suppressed {
			run.Suppressed++
			run.NotTold = append(run.NotTold, NotTold{n.Subscription.ID, n.Restock.SKU, n.Reason, n.Key})
		}
	}
	if run.DryRun {
		if b.Planned != nil {
			b.Planned(c.Levels, plan)
		}
		return nil
	}
	if err := b.holdPlan(ctx, job, run, plan); err != nil {
		return err
	}
	plan = append(plan, reminders(plan, job.Policy.Reminders, b.Now())...)
	if err := b.Ledger.Commit(ctx, c, plan); err != nil {
		return err
	}
	if err := errors.Join(b.Ledger.sellThrough(ctx, job.Name, c), b.Ledger.SaveLevels(ctx, job.Name, c)); err != nil {
		return err
	}
	if err := errors.Join(b.Ledger.Mark(ctx, adopted+"/"+job.Name, b.Now()), b.Ledger.useReleases(ctx, *run)); err != nil {
		return err
	}
	return b.Ledger.learn(ctx, shapes)
}

// plausible refuses a reading whose size differs more from what is known than the selector file allows: it is more likely
// half a list than a real change.
func plausible(job Job, known map[string]Level, read Reading) error {
	before, now := lastRows(known), len(read.Levels)
	if read.MaxChange == 0 || before == 0 || abs(now-before)*100 <= read.MaxChange*before {
		return nil
	}
	return &StepError{
		Class: DataContract, Site: job.IMS, Flow: "stock", Expected: fmt.Sprintf("about %d rows (expect.change %d%%)", before, read.MaxChange),
		Found: fmt.Sprintf("%d", now), Hint: "is a filter set on the page? If the change is right, raise change: for one run",
	}
}
