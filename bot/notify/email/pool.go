package email

import (
	"bytes"
	"context"
	"sync"

	"restock/bot"
)

// pool is one batch on its way over several connections.
type pool struct {
	*Sender
	ctx     context.Context
	desk    bot.Desk
	workers sync.WaitGroup

	mu      sync.Mutex
	waiting []bot.Notification
	lines   int // open now
	grown   bool
	stopped bool
	inARow  int // lines that ended without a single message accepted
}

// maxBroken lines in a row, none of which took a message, are no bad luck: the server is not well.
const maxBroken = 3

// Send implements bot.Sender. One connection begins; the others follow when the server has accepted a message.
func (s *Sender) Send(ctx context.Context, batch []bot.Notification, desk bot.Desk) {
	p := &pool{Sender: s, ctx: ctx, desk: desk, waiting: batch}
	p.workers.Go(p.work)
	p.workers.Wait()
	for _, n := range p.waiting {
		desk.Done(n, bot.Delivery{State: bot.Queued})
	}
}

// take gives a worker its next messages.
func (p *pool) take() []bot.Notification {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped || p.ctx.Err() != nil {
		return nil
	}
	n := min(chunk, len(p.waiting))
	if !p.grown {
		n = min(n, 1) // the first one shows whether it works at all
	}
	part := p.waiting[:n]
	p.waiting = p.waiting[n:]
	return part
}

func (p *pool) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
}

// grow starts the other workers, as many as there is work for.
func (p *pool) grow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.grown {
		return
	}
	p.grown = true
	for range min(p.opts.Connections-1, (len(p.waiting)-1)/chunk) {
		p.workers.Go(p.work)
	}
}

// work sends messages over one connection at a time until there are none. While some are on their way, the next are written
// and put on record.
func (p *pool) work() {
	l, err := p.line(nil)
	defer func() { p.release(l) }()
	if err != nil {
		p.unreachable(err, p.take())
		return
	}
	for ahead := p.prepare(); ; {
		letters := <-ahead
		if len(letters) == 0 {
			return
		}
		ahead = p.prepare()
		for len(letters) > 0 && p.goesOn() {
			if l, err = p.line(l); err != nil {
				break
			}
			var fault bot.Delivery
			before := l.used
			letters, fault = p.deliver(p.ctx, l, letters, p.desk)
			p.judge(l, l.used > before, fault)
		}
		if len(letters) == 0 {
			continue
		}
		p.unreachable(err, notifications(letters))
		p.unreachable(nil, notifications(<-ahead))
		return
	}
}

// prepare makes the next messages of a worker ready: written, and put on record. None are left when it gives none.
func (p *pool) prepare() <-chan []letter {
	ready := make(chan []letter, 1)
	p.workers.Go(func() {
		defer close(ready)
		for part := p.take(); len(part) > 0; part = p.take() {
			if letters := p.record(p.write(part)); len(letters) > 0 {
				ready <- letters
				return
			}
		}
	})
	return ready
}

func notifications(letters []letter) []bot.Notification {
	list := make([]bot.Notification, len(letters))
	for i, m := range letters {
		list[i] = m.n
	}
	return list
}

// unreachable gives back what a worker cannot send. If it was the only one that could, err is reported with the first.
func (p *pool) unreachable(err error, part []bot.Notification) {
	p.mu.Lock()
	alone := err != nil && p.lines == 0 && !p.stopped
	p.stopped = p.stopped || alone
	p.mu.Unlock()
	for i, n := range part {
		d := bot.Delivery{State: bot.Queued}
		if alone && i == 0 {
			d = connectFailed(err)
		}
		p.desk.Done(n, d)
	}
}

// write composes messages. One that cannot be written is reported and does not keep the others.
func (p *pool) write(part []bot.Notification) []letter {
	letters := make([]letter, 0, len(part))
	var draft bytes.Buffer
	for _, n := range part {
		content, err := p.compose(n, &draft)
		if err != nil {
			p.desk.Done(n, bot.Delivery{State: bot.Retry, Reason: bot.SenderFault, Detail: "the message cannot be written: " + bot.Clean(err.Error())})
			continue
		}
		letters = append(letters, letter{n, content})
	}
	return letters
}

// line gives a worker a connection that works.
func (p *pool) line(l *line) (*line, error) {
	if l != nil && !l.dead {
		return l, nil
	}
	p.release(l)
	l, err := p.borrow(p.ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines++
	return l, nil
}

// release gives a worker's connection back.
func (p *pool) release(l *line) {
	if l == nil {
		return
	}
	p.giveBack(l)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines--
}

// record asks the desk before anything leaves.
func (p *pool) record(letters []letter) []letter {
	if len(letters) == 0 {
		return nil
	}
	part := notifications(letters)
	allowed, err := p.desk.Pending(p.ctx, part)
	if err != nil {
		p.stop()
		for i, n := range part {
			d := bot.Delivery{State: bot.Queued, Reason: bot.Interrupted, Detail: "not sent: " + bot.Clean(err.Error()), Stop: i == 0}
			p.desk.Done(n, d)
		}
		return nil
	}
	keep := make(map[string]bool, len(allowed))
	for _, n := range allowed {
		keep[n.Key] = true
	}
	kept := letters[:0]
	for _, m := range letters {
		if keep[m.n.Key] {
			kept = append(kept, m)
		}
	}
	return kept
}

// goesOn reports whether the batch is to be sent on.
func (p *pool) goesOn() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.stopped && p.ctx.Err() == nil
}

// judge decides after a connection's conversation whether to go on.
func (p *pool) judge(l *line, accepted bool, fault bot.Delivery) {
	if accepted {
		p.grow()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case accepted:
		p.inARow = 0
	case l.dead && fault.State != "":
		p.inARow++
	}
	if fault.Stop || p.inARow >= maxBroken {
		p.stopped = true
	}
}
