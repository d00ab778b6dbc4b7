package bot

import (
	"context"
	"fmt"
	"iter"
	"slices"
)

// Several is a Store that gets many entries for not much more than one costs: those on other machines can.
type Several interface {
	// GetAll returns the entries under keys, in their order; a missing one has Rev 0.
	GetAll(ctx context.Context, table Table, keys []string) ([]Entry, error)
}

// atOnce is how many entries are asked for together.
const atOnce = 256

// getAll returns the entries under keys, in their order.
func (l *Ledger) getAll(ctx context.Context, table Table, keys []string) ([]Entry, error) {
	if s, ok := l.store.(Several); ok {
		return s.GetAll(ctx, table, keys)
	}
	list := make([]Entry, len(keys))
	for i, key := range keys {
		var err error
		if list[i], err = l.store.Get(ctx, table, key); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// several returns the notifications under keys; those that are not there are left out.
func (l *Ledger) several(ctx context.Context, keys []string) ([]Notification, error) {
	found, err := l.getAll(ctx, Notifications, keys)
	if err != nil {
		return nil, err
	}
	return l.decodeAll(ctx, slices.DeleteFunc(found, func(e Entry) bool { return e.Rev == 0 }))
}

// decodeAll reads notifications, with the keys of their people asked for together.
func (l *Ledger) decodeAll(ctx context.Context, entries []Entry) ([]Notification, error) {
	list := make([]Notification, len(entries))
	var people []string
	at := map[string]int{}
	for i, entry := range entries {
		list[i].rev = entry.Rev
		if err := list[i].decode(entry.Value); err != nil {
			return nil, fmt.Errorf("notification %s: %w: %w", entry.Key, errDecode, err)
		}
		if _, known := at[list[i].Who]; !known && list[i].sealed != nil {
			at[list[i].Who] = len(people)
			people = append(people, list[i].Who)
		}
	}
	if l.Vault == nil || len(people) == 0 {
		return list, nil
	}
	wrapped, err := l.getAll(ctx, People, people)
	if err != nil {
		return nil, err
	}
	keys := make([]*personal, len(people))
	for i, entry := range wrapped {
		if keys[i], err = l.unwrap(entry); err != nil {
			return nil, err
		}
	}
	for i := range list {
		if list[i].sealed == nil {
			continue
		}
		if err := list[i].open(keys[at[list[i].Who]]); err != nil {
			return nil, fmt.Errorf("notification %s: %w: %w", entries[i].Key, errDecode, err)
		}
	}
	return list, nil
}

// inParts yields what load makes of the entries of a scan, many at a time.
func inParts(scan iter.Seq2[Entry, error], load func([]Entry) ([]Notification, error)) iter.Seq2[Notification, error] {
	return func(yield func(Notification, error) bool) {
		var part []Entry
		flush := func() bool {
			list, err := load(part)
			part = part[:0]
			if err != nil {
				yield(Notification{}, err)
				return false
			}
			for _, n := range list {
				if !yield(n, nil) {
					return false
				}
			}
			return true
		}
		for entry, err := range scan {
			if err != nil {
				yield(Notification{}, err)
				return
			}
			if part = append(part, entry); len(part) == atOnce && !flush() {
				return
			}
		}
		if len(part) > 0 {
			flush()
		}
	}
}

// each yields the notifications under the keys that a scan leads to; those that are not there are left out.
func (l *Ledger) each(ctx context.Context, scan iter.Seq2[Entry, error], key func(Entry) string) iter.Seq2[Notification, error] {
	return inParts(scan, func(part []Entry) ([]Notification, error) {
		keys := make([]string, len(part))
		for i, entry := range part {
			keys[i] = key(entry)
		}
		return l.several(ctx, keys)
	})
}
