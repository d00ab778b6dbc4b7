package bot

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// rows is how many rows a range of pages must have.
func (p Pages) rows(from, to int) int { return min(to*p.PerPage, p.Total) - (from-1)*p.PerPage }

// Part is what one worker has read.
type Part struct {
	Levels   []StockLevel   `json:"levels,omitempty"`
	Subs     []Subscription `json:"subs,omitempty"`
	Waiting  int            `json:"waiting,omitempty"`
	Rows     int            `json:"rows"` // also those that are left out by where:
	Total    int            `json:"total"`
	Shape    Shape          `json:"shape"`
	Warnings []string       `json:"warnings,omitempty"`
}

// merge puts parts together, or says why they do not fit.
func merge(p Pages, parts []Part, now time.Time) (r Reading, shape Shape, why string) {
	r = Reading{Complete: CompleteYes, At: now, MaxChange: p.MaxChange, AbsentIsOut: p.AbsentIsOut}
	rows, seen := 0, map[string]bool{}
	for i, part := range parts {
		if part.Total != p.Total {
			return r, shape, fmt.Sprintf("the page says %d rows, and said %d before", part.Total, p.Total)
		}
		rows += part.Rows
		for _, level := range part.Levels {
			if seen[level.SKU] {
				return r, shape, fmt.Sprintf("%s is on two pages", level.SKU)
			}
			seen[level.SKU] = true
		}
		r.Levels, r.Warnings = append(r.Levels, part.Levels...), append(r.Warnings, part.Warnings...)
		if i == 0 {
			shape = part.Shape
			continue
		}
		shape.add(part.Shape)
	}
	if rows != p.Total {
		return r, shape, fmt.Sprintf("%d rows were read, while the page says %d", rows, p.Total)
	}
	return r, shape, ""
}

// pageShards are the shards of a stock list.
func pageShards(job Job, run *Run, p Pages) (list []Shard) {
	for from := 1; from <= p.Pages; from += shardPages {
		list = append(list, Shard{Run: run.ID, Job: job.Name, Site: job.IMS, Pages: p, From: from, To: min(from+shardPages-1, p.Pages)})
	}
	return list
}

// readStock reads the stock: by itself, or with other workers where the job has some and the list is long.
func (b *Bot) readStock(ctx context.Context, job Job, run *Run) (Reading, error) {
	d, ok := b.Sites.(Divider)
	if !ok || job.Workers < 2 {
		return b.Sites.Stock(ctx, job.IMS)
	}
	alone := func(why string) (Reading, error) {
		run.Steps = append(run.Steps, Step{At: b.Now(), Site: job.IMS, Flow: "stock", Text: "read by one, though workers: says " + strconv.Itoa(job.Workers) + ": " + why})
		return b.Sites.Stock(ctx, job.IMS)
	}
	if why := d.Undivided(job.IMS); why != "" {
		return alone(why)
	}
	p, err := d.StockPages(ctx, job.IMS)
	if err != nil {
		return Reading{}, err
	}
	if p.Pages < leastPages {
		return alone(fmt.Sprintf("the list has %d page(s), and %d or more are divided", p.Pages, leastPages))
	}
	parts, workers, err := b.divide(ctx, run, d, pageShards(job, run, p))
	if err != nil {
		return Reading{}, err
	}
	reading, shape, why := merge(p, parts, b.Now())
	if why != "" { // somebody was changing it: one reading from the first page to the last tells
		run.Warnings = append(run.Warnings, "the stock list moved while several workers read it, and was read again by one: "+why)
		return b.Sites.Stock(ctx, job.IMS)
	}
	d.Merged(job.IMS, shape, fmt.Sprintf("read %d rows on %d pages by %d worker(s): %s", p.Total, p.Pages, len(workers), strings.Join(workers, "; ")))
	return reading, nil
}
