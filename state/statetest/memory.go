package statetest

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"restock/bot"
)

// Memory is a bot.Store that forgets, for tests of what works on one. It keeps the contract, and it can die.
type Memory struct {
	mu      sync.Mutex
	entries map[bot.Table]map[string]memoryEntry
	rev     uint64
	// DieAt, if not 0, makes the store die at the n-th write from now, before it is done: that one and all calls after
	// fail. The writes of one Apply are counted one by one.
	DieAt int
	dead  bool
}

type memoryEntry struct {
	value   []byte
	rev     uint64
	expires time.Time
}

var _ bot.Store = (*Memory)(nil)

// ErrDied is what a dead store answers.
var ErrDied = errors.New("the process died")

// Revive makes a dead store work again, as a new process would find it: without what belonged to the dead one.
func (m *Memory) Revive() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead, m.DieAt = false, 0
	delete(m.entries, bot.Leases)
}

// Clone returns a store with the same entries.
func (m *Memory) Clone() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &Memory{entries: map[bot.Table]map[string]memoryEntry{}, rev: m.rev}
	for table, entries := range m.entries {
		c.entries[table] = maps.Clone(entries)
	}
	return c
}

// Get implements bot.Store.
func (m *Memory) Get(ctx context.Context, table bot.Table, key string) (bot.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.alive(ctx); err != nil {
		return bot.Entry{}, err
	}
	e := m.get(table, key)
	return bot.Entry{Key: key, Value: slices.Clone(e.value), Rev: e.rev}, nil
}

func (m *Memory) alive(ctx context.Context) error {
	if m.dead {
		return ErrDied
	}
	return context.Cause(ctx)
}

func (m *Memory) get(table bot.Table, key string) memoryEntry {
	e := m.entries[table][key]
	if !e.expires.IsZero() && !time.Now().Before(e.expires) {
		return memoryEntry{}
	}
	return e
}

// Scan implements bot.Store.
func (m *Memory) Scan(ctx context.Context, table bot.Table, prefix string) iter.Seq2[bot.Entry, error] {
	return func(yield func(bot.Entry, error) bool) {
		m.mu.Lock()
		err := m.alive(ctx)
		var list []bot.Entry
		for key := range m.entries[table] {
			if e := m.get(table, key); strings.HasPrefix(key, prefix) && e.rev != 0 {
				list = append(list, bot.Entry{Key: key, Value: slices.Clone(e.value), Rev: e.rev})
			}
		}
		m.mu.Unlock()
		if err != nil {
			yield(bot.Entry{}, err)
			return
		}
		slices.SortFunc(list, func(a, b bot.Entry) int { return strings.Compare(a.Key, b.Key) })
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Apply implements bot.Store.
func (m *Memory) Apply(ctx context.Context, writes ...bot.Write) ([]bot.Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.alive(ctx); err != nil {
		return nil, err
	}
	if m.entries == nil {
		m.entries = map[bot.Table]map[string]memoryEntry{}
	}
	out := make([]bot.Outcome, len(writes))
	for i, w := range writes {
		if m.DieAt > 0 {
			if m.DieAt--; m.DieAt == 0 {
				m.dead = true
				return nil, ErrDied
			}
		}
		out[i] = m.set(w)
	}
	return out, nil
}

func (m *Memory) set(w bot.Write) bot.Outcome {
	old := m.get(w.Table, w.Key)
	if old.rev != w.Rev {
		return bot.Outcome{Rev: old.rev, Conflict: true}
	}
	if m.entries[w.Table] == nil {
		m.entries[w.Table] = map[string]memoryEntry{}
	}
	if w.Value == nil {
		delete(m.entries[w.Table], w.Key)
		return bot.Outcome{}
	}
	m.rev++
	e := memoryEntry{value: slices.Clone(w.Value), rev: m.rev}
	if w.TTL > 0 {
		e.expires = time.Now().Add(w.TTL)
	}
	m.entries[w.Table][w.Key] = e
	return bot.Outcome{Rev: m.rev}
}

// Close implements bot.Store.
func (m *Memory) Close() error { return nil }
