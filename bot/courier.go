package bot

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Courier sends parcels of runs that other machines have.
type Courier struct {
	Ledger *Ledger
	Name   string // process 4711 on shop-01: its own runs are left to itself
	Now    func() time.Time
	Log    *slog.Logger
	// Texts marks what this machine writes messages from; it sends no others.
	Texts func() (string, error)
	// Senders opens the channels. They are kept for as long as there is work and the texts stay the same.
	Senders func() (map[Channel]Sender, error)
	// Say is told what went wrong.
	Say func(format string, args ...any)
}

// mostRuns is of how many runs a courier remembers what was wrong.
const mostRuns = 1000

// Run works until ctx ends.
func (c *Courier) Run(ctx context.Context) {
	b := &Bot{Ledger: c.Ledger, Log: c.Log, Now: c.Now}
	relays := map[string]*relay{} // of runs
	halted := map[string]bool{}   // runs of which a channel was stopped here: their holder decides
	told := map[string]bool{}     // runs with other texts
	texts := ""                   // of the channels that are open
	closeAll := func() {
		for _, s := range b.Senders {
			if err := s.Close(); err != nil {
				c.Say("courier: %v", err)
			}
		}
		b.Senders = nil
	}
	defer closeAll()
	last := c.Now()
	for ctx.Err() == nil {
		pause := workerLook
		p, ok, err := c.next(ctx, halted, told)
		if ok && p.Texts != texts {
			closeAll()
		}
		if ok && b.Senders == nil {
			texts = p.Texts
			if b.Senders, err = c.Senders(); err != nil {
				halted[p.Run] = true
				err = errors.Join(err, c.giveBack(ctx, p))
			}
		}
		if ok && err == nil {
			var sent Sent
			if relays[p.Run] == nil {
				relays[p.Run] = newRelay()
				c.Say("courier: sending a part of what run %s of job %s sends, which %s has", p.Run, p.Job, p.Holder)
			}
			sent, err = c.carry(ctx, b, p, relays[p.Run])
			halted[p.Run] = halted[p.Run] || len(sent.Stopped) > 0 || sent.Error != ""
			last = c.Now()
		}
		switch {
		case err != nil && ctx.Err() == nil:
			c.Say("courier: %v", err)
			closeAll()
			pause = workerFailed
		case ok:
			continue
		case c.Now().Sub(last) > workerIdle:
			closeAll()
			last = c.Now()
		}
		if len(halted)+len(told)+len(relays) > mostRuns {
			clear(halted)
			clear(told)
			clear(relays)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// next takes a parcel that waits.
func (c *Courier) next(ctx context.Context, halted, told map[string]bool) (Parcel, bool, error) {
	list, err := c.Ledger.parcels(ctx, "")
	if err != nil {
		return Parcel{}, false, err
	}
	texts := ""
	for _, p := range list {
		if texts == "" {
			if texts, err = c.Texts(); err != nil {
				return Parcel{}, false, err
			}
		}
		switch {
		case p.Worker != "" || p.Sent != nil || p.Recall || p.Holder == c.Name || halted[p.Run]:
			continue
		case p.Texts != texts:
			if !told[p.Run] {
				told[p.Run] = true
				c.Say("courier: messages of run %s are left to other machines: this one would write them differently. Are shop:, smtp:, sms:, public:, texts and the program the same on all machines?", p.Run)
			}
			continue
		}
		mine, err := c.Ledger.takeParcel(ctx, &p, c.Name)
		if err != nil || mine {
			return p, mine, err
		}
	}
	return Parcel{}, false, nil
}

// carry sends a parcel while it says again and again that it is at work, and reports what became of it.
func (c *Courier) carry(ctx context.Context, b *Bot, p Parcel, r *relay) (Sent, error) {
	sending, stop := context.WithCancel(ctx)
	defer stop()
	var keeping sync.WaitGroup
	given := p
	keeping.Go(func() { c.keep(sending, &p, stop) })
	sent := c.deliver(sending, b, given, r)
	stop()
	keeping.Wait()
	p.Sent = &sent
	after := context.WithoutCancel(ctx)
	for {
		mine, err := c.Ledger.saveParcel(after, &p)
		if err != nil || mine {
			return sent, err
		}
		if ours, err := c.reload(after, &p); err != nil || !ours {
			return sent, err // the holder has taken it back, and looks itself
		}
		p.Sent = &sent
	}
}
