package jetstream_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"restock/bot"
	"restock/state"
	"restock/state/natstest"
)

// BenchmarkLedger fills a state with entries of 150 bytes, claims half of them 500 at a time, and opens it anew: three NATS servers that
// keep what they acknowledge, and a file beside, in one run. RESTOCK_LONG=1: a million entries, else 50,000. All servers and the file are
// on one disk here.
func BenchmarkLedger(b *testing.B) {
	entries := 50_000
	if os.Getenv("RESTOCK_LONG") != "" {
		entries = 1_000_000
	}
	for _, engine := range []string{"nats", "bolt"} {
		b.Run(engine, func(b *testing.B) {
			for b.Loop() {
				before := heap()
				var cluster *natstest.Cluster
				address := "bolt://" + b.TempDir()
				if engine == "nats" {
					cluster = natstest.Start(b, 3, false)
					address = cluster.Address("million")
				}
				if err := state.Create(b.Context(), address); err != nil {
					b.Fatal(err)
				}
				store, err := state.Open(b.Context(), address, state.Runner)
				if err != nil {
					b.Fatal(err)
				}
				began := time.Now()
				revs := fillLedger(b, store, entries)
				b.ReportMetric(float64(entries)/time.Since(began).Seconds(), "inserts/s")
				began = time.Now()
				claimHalf(b, store, entries, revs)
				b.ReportMetric(float64(entries/2)/time.Since(began).Seconds(), "claims/s")
				b.ReportMetric(float64(heap()-before)/float64(entries), "heap-B/entry")
				if err := store.Close(); err != nil {
					b.Fatal(err)
				}
				began = time.Now()
				if cluster != nil {
					for i := range cluster.Servers {
						cluster.Down(i)
					}
					began = time.Now()
					for i := range cluster.Servers {
						cluster.Up(i)
					}
				}
				if store, err = state.Open(b.Context(), address, state.Runner); err != nil {
					b.Fatal(err)
				}
				if e, err := store.Get(b.Context(), bot.Notifications, fmt.Sprintf("%016x", 1)); err != nil || e.Rev == 0 {
					b.Fatal(e, err)
				}
				b.ReportMetric(time.Since(began).Seconds(), "s/restart")
				if err := store.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func fillLedger(b *testing.B, store bot.Store, entries int) []uint64 {
	b.Helper()
	value := make([]byte, 134)
	revs := make([]uint64, entries)
	for from := 0; from < entries; from += 500 {
		var writes []bot.Write
		for i := from; i < min(from+500, entries); i++ {
			writes = append(writes, bot.Write{Table: bot.Notifications, Key: fmt.Sprintf("%016x", i), Value: value})
		}
		out, err := store.Apply(b.Context(), writes...)
		if err != nil {
			b.Fatal(err)
		}
		for i, o := range out {
			if o.Conflict {
				b.Fatalf("%s is there already", writes[i].Key)
			}
			revs[from+i] = o.Rev
		}
	}
	return revs
}

func claimHalf(b *testing.B, store bot.Store, entries int, revs []uint64) {
	b.Helper()
	for from := 0; from < entries/2; from += 500 {
		var writes []bot.Write
		for i := from; i < min(from+500, entries/2); i++ {
			writes = append(writes, bot.Write{Table: bot.Notifications, Key: fmt.Sprintf("%016x", i), Value: []byte("claimed"), Rev: revs[i]})
		}
		out, err := store.Apply(b.Context(), writes...)
		if err != nil {
			b.Fatal(err)
		}
		for i, o := range out {
			if o.Conflict {
				b.Fatalf("%s was claimed by another", writes[i].Key)
			}
		}
	}
}
