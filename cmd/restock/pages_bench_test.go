package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/config"
	"restock/bot/schedule"
	"restock/bot/web/admin"
	"restock/state"
)

// BenchmarkPages asks for the pages of the operators, with 100,000 runs, 1,000,000 notifications and 50,000 people who have left in the state, and prints how long
// the slowest of a hundred answers took in milliseconds, and how much memory an answer takes.
func BenchmarkPages(b *testing.B) {
	const runs, notifications = 100_000, 1_000_000
	ledger, store := crowded(b, runs, notifications)
	key := bot.Key("restock", "SKU-00007", 1, "7")
	newest, err := ledger.Recent(b.Context(), bot.RunQuery{Limit: 1})
	if err != nil || len(newest) != 1 {
		b.Fatal(newest, err)
	}
	w := &workshop{
		a: &app{now: time.Now, stdout: b.Output(), stderr: b.Output()}, store: store, ledger: ledger,
		config: &config.Config{Jobs: []config.Job{{Name: "restock"}, {Name: "other"}}, Location: time.UTC},
	}
	board := newBoard(b.Context(), w, &schedule.Planner{Store: store, Now: time.Now})
	board.lookAtLeavers(b.Context()) // as the daemon does each minute
	page := &admin.Admin{
		Ledger: ledger, Control: board, Access: &admin.Access{Now: time.Now, Audit: filepath.Join(b.TempDir(), "audit.log")},
		Failures: func(string) ([]admin.Failure, error) { return nil, nil },
		Evidence: b.TempDir(), Zone: time.UTC, Now: time.Now, Log: w.a.log(),
	}
	handler, err := page.Handler()
	if err != nil {
		b.Fatal(err)
	}
	for name, path := range map[string]string{
		"overview": "/", "runs": "/runs", "older": "/runs?before=20250101-000000-x", "failed": "/runs?job=restock&outcome=failed", "run": "/runs/" + newest[0].ID,
		"ledger": "/ledger", "state": "/ledger?state=ambiguous", "product": "/ledger?sku=SKU-00007&restock=1&job=restock", "customer": "POST customer=c7@example.com",
		"notification": "/ledger/" + key, "schedule": "/schedule", "waves": "/waves", "suppressions": "/suppressions", "metrics": "/metrics",
		"audit": "/audit", "beyond": "/ledger?sku=SKU-00007&job=restock&skip=100",
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for b.Loop() {
				took = append(took, ask(b, handler, path))
			}
			runtime.ReadMemStats(&after)
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(len(took))/1e6, "MB/answer")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func ask(b *testing.B, handler http.Handler, path string) time.Duration {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "http://localhost"+strings.TrimPrefix(path, "POST customer=c7@example.com"), nil)
	if form, posted := strings.CutPrefix(path, "POST "); posted {
		name, value, _ := strings.Cut(form, "=")
		r = httptest.NewRequestWithContext(b.Context(), http.MethodPost, "http://localhost/ledger", strings.NewReader(url.Values{name: {value}, "csrf": {"local"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.RemoteAddr = "127.0.0.1:1234"
	answer := httptest.NewRecorder()
	began := time.Now()
	handler.ServeHTTP(answer, r)
	took := time.Since(began)
	if answer.Code != http.StatusOK {
		b.Fatalf("%s: %d %s", path, answer.Code, answer.Body)
	}
	return took
}

// crowded makes a state with many runs, one each quarter of an hour, and many notifications, of which one in a hundred is not finished.
func crowded(b *testing.B, runs, notifications int) (*bot.Ledger, bot.Store) {
	b.Helper()
	address := "bolt://" + filepath.Join(b.TempDir(), "data")
	if err := state.Create(b.Context(), address); err != nil {
		b.Fatal(err)
	}
	store, err := state.Open(b.Context(), address, state.Runner)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	ledger := bot.NewLedger(store, time.Now)
	if ledger.Vault, err = bot.NewVault([]byte("a secret of the benchmark")); err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	writes := make([]bot.Write, 0, runs)
	for i := range runs {
		at := now.Add(-time.Duration(i) * 15 * time.Minute)
		run := bot.Run{ID: at.UTC().Format("20060102-150405") + fmt.Sprintf("-%06x", i), Job: "restock", Outcome: bot.Done, Started: at, Finished: at.Add(time.Minute)}
		for step := range 6 {
			run.Steps = append(run.Steps, bot.Step{At: at, Site: "ims", Flow: "stock", Text: fmt.Sprintf("page %d: 20 rows", step), Took: time.Second})
		}
		value, err := json.Marshal(run)
		if err != nil {
			b.Fatal(err)
		}
		writes = append(writes, bot.Write{Table: bot.Runs, Key: run.ID, Value: value})
	}
	for part := range slices.Chunk(writes, 5000) {
		if _, err := store.Apply(b.Context(), part...); err != nil {
			b.Fatal(err)
		}
	}
	for from := 0; from < notifications; from += 50_000 {
		var plan []bot.Notification
		for i := from; i < min(from+50_000, notifications); i++ {
			plan = append(plan, oneOfMany(i, now))
		}
		if err := ledger.Commit(b.Context(), bot.Comparison{}, plan); err != nil {
			b.Fatal(err)
		}
	}
	writes = nil
	for i := range notifications / 20 {
		who := fmt.Sprintf("%032x", i)
		value, err := json.Marshal(bot.Suppression{Who: who, Reason: bot.LeftUs, Source: "link", At: now.Add(-time.Duration(i) * time.Minute), Written: now})
		if err != nil {
			b.Fatal(err)
		}
		writes = append(writes, bot.Write{Table: bot.Suppressions, Key: who + "/", Value: value})
	}
	for part := range slices.Chunk(writes, 5000) {
		if _, err := store.Apply(b.Context(), part...); err != nil {
			b.Fatal(err)
		}
	}
	return ledger, store
}

func oneOfMany(i int, now time.Time) bot.Notification {
	id, mail, sku := fmt.Sprint(i), fmt.Sprintf("c%d@example.com", i), fmt.Sprintf("SKU-%05d", i%5000)
	n := bot.Notification{
		Key: bot.Key("restock", sku, 1, id), Job: "restock", Channel: bot.Email, Address: mail, State: bot.Accepted, Due: now, NotAfter: now.Add(time.Hour),
		Restock:      bot.Restock{Job: "restock", SKU: sku, Number: 1, Name: "T-shirt Uluru, medium", Opened: now},
		Subscription: bot.Subscription{ID: id, SKU: sku, Customer: "Customer " + id, Email: mail, Consent: bot.ConsentGiven},
		Changes:      []bot.Change{{At: now, To: bot.Queued}, {At: now, To: bot.Accepted}},
		FollowUp:     bot.FollowUp{State: bot.FollowUpWritten},
	}
	if i%100 == 0 {
		n.State, n.FollowUp = bot.Queued, bot.FollowUp{}
	}
	return n
}
