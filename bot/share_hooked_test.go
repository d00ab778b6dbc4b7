package bot_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"time"

	"restock/bot"
	"restock/state/statetest"
)

// hooked is a machine's view of the store with a hook before each call.
type hooked struct {
	*statetest.Memory
	apply func(writes []bot.Write) error // before
	done  func(writes []bot.Write) error // after it was done
	scan  func(table bot.Table, prefix string) error
	get   func(table bot.Table, key string) error
}

func (h *hooked) Apply(ctx context.Context, writes ...bot.Write) ([]bot.Outcome, error) {
	if h.apply != nil {
		if err := h.apply(writes); err != nil {
			return nil, err
		}
	}
	out, err := h.Memory.Apply(ctx, writes...)
	if err == nil && h.done != nil {
		if err := h.done(writes); err != nil {
			return nil, err
		}
	}
	return out, err
}

func (h *hooked) Scan(ctx context.Context, table bot.Table, prefix string) iter.Seq2[bot.Entry, error] {
	if h.scan != nil {
		if err := h.scan(table, prefix); err != nil {
			return func(yield func(bot.Entry, error) bool) { yield(bot.Entry{}, err) }
		}
	}
	return h.Memory.Scan(ctx, table, prefix)
}

func (h *hooked) Get(ctx context.Context, table bot.Table, key string) (bot.Entry, error) {
	if h.get != nil {
		if err := h.get(table, key); err != nil {
			return bot.Entry{}, err
		}
	}
	return h.Memory.Get(ctx, table, key)
}

func (d *depot) runOn(ctx context.Context, store bot.Store, v bot.Sender, more ...func(*bot.Bot)) (bot.Run, error) {
	b := &bot.Bot{Ledger: d.ledger(store), Sites: &counted{company: d.c, turn: d.turn}, Senders: map[bot.Channel]bot.Sender{bot.Email: v}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now, Texts: "1"}
	for _, m := range more {
		m(b)
	}
	return b.Do(ctx, job(), bot.NewRun("shop", "test", time.Now()))
}

func (d *depot) courierOn(ctx context.Context, store bot.Store, v bot.Sender, name string) {
	c := &bot.Courier{
		Ledger: d.ledger(store), Name: name, Texts: func() (string, error) { return "1", nil }, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Senders: func() (map[bot.Channel]bot.Sender, error) { return map[bot.Channel]bot.Sender{bot.Email: v}, nil },
		Say: func(format string, args ...any) {
			d.post.mu.Lock()
			defer d.post.mu.Unlock()
			d.said = append(d.said, fmt.Sprintf(format, args...))
		},
	}
	d.rest.Go(func() { c.Run(ctx) })
}

// failsAt is a view of the store whose n-th look at the parcels of a run fails.
func (d *depot) failsAt(n int) *hooked {
	looks := 0
	return &hooked{Memory: d.store, scan: func(table bot.Table, prefix string) error {
		if table == bot.Parcels && prefix != "" {
			if looks++; looks == n {
				return errors.New("the servers did not answer")
			}
		}
		return nil
	}}
}

// recorded is how many messages were accepted by the records of all runs.
func (d *depot) recorded() (told int) {
	d.t.Helper()
	runs, err := d.ledger(d.store).History(d.t.Context(), "", 10)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, r := range runs {
		told += r.Accepted[bot.Email]
	}
	return told
}
