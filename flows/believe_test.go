package flows_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"restock/bot"
	"restock/flows"
	"restock/state/statetest"
)

// believer is a bot that reads its stock from real pages and sends into a slice: what it believes is compared with the truth.
type believer struct {
	sites  *flows.Sites
	crm    bool // subscribers are read from pages too
	waits  []bot.Subscription
	policy bot.Policy
	start  *statetest.Memory // what it has learned before
	sent   []bot.Notification
}

func (b *believer) Stock(ctx context.Context, site string) (bot.Reading, error) {
	return b.sites.Stock(ctx, site)
}

func (b *believer) Subscribers(ctx context.Context, site string, skus []string) ([]bot.Subscription, int, error) {
	if b.crm {
		return b.sites.Subscribers(ctx, site, skus)
	}
	var list []bot.Subscription
	for _, s := range b.waits {
		for _, sku := range skus {
			if s.SKU == sku {
				list = append(list, s)
			}
		}
	}
	return list, len(b.waits), nil
}

func (b *believer) FollowUp(context.Context, string, bot.Notification, func(context.Context) error) (bot.FollowUp, error) {
	return bot.FollowUp{State: bot.FollowUpWritten}, nil
}

func (b *believer) Witness(ctx context.Context, site string, failure *bot.StepError) error {
	return b.sites.Witness(ctx, site, failure)
}

func (b *believer) Shapes() []bot.Shape { return b.sites.Shapes() }
func (b *believer) Steps() []bot.Step   { return b.sites.Steps() }
func (b *believer) Close() error        { return nil }

func (b *believer) Send(ctx context.Context, batch []bot.Notification, desk bot.Desk) {
	bot.Each(ctx, batch, desk, 1, b.send)
}

func (b *believer) send(ctx context.Context, n bot.Notification, pending func(context.Context) error) bot.Delivery {
	if err := pending(ctx); err != nil {
		return bot.Delivery{State: bot.Retry}
	}
	b.sent = append(b.sent, n)
	return bot.Delivery{State: bot.Accepted}
}

// run does one run on a copy of what was learned.
func (b *believer) run(ctx context.Context, store bot.Store) (bot.Run, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	b.sent = nil
	one := &bot.Bot{
		Ledger: bot.NewLedger(store, time.Now), Sites: b, Senders: map[bot.Channel]bot.Sender{bot.Email: sink{b}, bot.SMS: sink{b}},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
	}
	run, err := one.Do(ctx, bot.Job{Name: "shop", IMS: "ims", CRM: "crm", Policy: b.policy}, bot.NewRun("shop", "test", time.Now()))
	if cause := context.Cause(ctx); cause != nil {
		err = errors.Join(err, cause)
	}
	return run, err
}

// sink closes without closing the believer.
type sink struct{ *believer }

func (sink) Close() error { return nil }

func careful() bot.Policy {
	return bot.Policy{
		Channels: []bot.Channel{bot.Email, bot.SMS}, Life: time.Hour, CoolDown: time.Hour, Guards: bot.DefaultGuards(), Limits: bot.DefaultLimits(),
	}
}

// wrong compares what is known after a run with the truth: a quantity must be the true one, or the one from before.
func wrong(ctx context.Context, before, after bot.Store, truth map[string]int, sent []bot.Notification) []string {
	var list []string
	known := func(s bot.Store) map[string]bot.Level {
		levels, err := bot.NewLedger(s, time.Now).Known(ctx, "shop")
		if err != nil {
			list = append(list, err.Error())
		}
		return levels
	}
	old := known(before)
	for sku, level := range known(after) {
		real, sold := truth[sku]
		was, learned := old[sku]
		switch {
		case level.Quantity != nil && sold && level.Quantity.String() == fmt.Sprint(real):
		case learned && fmt.Sprint(level.Quantity) == fmt.Sprint(was.Quantity) && level.Availability == was.Availability:
		case !sold && !learned: // what is no product of ours was learned, and nobody is told of it
		default:
			list = append(list, fmt.Sprintf("%s is believed to be %v (%s), and is %d", sku, level.Quantity, level.Availability, real))
		}
	}
	for _, n := range sent {
		if truth[n.Restock.SKU] <= 0 || old[n.Restock.SKU].Availability != bot.Out {
			list = append(list, fmt.Sprintf("request %s was told that %s is back", n.Subscription.ID, n.Restock.SKU))
		}
	}
	return list
}

// unchanged is everything that a broken page must not change.
func unchanged(ctx context.Context, store bot.Store) string {
	var b strings.Builder
	for _, table := range []bot.Table{bot.Levels, bot.Episodes, bot.Notifications, bot.Work, bot.Contracts} {
		for e, err := range store.Scan(ctx, table, "") {
			fmt.Fprintf(&b, "%s/%s@%d %v\n", table, e.Key, e.Rev, err)
		}
	}
	return b.String()
}
