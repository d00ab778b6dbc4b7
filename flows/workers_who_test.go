package flows_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
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

const whoFile = `version: 1
site: crm
base: ${BASE}
subscribers:
  open: /who?sku={sku}
  proof: {heading: Waiting}
  rows: {css: "table tbody tr"}
  key: id
  empty: {text: Nobody}
  next: none
  columns:
    id:       {header: No}
    customer: {header: Name}
    email:    {header: E-mail}
`

// bazaar is a shop of which everything comes back at once, and whose CRM shows who waits product by product.
type bazaar struct {
	products int
	back     atomic.Bool
	fails    atomic.Int32 // so many pages of the CRM are answered with an error
}

func (z *bazaar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var b strings.Builder
	if sku := r.FormValue("sku"); sku != "" {
		if z.fails.Add(-1) >= 0 {
			http.Error(w, "too much", http.StatusInternalServerError)
			return
		}
		time.Sleep(50 * time.Millisecond) // a real server
		for i := range 3 {
			fmt.Fprintf(&b, "<tr><td>%s/%d</td><td>Customer %d</td><td>c%d.%s@example.com</td></tr>", sku, i, i, i, strings.ToLower(sku))
		}
		fmt.Fprintf(w, `<!doctype html><h1>Waiting</h1><table><thead><tr><th>No</th><th>Name</th><th>E-mail</th></tr></thead><tbody>%s</tbody></table>`, b.String())
		return
	}
	n := 0
	if z.back.Load() {
		n = 5
	}
	for i := range z.products {
		fmt.Fprintf(&b, "<tr><td>S-%05d</td><td>%d</td></tr>", i, n)
	}
	fmt.Fprintf(w, `<!doctype html><h1>Stock</h1><p class="count">page 1 of %d</p><table><thead><tr><th>SKU</th><th>On hand</th></tr></thead><tbody>%s</tbody></table>`, z.products, b.String())
}

// writes is a CRM whose follow-ups are written.
type writes struct{ *flows.Sites }

func (writes) FollowUp(ctx context.Context, _ string, _ bot.Notification, intent func(context.Context) error) (bot.FollowUp, error) {
	return bot.FollowUp{State: bot.FollowUpWritten}, intent(ctx)
}

// accepts is a mail server that remembers to whom mail went.
type accepts struct {
	mu   sync.Mutex
	sent map[string]int
}

func (*accepts) Close() error { return nil }

func (a *accepts) Send(ctx context.Context, batch []bot.Notification, desk bot.Desk) {
	bot.Each(ctx, batch, desk, 1, func(ctx context.Context, n bot.Notification, leave func(context.Context) error) bot.Delivery {
		if err := leave(ctx); err != nil {
			return bot.Delivery{State: bot.Queued, Stop: true}
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.sent[n.Address]++
		return bot.Delivery{State: bot.Accepted}
	})
}

// TestWorkersWho: who waits for many products is read by several workers, and everybody is told who would be by one; a part that failed
// is read again, and what was read lies sealed in the store.
func TestWorkersWho(t *testing.T) {
	var want map[string]int
	for _, workers := range []int{1, 2} {
		z := &bazaar{products: 15}
		server := httptest.NewServer(z)
		t.Cleanup(server.Close)
		file, err := selectors.Load("ims.yaml", []byte(longFile))
		if err != nil {
			t.Fatal(err)
		}
		who, err := selectors.Load("crm.yaml", []byte(whoFile))
		if err != nil {
			t.Fatal(err)
		}
		sites := func() *flows.Sites {
			s := &flows.Sites{
				Files: map[string]*selectors.Site{"ims": file, "crm": who}, Guard: guard(), Zone: time.UTC, Now: time.Now,
				Values: selectors.Values{Env: func(string) (string, bool) { return server.URL, true }},
				NewPage: func(ctx context.Context, _ *selectors.Site) (flows.Page, error) {
					return one.get(t).NewPage(ctx, browser.PageOptions{})
				},
			}
			t.Cleanup(func() { _ = s.Close() })
			return s
		}
		store := &sealedParts{Memory: &statetest.Memory{}, t: t}
		ledger := bot.NewLedger(store, time.Now)
		if ledger.Vault, err = bot.NewVault([]byte("a secret of sixteen or more")); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		if workers > 1 {
			w := &bot.Worker{Ledger: ledger, Name: "worker 2", Now: time.Now, Say: t.Logf, Sites: func(context.Context, bot.Shard) (bot.Divider, func() error, error) {
				s := sites()
				return s, s.Close, nil
			}}
			all.Go(func() { w.Run(ctx) })
		}
		mail := &accepts{sent: map[string]int{}}
		b := &bot.Bot{
			Ledger: ledger, Sites: writes{sites()}, Senders: map[bot.Channel]bot.Sender{bot.Email: mail}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
		}
		job := bot.Job{Name: "shop", IMS: "ims", CRM: "crm", Workers: workers, Policy: bot.Policy{Channels: []bot.Channel{bot.Email}, Life: time.Hour, Guards: bot.Guards{Restocks: 100}}}
		if _, err := b.Do(ctx, job, bot.NewRun("shop", "test", time.Now())); err != nil {
			t.Fatal(err)
		}
		z.back.Store(true)
		z.fails.Store(int32(workers - 1))
		run, err := b.Do(ctx, job, bot.NewRun("shop", "test", time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		stop()
		all.Wait()
		if len(mail.sent) != 45 || run.Subscriptions != 45 || run.Accepted[bot.Email] != 45 {
			t.Errorf("%d workers: %d told, %d wait, %v accepted", workers, len(mail.sent), run.Subscriptions, run.Accepted)
		}
		if workers == 1 {
			want = mail.sent
			continue
		}
		if !maps.Equal(mail.sent, want) {
			t.Errorf("two workers told others: %d", len(mail.sent))
		}
		if text := run.Steps[len(run.Steps)-1].Text; text != "read who waits for 15 products by 2 worker(s): 45 wait; the run's own; worker 2" {
			t.Errorf("%q", text)
		}
		if store.parts < 3 {
			t.Errorf("%d parts", store.parts)
		}
	}
}

// sealedParts sees that no customer lies open among the parts.
type sealedParts struct {
	*statetest.Memory
	t     *testing.T
	mu    sync.Mutex
	parts int
}

func (s *sealedParts) Apply(ctx context.Context, list ...bot.Write) ([]bot.Outcome, error) {
	for _, w := range list {
		if w.Table == bot.Parts && w.Value != nil {
			s.mu.Lock()
			s.parts++
			s.mu.Unlock()
			if strings.Contains(string(w.Value), "example.com") {
				s.t.Error("a customer's address lies open in the store")
			}
		}
	}
	return s.Memory.Apply(ctx, list...)
}
