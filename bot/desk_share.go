package bot

// anyHalted reports whether a channel was stopped.
func (d *desk) anyHalted() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.stopped) > 0
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
		if d.stopped[c] == "" {
			d.stopped[c] = why
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
	}
	for sku, n := range s.Products {
		d.failed[sku] += n
	}
	run.Retry += s.Retry
	run.Failed += s.Failed
	run.Ambiguous += s.Ambiguous
	run.Suppressed += s.Suppressed
	d.unclear += s.Ambiguous
	if s.Ambiguous > 0 {
		for c := range d.bot.Senders {
			d.doubt(c)
		}
	}
}

// count adds one message, as the ledger has it.
func (s *Sent) count(n Notification) {
	switch n.State {
	case Accepted, Bounced:
		s.Accepted[n.Channel]++
	case Failed:
		s.Failed++
		s.Products[n.Restock.SKU]++
	case Ambiguous:
		s.Ambiguous++
	case Suppressed:
		s.Suppressed++
	default:
		s.Retry++
	}
}
