package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"restock/bot"
	"restock/flows/flowtest"
)

// patient is restock as a process of its own, working in the sample company.
type patient struct {
	*shop
	mu  sync.Mutex
	cmd *exec.Cmd
}

func newPatient(t *testing.T) *patient {
	t.Helper()
	return &patient{shop: emptyShop(t, "")}
}

// start begins a run.
func (p *patient) start() *exec.Cmd {
	p.t.Helper()
	program, err := exec.LookPath("restock") // the test binary under that name: see TestMain
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(program, "run", "--config", p.dir)
	cmd.Env = append(os.Environ(), "IMS_URL="+p.world.IMS.URL, "CRM_URL="+p.world.CRM.URL)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.cmd = cmd
	return cmd
}

// kill is kill -9, if the run has not ended already.
func (p *patient) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
	}
}

// finish runs to the end.
func (p *patient) finish() {
	p.t.Helper()
	cmd := p.start()
	if err := cmd.Wait(); err != nil {
		p.t.Fatalf("a run that nobody killed: %v\n%s", err, cmd.Stderr)
	}
}

// TestKill kills runs at random moments, some of them right before a message is accepted and right before the CRM saves,
// and starts them again: nobody is lost, nobody is told twice, and whoever may have been told is listed as ambiguous.
// RESTOCK_LONG=1: 50 kills and 200 notifications.
func TestKill(t *testing.T) {
	t.Parallel()
	kills, customers := 9, 24
	if os.Getenv("RESTOCK_LONG") != "" {
		kills, customers = 50, 200
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 7))
	t.Logf("seed %d, %d kills, %d notifications", seed, kills, customers)

	p := newPatient(t)
	p.finish() // learns
	sku := p.world.Products()[5].SKU
	for i := range customers {
		r := flowtest.Request{SKU: sku, Customer: fmt.Sprintf("Customer %d", i), Consent: true, Email: fmt.Sprintf("k%d@example.com", i), Contact: "E-mail"}
		if i%3 == 2 {
			r.Email, r.Phone, r.Contact = "", fmt.Sprintf("+61 491 572 %03d", i), "SMS"
		}
		p.world.AddRequest(r)
	}
	if err := p.world.Restock(sku, 500); err != nil {
		t.Fatal(err)
	}
	for i := range kills {
		disarm := p.arm(i, random)
		cmd := p.start()
		_ = cmd.Wait() // killed, or done before
		disarm()
	}
	p.world.Mail.Verdict(nil)
	p.world.Fault(nil)
	p.finish()
	p.finish()
	p.check(sku, kills)
}

// arm sets the moment of the next kill: a time, an accepted message, or a saved request. disarm ends a time that was longer
// than the run.
func (p *patient) arm(i int, random *rand.Rand) (disarm func()) {
	p.world.Mail.Verdict(nil)
	p.world.Fault(nil)
	after := random.IntN(6)
	switch i % 3 {
	case 0:
		delay := time.Duration(random.IntN(4000)) * time.Millisecond
		timer := time.AfterFunc(delay, p.kill)
		return func() { timer.Stop() }
	case 1:
		p.world.Mail.Verdict(func(stage, _ string) error {
			if stage == []string{"DOT", "DATA", "RCPT"}[i/3%3] {
				if after--; after < 0 {
					p.kill()
				}
			}
			return nil
		})
	case 2:
		p.world.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/requests/") {
				if after--; after < 0 {
					p.kill()
				}
			}
			return false
		})
	}
	return func() {}
}

// check compares the ledger with what the sinks saw. Each kill leaves at most one message of which nobody knows.
func (p *patient) check(sku string, kills int) {
	p.t.Helper()
	p.settled(sku)
	if n := count(p.shop, bot.Ambiguous); n > kills {
		p.t.Errorf("%d ambiguous after %d kills", n, kills)
	}
	p.t.Logf("%d mails, %d SMS, %d ambiguous, %d saves", len(p.world.Mail.Accepted()), len(p.world.SMS.Sent()), count(p.shop, bot.Ambiguous), len(p.world.Saves()))
}

// TestLocked: a second process of the same job is told who is at work, at once; reading verbs work meanwhile.
func TestLocked(t *testing.T) {
	p := newPatient(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	p.world.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/products" {
			once.Do(func() { close(arrived) })
			<-release
		}
		return false
	})
	first := p.start()
	<-arrived
	run := func(args ...string) (string, int) {
		program, err := exec.LookPath("restock")
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, append(args, "--config", p.dir)...)
		cmd.Env = append(os.Environ(), "IMS_URL="+p.world.IMS.URL, "CRM_URL="+p.world.CRM.URL)
		out, err := cmd.CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
			t.Fatal(err)
		} else if ok {
			return string(out), exit.ExitCode()
		}
		return string(out), 0
	}
	if out, code := run("run"); code != exitLocked || !strings.Contains(out, "is in use by process") {
		t.Errorf("a second run: exit %d, %s", code, out)
	}
	if out, code := run("runs"); code != exitDone || !strings.Contains(out, "running") {
		t.Errorf("runs meanwhile: exit %d, %s", code, out)
	}
	close(release)
	if err := first.Wait(); err != nil {
		t.Errorf("the first run: %v\n%s", err, first.Stderr)
	}
}
