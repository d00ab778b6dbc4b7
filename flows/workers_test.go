package flows_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"restock/bot"
	"restock/flows"
	"restock/flows/browser"
	"restock/selectors"
	"restock/state/statetest"
)

const longFile = `version: 1
site: ims
base: ${BASE}
stock:
  open: /list?page=1
  proof: {heading: Stock}
  rows: {css: "table tbody tr"}
  key: sku
  columns:
    sku:      {header: SKU}
    quantity: {header: On hand, type: number}
  next: {pages: "?page={n}"}
  total: {css: ".count", match: "of ([0-9]+)"}
`

// longList is a list of pages that take a while each, as those of a far server do.
type longList struct {
	pages, rows int
	takes       time.Duration
	moved       atomic.Bool // a row has gone from the list while it is read
	asked       atomic.Int32
}

func (l *longList) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.asked.Add(1)
	n, total := 1, l.pages*l.rows-3
	_, _ = fmt.Sscan(r.FormValue("page"), &n)
	if l.moved.Load() {
		total--
	}
	select {
	case <-time.After(l.takes):
	case <-r.Context().Done():
		return
	}
	var b strings.Builder
	for i := (n - 1) * l.rows; i < min(n*l.rows, total); i++ {
		fmt.Fprintf(&b, "<tr><td>S-%05d</td><td>%d</td></tr>", i, i*7%23)
	}
	fmt.Fprintf(w, `<!doctype html><h1>Stock</h1><p class="count">page %d of %d</p><p>%s</p><table><thead><tr><th>SKU</th><th>On hand</th></tr></thead><tbody>%s</tbody></table>`, n, total, "", b.String())
}

// crew reads a long list with so many workers, and returns the levels.
func crew(t testing.TB, list *longList, workers int, more ...func(*bot.Worker)) (bot.Run, []bot.Level) {
	t.Helper()
	server := httptest.NewServer(list)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	url := server.URL
	file, err := selectors.Load("ims.yaml", []byte(longFile))
	if err != nil {
		t.Fatal(err)
	}
	shared := one.get(t)
	sites := func() *flows.Sites {
		s := &flows.Sites{
			Files: map[string]*selectors.Site{"ims": file}, Guard: guard(), Zone: time.UTC, Now: time.Now,
			Values: selectors.Values{Env: func(string) (string, bool) { return url, true }},
			NewPage: func(ctx context.Context, _ *selectors.Site) (flows.Page, error) {
				return shared.NewPage(ctx, browser.PageOptions{})
			},
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	store := &statetest.Memory{}
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	for i := 1; i < workers; i++ {
		w := &bot.Worker{
			Ledger: bot.NewLedger(store, time.Now), Name: fmt.Sprint("worker ", i+1), Now: time.Now, Say: t.Logf,
			Sites: func(context.Context, bot.Shard) (bot.Divider, func() error, error) {
				s := sites()
				return s, s.Close, nil
			},
		}
		for _, change := range more {
			change(w)
		}
		all.Go(func() { w.Run(ctx) })
	}
	dead := bot.Write{Table: bot.Shards, Key: "dead/00001", Value: []byte(`{"run":"dead","job":"shop","site":"ims","done":true}`)} // its run was cut off
	if _, err := store.Apply(context.Background(), dead); err != nil {
		t.Fatal(err)
	}
	b := &bot.Bot{Ledger: bot.NewLedger(store, time.Now), Sites: onlyStock{sites()}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now}
	for _, change := range more {
		w := &bot.Worker{Now: b.Now}
		change(w)
		b.Now = w.Now
	}
	run, err := b.Do(context.Background(), bot.Job{Name: "shop", IMS: "ims", CRM: "crm", Workers: workers}, bot.NewRun("shop", "test", time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	var levels []bot.Level
	known, err := b.Ledger.Known(context.Background(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	for i := range list.pages * list.rows {
		if l, ok := known[fmt.Sprintf("S-%05d", i)]; ok {
			l.ReadAt, l.Run, l.OutSince, l.Source = time.Time{}, "", time.Time{}, ""
			levels = append(levels, l)
		}
	}
	for _, table := range []bot.Table{bot.Shards, bot.Parts} {
		for entry, err := range store.Scan(context.Background(), table, "") {
			t.Errorf("%s are left: %s, %v", table, entry.Key, err)
		}
	}
	return run, levels
}

// onlyStock is a site that nobody waits at.
type onlyStock struct{ *flows.Sites }

func (onlyStock) Subscribers(context.Context, string, []string) ([]bot.Subscription, int, error) {
	return nil, 0, nil
}

// TestWorkers: one, two and four workers read the same. Where one of them is lost in the middle, its part is read by another one; where
// the list moves meanwhile, it is read again by one.
func TestWorkers(t *testing.T) {
	list := &longList{pages: 20, rows: 10, takes: 150 * time.Millisecond}
	_, want := crew(t, &longList{pages: list.pages, rows: list.rows}, 1)
	if len(want) != 197 {
		t.Fatalf("%d levels", len(want))
	}
	for _, workers := range []int{2, 4} {
		run, got := crew(t, list, workers)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%d workers read something else: %d levels", workers, len(got))
		}
		if text := run.Steps[len(run.Steps)-1].Text; !strings.Contains(text, fmt.Sprintf("by %d worker(s)", workers)) {
			t.Errorf("%d workers: %q", workers, text)
		}
	}
	var ahead atomic.Int64
	var lost sync.Once
	run, got := crew(t, list, 2, func(w *bot.Worker) {
		w.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		open := w.Sites
		w.Sites = func(ctx context.Context, s bot.Shard) (bot.Divider, func() error, error) {
			d, end, err := open(ctx, s)
			return &mortal{Divider: d, dies: func() { lost.Do(func() { ahead.Store(int64(time.Minute)) }) }}, end, err
		}
	})
	if !reflect.DeepEqual(got, want) || ahead.Load() == 0 {
		t.Errorf("a worker was lost: %d levels, %+v", len(got), run.Steps)
	}
	moving := &longList{pages: 20, rows: 10, takes: 150 * time.Millisecond}
	run, got = crew(t, moving, 2, func(w *bot.Worker) {
		if open := w.Sites; open != nil {
			w.Sites = func(ctx context.Context, s bot.Shard) (bot.Divider, func() error, error) {
				moving.moved.Store(true)
				return open(ctx, s)
			}
		}
	})
	if len(got) != 196 || !strings.Contains(strings.Join(run.Warnings, "\n"), "was read again by one") {
		t.Errorf("a list that moved: %d levels, %v", len(got), run.Warnings)
	}
}

// mortal is a worker's sites that is lost in its first part: it says nothing more until it is told to end.
type mortal struct {
	bot.Divider
	dies func()
	dead bool
}

func (m *mortal) StockPart(ctx context.Context, site string, p bot.Pages, from, to int) (bot.Part, error) {
	if !m.dead {
		m.dead = true
		m.dies()
		<-ctx.Done()
		return bot.Part{}, ctx.Err()
	}
	return m.Divider.StockPart(ctx, site, p, from, to)
}

// BenchmarkWorkers reads 100 pages, each of which takes a server 150 ms, by one, two and four workers, and prints how many times as
// fast the latter are.
func BenchmarkWorkers(b *testing.B) {
	list := &longList{pages: 100, rows: 20, takes: 150 * time.Millisecond}
	for b.Loop() {
		var one time.Duration
		for _, workers := range []int{1, 2, 4} {
			began := time.Now()
			if _, levels := crew(b, list, workers); len(levels) != 1997 {
				b.Fatalf("%d levels", len(levels))
			}
			took := time.Since(began)
			if workers == 1 {
				one = took
				b.ReportMetric(took.Seconds(), "s/1-worker")
				continue
			}
			b.ReportMetric(float64(one)/float64(took), fmt.Sprintf("x/%d-workers", workers))
		}
	}
}
