package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"restock/bot"
	"restock/flows/flowtest"
	"restock/state"
	"restock/state/journal"
)

// crash drives a deliverer that is killed again and again, and knows what the other side got.
type crash struct {
	t     testing.TB
	dir   string
	world *flowtest.World
	crm   *httptest.Server

	mu      sync.Mutex
	records map[string]string // in the CRM
	saves   map[string]int
	cmd     *exec.Cmd
	kills   int
	waiting int
}

// newCrash makes a ledger in which a product is out that so many customers wait for.
func newCrash(t testing.TB, messages int) *crash {
	t.Helper()
	w, err := flowtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	c := &crash{t: t, dir: t.TempDir(), world: w, waiting: messages, records: map[string]string{}, saves: map[string]int{}}
	c.crm = httptest.NewServer(http.HandlerFunc(c.serveCRM))
	t.Cleanup(c.crm.Close)
	address := "bolt://" + filepath.Join(c.dir, "data")
	if err := state.Create(context.Background(), address); err != nil {
		t.Fatal(err)
	}
	ledger, end := c.ledger()
	defer end()
	level := bot.Level{StockLevel: bot.StockLevel{SKU: "TEE-M", Availability: bot.Out}, ReadAt: time.Now().Add(-time.Hour)}
	comparison := bot.Comparison{Levels: []bot.Level{level}}
	if err := ledger.SaveLevels(t.Context(), "shop", comparison); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *crash) serveCRM(w http.ResponseWriter, r *http.Request) {
	id := strings.Trim(r.URL.Path, "/")
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Method == http.MethodPost {
		c.records[id] = string(body)
		c.saves[id]++
	}
	_, _ = io.WriteString(w, c.records[id])
}

func (c *crash) ledger() (*bot.Ledger, func()) {
	c.t.Helper()
	store, err := state.Open(context.Background(), "bolt://"+filepath.Join(c.dir, "data"), state.Runner)
	if err != nil {
		c.t.Fatal(err)
	}
	l := bot.NewLedger(store, time.Now)
	l.Journals = journal.In(filepath.Join(c.dir, "journal"))
	if l.Vault, err = bot.NewVault([]byte("a secret of these tests")); err != nil {
		c.t.Fatal(err)
	}
	return l, func() { _ = store.Close() }
}

// command makes a deliverer. point is where it kills itself, or "".
func (c *crash) command(lines int, point string) *exec.Cmd {
	c.t.Helper()
	program, err := exec.LookPath("deliverer") // the test binary under that name: see TestMain
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "DELIVER_DIR="+c.dir, "DELIVER_MAIL="+c.world.Mail.Addr(), "DELIVER_SMS="+c.world.SMS.Server.URL, "DELIVER_CRM="+c.crm.URL,
		"DELIVER_LINES="+strconv.Itoa(lines), "DELIVER_WAITING="+strconv.Itoa(c.waiting), "DELIVER_KILL="+point)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd
}

// start begins a deliverer.
func (c *crash) start(lines int, point string) *exec.Cmd {
	c.t.Helper()
	cmd := c.command(lines, point)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.cmd = cmd
	return cmd
}

func (c *crash) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.cmd.Process.Kill()
}

// live lets a deliverer live until it ends or is killed, and reports whether it was.
func (c *crash) live(cmd *exec.Cmd) bool {
	c.t.Helper()
	err := cmd.Wait()
	killed := cmd.ProcessState != nil && !cmd.ProcessState.Exited()
	if err != nil && !killed {
		c.t.Fatalf("%v: %s", err, cmd.Stderr)
	}
	if killed {
		c.kills++
	}
	return killed
}

// check compares the ledger with what the other side got, after a life that nobody ended.
func (c *crash) check(maxAmbiguous int) {
	c.t.Helper()
	c.world.Mail.Verdict(nil)
	c.world.SMS.Answer(nil)
	for range 2 {
		if c.live(c.start(2, "")) {
			c.t.Fatal("it was killed, and nobody did so")
		}
	}
	got := map[string]int{}
	for _, l := range c.world.Mail.Accepted() {
		got[l.Header.Get("X-Restock-Notification")]++
	}
	texts := map[string]int{}
	for _, s := range c.world.SMS.Sent() {
		texts[s.To]++
	}
	ledger, end := c.ledger()
	defer end()
	states, saved := map[bot.State]int{}, 0
	for n, err := range ledger.All(context.Background()) {
		if err != nil {
			c.t.Fatal(err)
		}
		delivered := got[n.Key]
		if n.Channel == bot.SMS {
			delivered = texts[n.Address]
		}
		states[n.State]++
		saved += c.saves[n.Subscription.ID]
		switch {
		case delivered > 1:
			c.t.Errorf("%s was delivered %d times: %v", n.Key, delivered, n.Changes)
		case n.State == bot.Accepted && delivered != 1, n.State != bot.Accepted && n.State != bot.Ambiguous:
			c.t.Errorf("%s is %s, delivered %d times: %v", n.Key, n.State, delivered, n.Changes)
		case n.State == bot.Accepted && n.FollowUp.State != bot.FollowUpWritten, c.saves[n.Subscription.ID] > 1, n.State != bot.Accepted && c.saves[n.Subscription.ID] > 0:
			c.t.Errorf("%s is %s, its follow-up %s, saved %d times", n.Key, n.State, n.FollowUp.State, c.saves[n.Subscription.ID])
		}
	}
	all := 0
	for _, n := range states {
		all += n
	}
	if all != c.waiting {
		c.t.Errorf("%d of %d customers are in the ledger", all, c.waiting)
	}
	if states[bot.Ambiguous] > maxAmbiguous {
		c.t.Errorf("%d ambiguous, at most %d expected", states[bot.Ambiguous], maxAmbiguous)
	}
	if left, err := filepath.Glob(filepath.Join(c.dir, "journal", "*")); err != nil || len(left) > 0 {
		c.t.Errorf("journals are left: %v, %v", left, err)
	}
	c.t.Logf("%d kills: %v, %d saved", c.kills, states, saved)
}

// TestKill also kills while messages leave by the thousand: at random times, and at the reply to a dot, where it hurts most. RESTOCK_LONG=1: 1,000 kills over 20,000 messages.
func TestKillDelivery(t *testing.T) {
	t.Parallel()
	kills, messages := 60, 1200
	if os.Getenv("RESTOCK_LONG") != "" {
		kills, messages = 1000, 20000
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 9))
	t.Logf("seed %d", seed)
	c := newCrash(t, messages)
	drops := 0
	for i := 0; c.kills < kills && i < 4*kills; i++ {
		after := 1 + random.IntN(messages/kills)
		stage := []string{"DOT", "DATA", "RCPT", "MAIL"}[random.IntN(4)]
		drop := i%50 == 49
		switch i % 3 {
		case 0: // some time
			c.world.Mail.Verdict(func(stage, _ string) error {
				if stage == "DOT" {
					time.Sleep(8 * time.Millisecond)
				}
				return nil
			})
			timer := time.AfterFunc(time.Duration(30+random.IntN(50))*time.Millisecond, c.kill)
			c.live(c.start(1, ""))
			timer.Stop()
			continue
		default:
			c.world.Mail.Verdict(func(at, _ string) error {
				if at != stage {
					return nil
				}
				if after--; after == 0 {
					if drop && at == "DOT" {
						drop, after, drops = false, 3, drops+1
						return flowtest.ErrDropAccepted
					}
					c.kill()
				}
				return nil
			})
		}
		c.live(c.start(1, ""))
	}
	if c.kills < kills*9/10 {
		t.Errorf("%d kills of %d: the messages ran out", c.kills, kills)
	}
	c.check(c.kills + drops)
}

// inFlight is how many messages can be without an answer when the process dies: one for each connection.
const inFlight = 1 + 2

// TestFailpoints kills the process before and after everything that it does to the outside, the first time, the second and so
// on, and once more in the recovery from it.
func TestFailpoints(t *testing.T) {
	rounds := 2
	if os.Getenv("RESTOCK_LONG") != "" {
		rounds = 5
	}
	for _, name := range points() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reached := false
			c := newCrash(t, 60)
			if strings.HasPrefix(name, "store/queued") || strings.HasPrefix(name, "store/ambiguous") || strings.HasPrefix(name, "journal/remove") { // recovery
				c.live(c.start(1, "smtp/dot/after:9"))
			}
			for round := range rounds {
				reached = c.live(c.start(1, fmt.Sprintf("%s:%d", name, 1+round*round))) || reached
				if round > 0 {
					c.live(c.start(1, "store/queued/after:1")) // in the recovery
				}
			}
			if !reached {
				t.Errorf("the point was never reached")
			}
			c.check(c.kills * inFlight)
		})
	}
}
