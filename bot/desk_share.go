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

// add adds what became of a parcel to the figures of the run.
func (d *desk) add(s Sent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	run := d.run
	for c, n := range s.Accepted {
		run.Accepted[c] += n
		d.relay.clear[c] += n
	}
	for c, n := range s.Failed {
		run.Failed += n
		d.relay.clear[c] += n
	}
	for sku, n := range s.Products {
		d.failed[sku] += n
	}
	defer d.checkpoint()
	run.Retry += s.Retry
	run.Suppressed += s.Suppressed
	for c, n := range s.Ambiguous {
		run.Ambiguous += n
		if d.relay.unclear[c] += n; n > 0 {
			d.doubt(c)
		}
	}
	d.bot.progress("telling customers: %d accepted", total(run.Accepted))
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
