package bot

import "context"

// askedKey names a person's wish in a restock: whoever asks twice is told once in it, also long after the first message.
func (l *Ledger) askedKey(n *Notification) string {
	return episodeKey(n.Job, n.Restock.SKU, n.Restock.Number) + "/" + l.Person(person(*n))
}

// asked are the writes that remember who was planned.
func (l *Ledger) asked(plan []Notification) []Write {
	var writes []Write
	for i := range plan {
		if n := &plan[i]; n.State == Queued && n.Reminder == 0 {
			writes = append(writes, Write{Table: Asked, Key: l.askedKey(n), Value: []byte(n.Key)}) // a conflict: it stands there
		}
	}
	return writes
}

// askedBefore finds in a plan whoever was planned in the same restock by an earlier run, for another request.
func (l *Ledger) askedBefore(ctx context.Context, plan []Notification) error {
	for i := range plan {
		n := &plan[i]
		if n.State != Queued {
			continue
		}
		entry, err := l.store.Get(ctx, Asked, l.askedKey(n))
		if err != nil {
			return err
		}
		if first := string(entry.Value); entry.Rev != 0 && first != n.Key {
			n.SameAs = first
			n.unplan(AskedTwice, "")
		}
	}
	return nil
}

// forgetAsked drops who asked in a restock that is over.
func (l *Ledger) forgetAsked(ctx context.Context, closed Restock) error {
	var gone []Write
	for entry, err := range l.store.Scan(ctx, Asked, episodeKey(closed.Job, closed.SKU, closed.Number)+"/") {
		if err != nil {
			return err
		}
		gone = append(gone, Write{Table: Asked, Key: entry.Key, Rev: entry.Rev})
	}
	return l.apply(ctx, gone)
}
