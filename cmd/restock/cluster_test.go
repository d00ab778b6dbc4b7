package main

import (
	"encoding/json"
	"fmt"
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
	"restock/state/natstest"
)

// natsNode is one server of a cluster, as a process of its own: nats-node LAYOUT INDEX.
func natsNode() {
	var layout natstest.Layout
	i, err := strconv.Atoi(os.Args[2])
	if err == nil {
		err = json.Unmarshal([]byte(os.Args[1]), &layout)
	}
	if err == nil {
		err = layout.Serve(i)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// fleet is several machines that share a state: servers and daemons, each a process.
type fleet struct {
	*shop
	layout natstest.Layout
	mu     sync.Mutex
	procs  map[string]*exec.Cmd // n1…, m1…
	logs   map[string]*strings.Builder
	looked time.Time
}

// newFleet starts three servers and makes the folders of three machines. Nothing runs yet.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{shop: emptyShop(t, ""), procs: map[string]*exec.Cmd{}, logs: map[string]*strings.Builder{}}
	f.layout = natstest.Layout{Folder: t.TempDir(), Ports: natstest.Ports(t, 9)}
	t.Cleanup(func() {
		for name := range f.procs {
			f.kill(name)
		}
		if t.Failed() {
			for name, log := range f.logs {
				t.Logf("%s:\n%s", name, log)
			}
		}
	})
	for i := range 3 {
		f.server(i)
	}
	var servers, monitors []string
	for i := range 3 {
		servers = append(servers, fmt.Sprintf("nats://127.0.0.1:%d", f.layout.Ports[3*i+1]))
		monitors = append(monitors, fmt.Sprintf("http://127.0.0.1:%d", f.layout.Ports[3*i+2]))
	}
	f.edit("restock.yaml", "jobs:\n", fmt.Sprintf("cluster: {servers: [%s], monitors: [%s]}\njobs:\n", strings.Join(servers, ", "), strings.Join(monitors, ", ")))
	for ends := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) { // the servers find each other
		out, err := f.command("init", f.dir).CombinedOutput()
		if err == nil {
			break
		}
		if time.Now().After(ends) {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	f.must(f.command("run", "--config", f.dir).Run()) // learns, and makes the key of the state
	for i := 1; i <= 3; i++ {
		f.must(os.CopyFS(f.machine(i), os.DirFS(f.dir)))
		f.must(filepath.WalkDir(f.machine(i), func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				err = os.Chmod(path, 0o600)
			} else if err == nil {
				err = os.Chmod(path, 0o700)
			}
			return err
		}))
	}
	return f
}

// machine is the folder of a machine.
func (f *fleet) machine(i int) string { return filepath.Join(f.dir+"-machines", fmt.Sprint("m", i)) }

func (f *fleet) command(args ...string) *exec.Cmd {
	program, err := exec.LookPath("restock")
	f.must(err)
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "IMS_URL="+f.world.IMS.URL, "CRM_URL="+f.world.CRM.URL)
	return cmd
}

// start starts a process under a name.
func (f *fleet) start(name string, cmd *exec.Cmd) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.logs[name] == nil {
		f.logs[name] = &strings.Builder{}
	}
	cmd.Stdout, cmd.Stderr = f.logs[name], f.logs[name]
	f.must(cmd.Start())
	f.procs[name] = cmd
}

func (f *fleet) server(i int) {
	f.t.Helper()
	program, err := exec.LookPath("nats-node")
	f.must(err)
	layout, err := json.Marshal(f.layout)
	f.must(err)
	f.start(fmt.Sprint("n", i+1), exec.Command(program, string(layout), strconv.Itoa(i)))
}

func (f *fleet) daemon(i int) {
	f.t.Helper()
	f.start(fmt.Sprint("m", i), f.command("serve", "--config", f.machine(i)))
}

// kill is kill -9.
func (f *fleet) kill(name string) {
	f.mu.Lock()
	cmd := f.procs[name]
	delete(f.procs, name)
	f.mu.Unlock()
	if cmd != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// told is how many messages were accepted.
func (f *fleet) told() int { return len(f.world.Mail.Accepted()) + len(f.world.SMS.Sent()) }

// until waits for something that real processes do.
func (f *fleet) until(what string, limit time.Duration, done func() bool) time.Duration {
	f.t.Helper()
	began := time.Now()
	for !done() {
		if time.Since(began) > limit {
			states := map[bot.State]int{}
			for _, n := range f.ledger() {
				states[n.State]++
			}
			f.t.Logf("%d told; the ledger has %v", f.told(), states)
			f.t.Fatalf("%s: not within %s", what, limit)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(began)
}

// leader is the server that leads the state.
func (f *fleet) leader() string {
	f.t.Helper()
	var s struct {
		Members []struct {
			Name   string `json:"name"`
			Leader bool   `json:"leader"`
		} `json:"members"`
	}
	out, err := f.command("cluster", "status", "--json", "--config", f.dir).Output()
	f.must(err)
	f.must(json.Unmarshal(out, &s))
	for _, m := range s.Members {
		if m.Leader {
			return m.Name
		}
	}
	f.t.Fatalf("nobody leads: %s", out)
	return ""
}

// TestMachines: a machine is killed while it sends, another one goes on within a minute, and the server that leads the state is killed
// meanwhile. Nobody is lost, nobody is told twice, and whoever may have been told is listed. RESTOCK_LONG=1: then each of three
// machines and three servers is killed in turn, twice, while 20,000 are told.
func TestMachines(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	if os.Getenv("RESTOCK_LONG") != "" {
		f.manyKills(20000, 2)
		return
	}
	sku := f.world.Products()[5].SKU
	for i := range 40 {
		f.world.AddRequest(flowtest.Request{SKU: sku, Customer: fmt.Sprintf("Customer %d", i), Consent: true, Email: fmt.Sprintf("m%d@example.com", i), Contact: "E-mail"})
	}
	f.must(f.world.Restock(sku, 500))
	f.daemon(2)
	f.daemon(3)
	f.until("two machines", time.Minute, func() bool {
		out, _ := f.command("cluster", "status", "--config", f.dir).Output()
		return strings.Count(string(out), "schedule,browse,send,web") == 2
	})
	accepted := 0
	f.world.Mail.Verdict(func(stage, _ string) error {
		if stage == "DOT" {
			if accepted++; accepted == 8 {
				f.kill("m1")
			}
		}
		return nil
	})
	f.start("m1", f.command("run", "--config", f.machine(1)))
	f.until("the first machine was killed", time.Minute, func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.procs["m1"] == nil })
	before := f.told()
	t.Logf("%d told when the first machine was killed", before)
	took := f.until("another machine goes on", time.Minute, func() bool { return f.told() > before+1 })
	t.Logf("another machine went on after %s", took.Round(time.Second))
	f.kill(f.leader())
	f.until("all are told", 3*time.Minute, func() bool { return f.told() >= 44-3 && f.quiet() })
	for _, name := range []string{"m2", "m3"} {
		f.kill(name)
	}
	f.settled(sku)
	if n := count(f.shop, bot.Ambiguous); n > 4 {
		t.Errorf("%d ambiguous", n)
	}
	t.Logf("%d told, %d ambiguous", f.told(), count(f.shop, bot.Ambiguous))
	f.seesEvidence()
}
