package bot_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"restock/bot"
	"restock/state/bolt"
)

// ledgerOf makes a ledger on the disk, with the customers' data sealed as they are in use.
func ledgerOf(b *testing.B) *bot.Ledger {
	b.Helper()
	path := filepath.Join(b.TempDir(), "state.db")
	if err := bolt.Create(path, bolt.Genesis{ID: "bench"}); err != nil {
		b.Fatal(err)
	}
	store, err := bolt.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	ledger := bot.NewLedger(store, time.Now)
	if ledger.Vault, err = bot.NewVault([]byte("a secret of the benchmark")); err != nil {
		b.Fatal(err)
	}
	return ledger
}

func waiting(n int) []bot.Notification {
	plan := make([]bot.Notification, n)
	now := time.Now()
	for i := range plan {
		id, mail := strconv.Itoa(i), fmt.Sprintf("c%d@example.com", i)
		plan[i] = bot.Notification{
			Key: bot.Key("shop", "TEE-M", 1, id), Job: "shop", Channel: bot.Email, Address: mail, State: bot.Queued, Due: now, NotAfter: now.Add(time.Hour),
			Restock:      bot.Restock{Job: "shop", SKU: "TEE-M", Number: 1, Name: "T-shirt Uluru, medium", Opened: now},
			Subscription: bot.Subscription{ID: id, SKU: "TEE-M", Customer: "Customer " + id, Email: mail, Consent: bot.ConsentGiven},
			Changes:      []bot.Change{{At: now, To: bot.Queued}},
		}
	}
	return plan
}

// BenchmarkClaim claims in batches of a thousand, each on the disk before the next, in a ledger of 100,000.
func BenchmarkClaim(b *testing.B) {
	const all = 100_000
	var took time.Duration
	for b.Loop() {
		ledger := ledgerOf(b)
		plan := waiting(all)
		if err := ledger.Commit(b.Context(), bot.Comparison{}, plan); err != nil {
			b.Fatal(err)
		}
		var queued []bot.Notification
		for n, err := range ledger.All(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			queued = append(queued, n)
		}
		began := time.Now()
		for part := range slices.Chunk(queued, 1000) {
			if moved, err := ledger.Move(b.Context(), part, bot.Change{To: bot.Claimed}); err != nil || len(moved) != len(part) {
				b.Fatal(len(moved), err)
			}
		}
		took += time.Since(began)
	}
	b.ReportMetric(float64(all*b.N)/took.Seconds(), "claims/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkCompare compares a reading of 100,000 levels with what is known, of which a tenth has changed.
func BenchmarkCompare(b *testing.B) {
	const all = 100_000
	known := make(map[string]bot.Level, all)
	read := bot.Reading{Complete: bot.CompleteYes, At: time.Now()}
	for i := range all {
		sku := fmt.Sprintf("SKU-%06d", i)
		before, now := bot.Units(int64(i%10)), bot.Units(int64((i+i/10%2)%10))
		level := bot.StockLevel{SKU: sku, Name: "Product " + sku, Quantity: &before, Availability: bot.AvailabilityOf(before)}
		known[sku] = bot.Level{StockLevel: level, Episode: 1, Open: true}
		level.Quantity, level.Availability = &now, bot.AvailabilityOf(now)
		read.Levels = append(read.Levels, level)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var c bot.Comparison
	for b.Loop() {
		c = bot.Compare("shop", "r", known, read, 0)
	}
	runtime.ReadMemStats(&after)
	if len(c.Levels) != all || len(c.Opened) == 0 {
		b.Fatal(len(c.Levels), len(c.Opened))
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/(1<<20), "MB")
}
