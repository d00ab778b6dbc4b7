package bot

// anyHalted reports whether a channel was stopped.
func (d *desk) anyHalted() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.relay.stopped) > 0
}

// leave counts messages that the run did not come to.
func (d *desk) leave(list []*Notification) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.run.Retry += len(list)
}

// note takes over what another machine warns of.
func (d *desk) note(s Sent, worker string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c, why := range s.Stopped {
		if d.relay.stopped[c] == "" {
			d.relay.stopped[c] = why
		}
	}
	if s.Error != "" {
		d.warn(worker + ": " + s.Error)
	}
	for _, w := range s.Warnings {
		d.warn(worker + ": " + w)
	}
}

// add adds what became of a parcel.
func (r *Run) add(s Sent) {
	if r.Accepted == nil {
		r.Accepted = map[Channel]int{}
	}
	for c, n := range s.Accepted {
		r.Accepted[c] += n
	}
	r.Failed += total(s.Failed)
	r.Ambiguous += total(s.Ambiguous)
	r.Retry += s.Retry
	r.Suppressed += s.Suppressed
}

// add adds what became of a parcel to the figures of the run.
func (d *desk) add(s Sent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.run.add(s)
	defer d.checkpoint()
	for c, n := range s.Accepted {
		d.relay.clear[c] += n
	}
	for c, n := range s.Failed {
		d.relay.clear[c] += n
	}
	for sku, n := range s.Products {
		d.failed[sku] += n
	}
	for c, n := range s.Ambiguous {
		if d.relay.unclear[c] += n; n > 0 {
			d.doubt(c)
		}
	}
	d.bot.progress("telling customers: %d accepted", total(d.run.Accepted))
}

// count adds one message, as the ledger has it.
func (s *Sent) count(n Notification) {
	switch n.State {
	case Accepted, Bounced:
		s.Accepted[n.Channel]++
	case Failed:
		s.Failed[n.Channel]++
		s.Products[n.Restock.SKU]++
	case Ambiguous:
		s.Ambiguous[n.Channel]++
	case Suppressed:
		s.Suppressed++
	default:
		s.Retry++
	}
}
