// Package statetest is the contract of bot.Store. Every engine runs it; what it does not promise, nothing may rely on.
package statetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"restock/bot"
)

// Exercise runs the contract against an engine. open makes a new, empty store each time.
func Exercise(t *testing.T, open func(t *testing.T) bot.Store) {
	for name, test := range map[string]func(*testing.T, bot.Store){
		"missing key has revision 0":             missing,
		"write and read back":                    writeRead,
		"compare and set":                        compareAndSet,
		"a conflict leaves the others":           conflictAlone,
		"delete":                                 remove,
		"tables are apart":                       tables,
		"scan by prefix in order":                scan,
		"write while scanning":                   scanWrite,
		"entries with a life vanish":             ttl,
		"one of many wins a claim":               oneWins,
		"an unknown outcome can be repeated":     repeat,
		"values are not shared with the caller":  notShared,
		"keys with every kind of character":      keys,
		"an ended context is an error":           cancelled,
		"a revision is never used twice":         revisions,
		"many writes at once, one outcome each":  many,
		"an empty value is a value":              empty,
		"a scan ends when its reader has enough": scanStop,
	} {
		t.Run(name, func(t *testing.T) {
			store := open(t)
			test(t, store)
		})
	}
}

func apply(t *testing.T, s bot.Store, writes ...bot.Write) []bot.Outcome {
	t.Helper()
	out, err := s.Apply(t.Context(), writes...)
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != len(writes) {
		t.Fatalf("%d outcomes for %d writes", len(out), len(writes))
	}
	return out
}

func put(t *testing.T, s bot.Store, key, value string, rev uint64) bot.Outcome {
	t.Helper()
	return apply(t, s, bot.Write{Table: bot.Levels, Key: key, Value: []byte(value), Rev: rev})[0]
}

func get(t *testing.T, s bot.Store, key string) bot.Entry {
	t.Helper()
	e, err := s.Get(t.Context(), bot.Levels, key)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func keysOf(t *testing.T, s bot.Store, prefix string) []string {
	t.Helper()
	var keys []string
	for e, err := range s.Scan(t.Context(), bot.Levels, prefix) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, e.Key)
	}
	return keys
}

func missing(t *testing.T, s bot.Store) {
	if e := get(t, s, "a"); e.Rev != 0 || e.Value != nil {
		t.Errorf("missing key: %+v", e)
	}
}

func writeRead(t *testing.T, s bot.Store) {
	o := put(t, s, "a", "1", 0)
	if e := get(t, s, "a"); string(e.Value) != "1" || e.Rev != o.Rev || e.Rev == 0 || e.Key != "a" {
		t.Errorf("read back %+v after %+v", e, o)
	}
}

func compareAndSet(t *testing.T, s bot.Store) {
	first := put(t, s, "a", "1", 0)
	if o := put(t, s, "a", "2", 0); !o.Conflict || o.Rev != first.Rev {
		t.Errorf("insert over an entry: %+v", o)
	}
	if o := put(t, s, "b", "2", 7); !o.Conflict {
		t.Errorf("update of a missing entry: %+v", o)
	}
	second := put(t, s, "a", "3", first.Rev)
	if second.Conflict || second.Rev <= first.Rev {
		t.Errorf("update: %+v after %+v", second, first)
	}
	if o := put(t, s, "a", "4", first.Rev); !o.Conflict {
		t.Errorf("stale update: %+v", o)
	}
	if e := get(t, s, "a"); string(e.Value) != "3" {
		t.Errorf("value %q", e.Value)
	}
}

func conflictAlone(t *testing.T, s bot.Store) {
	put(t, s, "b", "old", 0)
	out := apply(t, s,
		bot.Write{Table: bot.Levels, Key: "a", Value: []byte("1")},
		bot.Write{Table: bot.Levels, Key: "b", Value: []byte("1")},
		bot.Write{Table: bot.Levels, Key: "c", Value: []byte("1")})
	if out[0].Conflict || !out[1].Conflict || out[2].Conflict {
		t.Errorf("outcomes %+v", out)
	}
	if fmt.Sprint(keysOf(t, s, "")) != "[a b c]" || string(get(t, s, "b").Value) != "old" {
		t.Error("a conflict touched the others")
	}
}

func remove(t *testing.T, s bot.Store) {
	o := put(t, s, "a", "1", 0)
	if out := apply(t, s, bot.Write{Table: bot.Levels, Key: "a", Rev: o.Rev + 1}); !out[0].Conflict {
		t.Error("deleted with a wrong revision")
	}
	if out := apply(t, s, bot.Write{Table: bot.Levels, Key: "a", Rev: o.Rev}); out[0].Conflict {
		t.Error("not deleted")
	}
	if e := get(t, s, "a"); e.Rev != 0 {
		t.Errorf("still there: %+v", e)
	}
	if o := put(t, s, "a", "2", 0); o.Conflict {
		t.Error("cannot be written again")
	}
}

func tables(t *testing.T, s bot.Store) {
	for _, table := range bot.Tables() {
		if table == bot.Meta {
			continue
		}
		if o := apply(t, s, bot.Write{Table: table, Key: "k", Value: []byte(table)})[0]; o.Conflict {
			t.Errorf("%s is not a table of its own", table)
		}
	}
	for _, table := range bot.Tables() {
		if e, err := s.Get(t.Context(), table, "k"); table != bot.Meta && (err != nil || string(e.Value) != string(table)) {
			t.Errorf("%s: %+v, %v", table, e, err)
		}
	}
}

func scan(t *testing.T, s bot.Store) {
	var writes []bot.Write
	for i := range 2500 {
		writes = append(writes, bot.Write{Table: bot.Levels, Key: fmt.Sprintf("b/%05d", 2500-i), Value: []byte("x")})
	}
	apply(t, s, writes...)
	put(t, s, "a/1", "x", 0)
	put(t, s, "c/1", "x", 0)
	keys := keysOf(t, s, "b/")
	if len(keys) != 2500 || keys[0] != "b/00001" || keys[2499] != "b/02500" {
		t.Errorf("%d keys, %v", len(keys), keys[:min(3, len(keys))])
	}
	if n := len(keysOf(t, s, "d")); n != 0 {
		t.Errorf("%d keys under a prefix that nobody has", n)
	}
}

func scanWrite(t *testing.T, s bot.Store) {
	for i := range 50 {
		put(t, s, fmt.Sprintf("k%02d", i), "1", 0)
	}
	for e, err := range s.Scan(t.Context(), bot.Levels, "k") {
		if err != nil {
			t.Fatal(err)
		}
		if o := put(t, s, e.Key, "2", e.Rev); o.Conflict {
			t.Fatalf("%s changed under the scan", e.Key)
		}
	}
}

func ttl(t *testing.T, s bot.Store) {
	w := bot.Write{Table: bot.Leases, Key: "job", Value: []byte("1"), TTL: 30 * time.Millisecond}
	apply(t, s, w)
	if o := apply(t, s, w)[0]; !o.Conflict {
		t.Error("taken twice at once")
	}
	deadline := time.Now().Add(5 * time.Second)
	for apply(t, s, w)[0].Conflict {
		if time.Now().After(deadline) {
			t.Fatal("never vanished")
		}
	}
}

func oneWins(t *testing.T, s bot.Store) {
	o := put(t, s, "n", "queued", 0)
	var wins atomic.Int32
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			out, err := s.Apply(context.Background(), bot.Write{
				Table: bot.Levels, Key: "n", Value: fmt.Appendf(nil, "claimed by %d", i), Rev: o.Rev,
			})
			if err == nil && !out[0].Conflict {
				wins.Add(1)
			}
		})
	}
	all.Wait()
	if wins.Load() != 1 {
		t.Errorf("%d winners", wins.Load())
	}
}

// repeat: a caller that got no answer does the same write again and then reads: its own value stands there, or another's.
func repeat(t *testing.T, s bot.Store) {
	w := bot.Write{Table: bot.Notifications, Key: "n", Value: []byte("token 1")}
	apply(t, s, w)
	if o := apply(t, s, w)[0]; !o.Conflict || o.Rev == 0 {
		t.Errorf("repeated insert: %+v", o)
	}
	if e, err := s.Get(t.Context(), bot.Notifications, "n"); err != nil || string(e.Value) != "token 1" {
		t.Errorf("%+v, %v", e, err)
	}
}

func notShared(t *testing.T, s bot.Store) {
	value := []byte("abc")
	apply(t, s, bot.Write{Table: bot.Levels, Key: "a", Value: value})
	value[0] = 'X'
	e := get(t, s, "a")
	e.Value[1] = 'X'
	if got := string(get(t, s, "a").Value); got != "abc" {
		t.Errorf("value became %q", got)
	}
}

func keys(t *testing.T, s bot.Store) {
	for _, key := range []string{"job/SKU 0044", "job/茶-88", "job/a/b", "job/CAFÉ-01", "job/..", "job/*>", "job/[x] \"y\""} {
		put(t, s, key, key, 0)
		if e := get(t, s, key); string(e.Value) != key {
			t.Errorf("%q: %+v", key, e)
		}
	}
}

func cancelled(t *testing.T, s bot.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Apply(ctx, bot.Write{Table: bot.Levels, Key: "a", Value: []byte("1")}); err == nil {
		t.Error("Apply went on")
	}
	if _, err := s.Get(ctx, bot.Levels, "a"); err == nil {
		t.Error("Get went on")
	}
	for _, err := range s.Scan(ctx, bot.Levels, "") {
		if err == nil {
			t.Error("Scan went on")
		}
	}
}

func revisions(t *testing.T, s bot.Store) {
	first := put(t, s, "a", "1", 0)
	apply(t, s, bot.Write{Table: bot.Levels, Key: "a", Rev: first.Rev})
	if again := put(t, s, "a", "2", 0); again.Rev <= first.Rev {
		t.Errorf("revision %d after %d was deleted", again.Rev, first.Rev)
	}
}

func many(t *testing.T, s bot.Store) {
	var writes []bot.Write
	for i := range 1000 {
		writes = append(writes, bot.Write{Table: bot.Work, Key: fmt.Sprint(i * 7919 % 1000), Value: []byte("1")})
	}
	for i, o := range apply(t, s, writes...) {
		if o.Conflict || o.Rev == 0 {
			t.Fatalf("write %d: %+v", i, o)
		}
	}
}

func empty(t *testing.T, s bot.Store) {
	put(t, s, "a", "", 0)
	if e := get(t, s, "a"); e.Rev == 0 {
		t.Error("an empty value is taken for no entry")
	}
}

func scanStop(t *testing.T, s bot.Store) {
	put(t, s, "a", "1", 0)
	put(t, s, "b", "1", 0)
	for range s.Scan(t.Context(), bot.Levels, "") {
		break
	}
	put(t, s, "c", "1", 0)
}
