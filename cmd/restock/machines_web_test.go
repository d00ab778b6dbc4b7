package main

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/report"
	"restock/state"
	"restock/state/freeport"
	"restock/state/natstest"
)

// peer is one of several machines that share a state.
type peer struct {
	*workshop
	address string // of its listener for customers
}

// inCluster keeps the state of the shop on servers.
func (s *shop) inCluster(c *natstest.Cluster, more string) {
	s.t.Helper()
	s.must(state.Create(s.t.Context(), c.Address("shared")))
	var servers, monitors []string
	for i := range c.Servers {
		servers = append(servers, fmt.Sprintf("nats://127.0.0.1:%d", c.Ports[3*i+1]))
		monitors = append(monitors, fmt.Sprintf("http://127.0.0.1:%d", c.Ports[3*i+2]))
	}
	s.edit("restock.yaml", "jobs:\n", fmt.Sprintf("cluster: {name: shared, replicas: %d, servers: [%s], monitors: [%s]}\n%sjobs:\n", len(servers), strings.Join(servers, ", "), strings.Join(monitors, ", "), more))
}

// newPeers are so many machines of one shop on three servers, with their listeners open.
func newPeers(t *testing.T, s *shop, more string, n int) (list []peer) {
	t.Helper()
	s.inCluster(natstest.Start(t, 3, false), more)
	var serving sync.WaitGroup
	t.Cleanup(serving.Wait)
	for range n {
		w, err := s.open()
		s.must(err)
		t.Cleanup(func() { _ = w.close() })
		p := peer{w, freeport.Address(t)}
		w.config.Public.Listen = p.address
		ctx, stop := context.WithCancel(context.Background())
		t.Cleanup(stop)
		serve, err := w.listen(ctx)
		s.must(err)
		serving.Go(serve)
		list = append(list, p)
	}
	return list
}

// at does something on each machine at the same time.
func at(t *testing.T, peers []peer, do func(p peer) error) {
	t.Helper()
	var all sync.WaitGroup
	for _, p := range peers {
		all.Go(func() {
			if err := do(p); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestPeers: of several machines, each takes clicks and sign-ups, and none is counted twice or lost; what is told to operators and
// customers, by whichever machine, is told once; and all report the same.
func TestPeers(t *testing.T) {
	t.Parallel()
	s := emptyShop(t, quick)
	peers := newPeers(t, s, "alerts: {ops: [ops@austral-outdoors.example], digest: \"00:00\", repeat: 3}\npublic: {listen: \"127.0.0.1:1\", url: \"http://127.0.0.1:1\", signup: {confirm: true}}\n", 3)
	sku := s.world.Products()[5].SKU
	told := time.Now().Add(-time.Hour)
	var plan []bot.Notification
	for i := range 10 {
		plan = append(plan, bot.Notification{
			Key: bot.Key("restock", sku, 1, fmt.Sprint(i)), Job: "restock", Run: "20261126-000000-abcdef", State: bot.Accepted, Channel: bot.Email, Address: fmt.Sprintf("c%d@example.com", i),
			Restock: bot.Restock{Job: "restock", SKU: sku, Number: 1, Opened: told}, Changes: []bot.Change{{At: told, To: bot.Accepted}}, Subscription: bot.Subscription{ID: fmt.Sprint(i), SKU: sku},
		})
	}
	s.must(peers[0].ledger.Commit(t.Context(), bot.Comparison{}, plan))
	stock := func(a bot.Availability) {
		level := bot.Level{StockLevel: bot.StockLevel{SKU: sku, Name: "Tent", Availability: a}, Episode: 1, Open: a == bot.In}
		s.must(peers[0].ledger.SaveLevels(t.Context(), "restock", bot.Comparison{Levels: []bot.Level{level}}))
	}
	stock(bot.In)
	t.Run("clicks", func(t *testing.T) { clicksAtPeers(t, s, peers, plan) })
	stock(bot.Out)
	t.Run("sign-ups", func(t *testing.T) { signUpsAtPeers(t, s, peers, sku) })
	t.Run("alerts", func(t *testing.T) { alertsAtPeers(t, s, peers) })
	t.Run("control", func(t *testing.T) { controlAtPeers(t, s, peers) })
	t.Run("reports", func(t *testing.T) {
		var first report.Report
		for i, p := range peers {
			o := p.reportOn("day", "")
			o.From, o.To, o.Now = told.Add(-48*time.Hour), told.Add(48*time.Hour), told
			r, err := report.Build(t.Context(), p.ledger, o)
			s.must(err)
			if i == 0 {
				first = r
			}
			if !reflect.DeepEqual(r, first) {
				t.Errorf("machine %d reports\n%+v, the first one\n%+v", i+1, r, first)
			}
		}
		if first.Told != len(plan) || first.AllClicks == 0 {
			t.Errorf("%+v", first.Figures)
		}
	})
}

// clicksAtPeers follows each link many times, at all machines at the same time.
func clicksAtPeers(t *testing.T, s *shop, peers []peer, plan []bot.Notification) {
	const each = 12
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	at(t, peers, func(p peer) error {
		for range each {
			for _, n := range plan {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.address+"/r/"+p.ledger.Vault.Link(n.Key, bot.ProductLink), nil)
				if err != nil {
					return err
				}
				req.Header.Set("User-Agent", personAgent+" "+p.address)
				res, err := client.Do(req)
				if err != nil {
					return err
				}
				_ = res.Body.Close()
				if res.StatusCode != http.StatusFound {
					return fmt.Errorf("a link was answered with %d", res.StatusCode)
				}
			}
		}
		return nil
	})
	want := len(peers) * each
	for _, n := range plan {
		deadline := time.Now().Add(10 * time.Second)
		for {
			c, err := peers[0].ledger.ClicksOf(t.Context(), n.Key)
			s.must(err)
			if len(c.Hits)+c.More == want {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d clicks are kept and %d more counted, expected %d together", n.Key, len(c.Hits), c.More, want)
			}
			time.Sleep(50 * time.Millisecond) // real listeners
		}
	}
}
