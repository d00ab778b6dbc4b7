package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"restock/bot"
	"restock/bot/web/admin"
	"restock/state"
)

// How often a page's machine looks what others do, and how their servers are.
const (
	lookAround = 2 * time.Second
	lookHealth = 30 * time.Second
)

// watch keeps what is known of other processes and machines up to date, until ctx ends.
func (b *board) watch(ctx context.Context) {
	var looked time.Time
	for ctx.Err() == nil {
		held := map[string]bot.Lease{}
		for _, j := range b.w.config.Jobs {
			if lease, ok, err := b.w.ledger.Holding(ctx, j.Name); err == nil && ok { // looked at again in a moment
				held[j.Name] = lease
			}
		}
		b.mu.Lock()
		news := !maps.EqualFunc(held, b.held, func(x, y bot.Lease) bool { return x.Run == y.Run && x.Doing == y.Doing })
		b.held = held
		if news {
			close(b.changed)
			b.changed = make(chan struct{})
		}
		b.mu.Unlock()
		if b.w.config.Cluster != nil && time.Since(looked) > lookHealth {
			looked = time.Now()
			checks := b.w.clusterChecks(ctx)
			b.mu.Lock()
			b.checks = checks
			b.mu.Unlock()
		}
		pauseFor(ctx, lookAround)
	}
}

// elsewhere is the run of a job that another process has.
func (b *board) elsewhere(job string) (bot.Lease, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	lease, held := b.held[job]
	return lease, held && b.stops[job] == nil && lease.Holder != bot.ThisProcess()
}

// clusterChecks say how the servers and the machines are.
func (w *workshop) clusterChecks(ctx context.Context) []admin.Check {
	servers := admin.Check{Name: "servers of the state", Next: "see restock cluster status"}
	switch h, err := state.Health(ctx, w.store); {
	case err != nil:
		servers.Text = bot.Redact(firstLine(err))
	case h.Wrong() != "":
		servers.OK, servers.Text = h.Risk, h.Wrong()
	default:
		servers.OK, servers.Text, servers.Next = true, fmt.Sprintf("%d keep each of %d entries, and what they acknowledge", h.Replicas, h.Entries), ""
	}
	machines := admin.Check{Name: "machines", Next: "start restock serve with the role schedule on one of them"}
	list, err := w.ledger.Machines(ctx)
	var texts []string
	for _, m := range list {
		texts = append(texts, m.Name+": "+m.Roles)
	}
	machines.OK = runsJobs(list)
	machines.Text = cmp.Or(strings.Join(texts, "; "), "none is at work")
	if err != nil {
		machines.OK, machines.Text = false, bot.Redact(err.Error())
	}
	if machines.OK {
		machines.Next = ""
	}
	return []admin.Check{servers, machines}
}

// stopElsewhere asks the process that runs a job to stop it.
func (b *board) stopElsewhere(job, who string) error {
	asked, err := b.w.ledger.AskStop(b.ctx, job, who)
	if err == nil && !asked {
		err = &bot.LockedError{What: "job " + job, Holder: "nobody: it is not running", Hint: "it may have ended just now"}
	}
	return err
}

// startElsewhere asks the machines with the role schedule to run a job.
func (b *board) startElsewhere(job, who string) error {
	list, err := b.w.ledger.Machines(b.ctx)
	if err != nil {
		return err
	}
	if runsJobs(list) {
		return b.w.ledger.AskStart(b.ctx, job, who)
	}
	return errors.New("this machine runs no jobs, and none with the role schedule is at work: start restock serve on one")
}

// startAsked runs a job that somebody asked for on a machine that runs none.
func (b *board) startAsked(ctx context.Context, job string) error {
	if _, held, err := b.w.ledger.Holding(ctx, job); err != nil || held {
		return err
	}
	who, asked, err := b.w.ledger.StartAsked(ctx, job)
	if err != nil || !asked {
		return err
	}
	return b.Start(job, who)
}
