package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Limits of shards of who waits.
const (
	shardSKUs = 5             // products of a shard
	leastSKUs = 2 * shardSKUs // fewer are read by one
)

// readWho reads who waits for products: by itself, or with other workers where the job has some, each product has pages of its own, and
// there are many.
func (b *Bot) readWho(ctx context.Context, job Job, run *Run, skus []string) (subs []Subscription, waiting int, err error) {
	d, ok := b.Sites.(Divider)
	if !ok || job.Workers < 2 || len(skus) < leastSKUs || !d.BySKU(job.CRM) {
		return b.Sites.Subscribers(ctx, job.CRM, skus)
	}
	var shards []Shard
	for some := range slices.Chunk(skus, shardSKUs) {
		shards = append(shards, Shard{Run: run.ID, Job: job.Name, Site: job.CRM, SKUs: some})
	}
	parts, workers, err := b.divide(ctx, run, d, shards)
	if err != nil {
		return nil, 0, err
	}
	shape := Shape{}
	for i, part := range parts {
		subs, waiting = append(subs, part.Subs...), waiting+part.Waiting
		run.Warnings = append(run.Warnings, part.Warnings...)
		if i == 0 {
			shape = part.Shape
		} else {
			shape.add(part.Shape)
		}
	}
	d.MergedSubscribers(job.CRM, shape, subs, fmt.Sprintf("read who waits for %d products by %d worker(s): %d wait; %s", len(skus), len(workers), waiting, strings.Join(workers, "; ")))
	return subs, waiting, nil
}

// add takes over what another part of the same list looked like.
func (s *Shape) add(part Shape) {
	s.Rows += part.Rows
	for name, kinds := range part.Columns {
		if s.Columns == nil {
			s.Columns = map[string]ColumnShape{}
		}
		for kind, n := range kinds {
			if s.Columns[name] == nil {
				s.Columns[name] = ColumnShape{}
			}
			s.Columns[name][kind] += n
		}
	}
	for sku, n := range part.Waiting {
		if s.Waiting == nil {
			s.Waiting = map[string]int{}
		}
		s.Waiting[sku] += n
	}
	for _, h := range part.Headers {
		if !slices.Contains(s.Headers, h) {
			s.Headers = append(s.Headers, h)
		}
	}
}

// flow is what is read.
func (s Shard) flow() string {
	if len(s.SKUs) > 0 {
		return "subscribers"
	}
	return "stock"
}

// step says what a worker does.
func (s Shard) step() string {
	if len(s.SKUs) > 0 {
		return "read who waits for " + strings.Join(s.SKUs, ", ")
	}
	return fmt.Sprintf("read pages %d to %d", s.From, s.To)
}

// givenUp is why a shard is not tried again.
func (s Shard) givenUp() error {
	return &StepError{
		Class: DataContract, Site: s.Site, Flow: s.flow(), Step: s.step(), Expected: "it to be read by one of the workers",
		Found: fmt.Sprintf("%d tries failed (%s), the last: %s", s.Tried, strings.Join(slices.Compact(s.Failed), "; "), s.Error), Hint: "look at the machines' logs; nothing was used. Without workers: one reads it all, and leaves evidence",
	}
}

// read reads a shard.
func (s Shard) read(ctx context.Context, d Divider) (Part, error) {
	if len(s.SKUs) > 0 {
		return d.SubscribersPart(ctx, s.Site, s.SKUs)
	}
	part, err := d.StockPart(ctx, s.Site, s.Pages, s.From, s.To)
	if err == nil && part.Rows != s.Pages.rows(s.From, s.To) && part.Total == s.Pages.Total {
		err = fmt.Errorf("%d rows on pages %d to %d, expected %d", part.Rows, s.From, s.To, s.Pages.rows(s.From, s.To))
	}
	return part, err
}
