package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"restock/bot"
)

// TestKilledListener kills the real program while it takes orders and clicks: each order that was answered is on disk after every
// kill, and of the clicks at most what came in the last moment is lost.
func TestKilledListener(t *testing.T) {
	t.Parallel()
	kills := 3
	if os.Getenv("RESTOCK_LONG") != "" {
		kills = 25
	}
	d := newDesk(t, "", "")
	d.edit("restock.yaml", `schedule: "*/15 * * * *"`, `schedule: "0 3 1 1 *"`)
	d.restock()
	if _, err := d.run(); err != nil {
		t.Fatal(err)
	}
	link := d.linkTo(d.world.Mail.Accepted()[0].To)
	program, err := exec.LookPath("restock")
	d.must(err)
	answered := map[string]bool{}
	clicks, late := 0, 0
	for round := range kills {
		cmd := exec.Command(program, "serve", "--config", d.dir)
		cmd.Env = append(os.Environ(), "IMS_URL="+d.world.IMS.URL, "CRM_URL="+d.world.CRM.URL)
		d.must(cmd.Start())
		d.awake()
		var mu sync.Mutex
		var load sync.WaitGroup
		var last []time.Time
		killed := make(chan struct{})
		for client := range 4 {
			load.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-killed:
						return
					default:
					}
					id := fmt.Sprintf("%d%d%04d", 1+round, client, i)
					if d.hook("orders/create", sampleOrder(id, "test", "false"), shopKey) == http.StatusOK {
						mu.Lock()
						answered[id] = true
						mu.Unlock()
					}
					req, _ := http.NewRequestWithContext(context.Background(), http.MethodHead, link, nil)
					if res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req); err == nil {
						_ = res.Body.Close()
						mu.Lock()
						clicks++
						last = append(last, time.Now())
						mu.Unlock()
					}
				}
			})
		}
		time.Sleep(time.Duration(300+100*round%400) * time.Millisecond)
		at := time.Now()
		d.must(cmd.Process.Kill())
		_ = cmd.Wait()
		close(killed)
		load.Wait()
		for _, when := range last {
			if at.Sub(when) < 3*bot.FlushEvery { // the commit itself takes a moment too
				late++
			}
		}
	}
	d.listen()
	defer d.stop()
	d.kept(answered)
	counted := 0
	for c, err := range d.w.ledger.Clicked(t.Context()) {
		d.must(err)
		counted += c.All()
	}
	if counted < clicks-late || counted > clicks+4*kills || len(answered) == 0 || clicks == 0 {
		t.Errorf("%d clicks were answered, %d of them right before a kill; %d are counted", clicks, late, counted)
	}
	t.Logf("%d kills: %d orders answered, all there; %d clicks answered, %d counted", kills, len(answered), clicks, counted)
}

// awake waits until the listener answers.
func (d *desk) awake() {
	d.t.Helper()
	for range 200 {
		if res, err := http.Get(d.address + "/"); err == nil && !strings.HasPrefix(res.Status, "5") {
			_ = res.Body.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	d.t.Fatal("the listener never answered")
}

// kept fails for each order that was answered and is not in the ledger.
func (d *desk) kept(answered map[string]bool) {
	d.t.Helper()
	found := map[string]bool{}
	for o, err := range d.w.ledger.AllOrders(d.t.Context()) {
		d.must(err)
		found[o.ID] = true
	}
	for id := range answered {
		if !found[id] {
			d.t.Errorf("order %s was answered, and is lost", id)
		}
	}
}
