package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// partsOf returns what was read of shards, in the order of their pages.
func (l *Ledger) partsOf(ctx context.Context, list []Shard) (parts []Part, workers []string, err error) {
	slices.SortFunc(list, func(a, b Shard) int { return strings.Compare(a.key, b.key) })
	names := map[string]bool{}
	for _, s := range list {
		part, err := l.part(ctx, s)
		if err != nil {
			return nil, nil, err
		}
		parts, names[s.Worker] = append(parts, part), true
	}
	return parts, slices.Sorted(maps.Keys(names)), nil
}

func (l *Ledger) part(ctx context.Context, s Shard) (p Part, err error) {
	entry, err := l.store.Get(ctx, Parts, s.partKey())
	if err == nil && entry.Rev == 0 {
		err = fmt.Errorf("what was read of shard %s is not there", s.key)
	}
	if err == nil && l.Vault != nil {
		entry.Value, err = l.Vault.OpenFile(s.partKey(), entry.Value)
	}
	if err == nil {
		err = json.Unmarshal(entry.Value, &p)
	}
	return p, err
}

// partKey is where this try's reading stands: what a worker has read that was taken for dead is another one.
func (s *Shard) partKey() string { return fmt.Sprintf("%s/%d", s.key, s.Tried) }

// savePart keeps what was read of a shard; the shard says so afterwards.
func (l *Ledger) savePart(ctx context.Context, s *Shard, part Part) error {
	value, err := json.Marshal(part)
	if err != nil {
		return err
	}
	if l.Vault != nil { // customers stand in it
		value = l.Vault.SealFile(s.partKey(), value)
	}
	_, err = l.store.Apply(ctx, Write{Table: Parts, Key: s.partKey(), Value: value, TTL: partLife}) // a conflict: it stands there already
	return err
}

// dropOldShards removes those of runs of a job that are gone.
func (l *Ledger) dropOldShards(ctx context.Context, job string) error {
	list, err := l.shards(ctx, "")
	if err != nil {
		return err
	}
	old := map[string]bool{}
	for _, s := range list {
		if s.Job == job && !old[s.Run] {
			old[s.Run] = true
			if err := l.dropShards(ctx, s.Run); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *Ledger) dropShards(ctx context.Context, run string) error {
	for range mostRaces { // a worker says that it is at work
		var writes []Write
		for _, table := range []Table{Shards, Parts} {
			for entry, err := range l.store.Scan(ctx, table, run+"/") {
				if err != nil {
					return err
				}
				writes = append(writes, Write{Table: table, Key: entry.Key, Rev: entry.Rev})
			}
		}
		if len(writes) == 0 {
			return nil
		}
		if err := l.attempt(ctx, writes); err != nil {
			return err
		}
	}
	return nil
}
