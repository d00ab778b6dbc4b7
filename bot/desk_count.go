package bot

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// So many ambiguous ones in a row, or such a share of a run's messages, are no bad luck: the relay is broken.
const (
	maxAmbiguousInARow = 5
	maxAmbiguousShare  = 2 // per cent
)

// count adds an outcome to the figures of the run, and stops a channel that goes wrong.
func (d *desk) count(n Notification, result Delivery) {
	defer d.checkpoint()
	run := d.run
	switch result.State {
	case Accepted:
		run.Accepted[n.Channel]++
		d.relay.clear[n.Channel]++
		d.relay.inARow[n.Channel] = 0
	case Retry, Queued:
		run.Retry++
		if result.State == Retry {
			d.sent.Retry++
		}
	case Failed:
		run.Failed++
		d.failed[n.Restock.SKU]++
		d.sent.Failed[n.Channel]++
		d.relay.clear[n.Channel]++
		d.relay.inARow[n.Channel] = 0
	case Ambiguous:
		run.Ambiguous++
		d.sent.Ambiguous[n.Channel]++
		d.relay.unclear[n.Channel]++
		d.relay.inARow[n.Channel]++
		d.doubt(n.Channel)
	}
	switch {
	case result.Stop:
		d.stop(n.Channel, result.Detail)
	case result.Reason == SenderFault:
		d.warn(fmt.Sprintf("%s for %s: %s", n.Channel, n.Restock.SKU, result.Detail))
	}
}

// checkpointEvery is how old the figures of a run at most are that is cut off.
const checkpointEvery = 5 * time.Second

// checkpoint keeps the record of the run, now and then: for who looks at it, and for the case that it is cut off.
func (d *desk) checkpoint() {
	now := time.Now()
	if !d.records || d.busy.Load() || now.Sub(d.saved) < checkpointEvery {
		return
	}
	first := d.saved.IsZero()
	if d.saved = now; first {
		return
	}
	run := *d.run
	run.Accepted, run.Warnings = maps.Clone(run.Accepted), slices.Clone(run.Warnings)
	d.busy.Store(true)
	d.saving.Go(func() {
		defer d.busy.Store(false)
		ctx, cancel := context.WithTimeout(context.Background(), checkpointEvery)
		defer cancel()
		_ = d.bot.Ledger.SaveRun(ctx, run) // its end is kept in any case
	})
}

// doubt stops a channel that does not say clearly what becomes of its messages.
func (d *desk) doubt(c Channel) {
	r := d.relay
	all := r.unclear[c] + r.clear[c]
	if r.inARow[c] >= maxAmbiguousInARow || r.unclear[c] >= maxAmbiguousInARow && r.unclear[c]*100 > maxAmbiguousShare*all {
		d.stop(c, fmt.Sprintf("%d of %d messages got no clear answer", r.unclear[c], all))
	}
}

// noFurther is how a warning says that a channel was stopped.
const noFurther = "no further messages in this run"

func (d *desk) stop(c Channel, why string) {
	if d.relay.stopped[c] != "" {
		return
	}
	d.relay.stopped[c] = cmp.Or(why, "it went wrong")
	d.warn(fmt.Sprintf("%s: %s: %s", c, noFurther, why))
}

func (d *desk) halted(c Channel) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.relay.stopped[c] != ""
}

// failure is the first thing that could not be recorded.
func (d *desk) failure() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// maxWarnings keeps one fault of every message from filling the record of a run.
const maxWarnings = 50

func (d *desk) warn(text string) {
	if len(d.run.Warnings) < maxWarnings {
		d.run.Warnings = append(d.run.Warnings, text)
	}
}
