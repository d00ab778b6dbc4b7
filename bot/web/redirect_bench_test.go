package web

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"restock/bot"
	"restock/state"
)

// BenchmarkRedirect follows links over TCP, on a real state on disk, with the clicks written down meanwhile; the load generator is on the
// same machine. It prints requests per second and the 99th percentile of the time of one.
func BenchmarkRedirect(b *testing.B) {
	address := "bolt://" + filepath.Join(b.TempDir(), "data")
	if err := state.Create(b.Context(), address); err != nil {
		b.Fatal(err)
	}
	store, err := state.Open(b.Context(), address, state.Daemon)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	const messages, clients = 2000, 24
	r := newRedirects(b, store, messages)
	defer r.stop()
	server := httptest.NewServer(r.h)
	defer server.Close()
	tokens := make([]string, messages/2)
	for i := range tokens {
		tokens[i] = r.token(2*i, bot.ProductLink)
	}
	var mu sync.Mutex
	var all []time.Duration
	next := 0
	b.ResetTimer()
	var load sync.WaitGroup
	for range clients {
		load.Go(func() {
			client := newFollower()
			var own []time.Duration
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= b.N {
					break
				}
				began := time.Now()
				if err := client.follow(server.URL + "/r/" + tokens[i%len(tokens)]); err != nil {
					b.Error(err)
					break
				}
				own = append(own, time.Since(began))
			}
			mu.Lock()
			all = append(all, own...)
			mu.Unlock()
		})
	}
	load.Wait()
	b.StopTimer()
	slices.Sort(all)
	if len(all) > 0 {
		b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "req/s")
		b.ReportMetric(float64(all[(len(all)*99+99)/100-1].Microseconds())/1000, "p99-ms")
	}
	if err := r.d.Clicks.Sync(b.Context()); err != nil {
		b.Fatal(err)
	}
	counted := 0
	for c, err := range r.ledger.Clicked(context.Background()) {
		if err != nil {
			b.Fatal(err)
		}
		counted += c.All()
	}
	if counted != b.N && b.N > 1 {
		b.Logf("%d requests, %d counted", b.N, counted)
	}
}

type follower struct{ http.Client }

func newFollower() *follower {
	return &follower{http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{MaxIdleConnsPerHost: 1, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext},
	}}
}

func (c *follower) follow(url string) error {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", person)
	res, err := c.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusFound {
		return errors.New(res.Status)
	}
	return nil
}
