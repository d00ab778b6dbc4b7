package bot

import "context"

// Inherit takes from the state that a backup replaces what must never be forgotten: who has left, and that people were
// forgotten. It returns how many of each.
func (l *Ledger) Inherit(ctx context.Context, former *Ledger) (left, forgotten int, err error) {
	for entry, err := range former.store.Scan(ctx, Suppressions, "") {
		if err != nil {
			return left, forgotten, err
		}
		out, err := l.store.Apply(ctx, Write{Table: Suppressions, Key: entry.Key, Value: entry.Value})
		if err != nil {
			return left, forgotten, err
		}
		if !out[0].Conflict {
			left++
		}
	}
	var gone []Write
	for entry, err := range l.store.Scan(ctx, People, "") {
		if err != nil {
			return left, forgotten, err
		}
		now, err := former.store.Get(ctx, People, entry.Key)
		if err != nil {
			return left, forgotten, err
		}
		if now.Rev == 0 {
			gone = append(gone, Write{Table: People, Key: entry.Key, Rev: entry.Rev})
		}
	}
	who := map[string]bool{}
	for _, w := range gone {
		who[w.Key] = true
	}
	if err := l.forgetPeople(ctx, func(name string) bool { return who[name] }); err != nil {
		return left, 0, err
	}
	return left, len(gone), l.apply(ctx, gone)
}
