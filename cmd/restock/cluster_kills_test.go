package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"restock/bot"
	"restock/flows/flowtest"
)

// manyKills tells many customers while each machine and each server is killed in turn, and comes back.
func (f *fleet) manyKills(customers, rounds int) {
	f.t.Helper()
	sku := f.world.Products()[5].SKU
	for i := range customers {
		f.world.AddRequest(flowtest.Request{SKU: sku, Customer: fmt.Sprintf("Customer %d", i), Consent: true, Email: fmt.Sprintf("m%d@example.com", i), Contact: "E-mail"})
	}
	f.must(f.world.Restock(sku, 2*customers))
	for _, dir := range []string{f.dir, f.machine(1), f.machine(2), f.machine(3)} {
		path := filepath.Join(dir, "restock.yaml")
		data, err := os.ReadFile(path)
		f.must(err)
		f.must(os.WriteFile(path, []byte(strings.Replace(string(data), "jobs:\n", "limits: {run: 0, hour: 0, day: 0}\njobs:\n", 1)), 0o600))
	}
	for i := 1; i <= 3; i++ {
		f.daemon(i)
	}
	f.must(f.command("cluster", "status", "--config", f.dir).Run())
	began := time.Now()
	f.start("m0", f.command("run", "--config", f.dir))
	victims := []string{"m1", "n1", "m2", "n2", "m3", "n3"}
	for k := range rounds * len(victims) {
		name := victims[k%len(victims)]
		before := f.told()
		f.until(fmt.Sprintf("kill %d", k), 5*time.Minute, func() bool { return f.told() >= before+customers/(3*rounds*len(victims)) || f.told() >= customers })
		f.kill(name)
		if k == 0 {
			f.kill("m0")
		}
		f.t.Logf("%s: %d told; killed %s", time.Since(began).Round(time.Second), f.told(), name)
		time.Sleep(3 * time.Second)
		i, _ := strconv.Atoi(name[1:])
		if name[0] == 'n' {
			f.server(i - 1)
		} else {
			f.daemon(i)
		}
	}
	f.until("all are told", 20*time.Minute, func() bool { return f.told() >= customers-100 && f.settledSends() })
	for i := 1; i <= 3; i++ {
		f.kill(fmt.Sprint("m", i))
	}
	for _, wrong := range f.model() {
		f.t.Error(wrong)
	}
	f.t.Logf("%s: %d told, %d ambiguous", time.Since(began).Round(time.Second), f.told(), count(f.shop, bot.Ambiguous))
}

// settledSends reports whether no message is on its way any more.
func (f *fleet) settledSends() bool {
	if time.Since(f.looked) < 5*time.Second { // it reads the whole ledger
		return false
	}
	f.looked = time.Now()
	n := 0
	for _, one := range f.ledger() {
		if one.State == bot.Accepted || one.State == bot.Ambiguous || one.State == bot.Suppressed {
			n++
		} else {
			return false
		}
	}
	return n > 0
}

// quiet reports whether nothing is left to do, and nobody is at work.
func (f *fleet) quiet() bool {
	for _, n := range f.ledger() {
		if n.State != bot.Accepted && n.State != bot.Ambiguous && n.State != bot.Suppressed || n.State == bot.Accepted && n.FollowUp.State != bot.FollowUpWritten {
			return false
		}
	}
	return true
}

// seesEvidence: what a run left that failed on one machine is seen on another one.
func (f *fleet) seesEvidence() {
	f.t.Helper()
	path := filepath.Join(f.machine(1), "sites", "ims.yaml")
	text, err := os.ReadFile(path)
	f.must(err)
	f.must(os.WriteFile(path, []byte(strings.Replace(string(text), "header: On hand", "header: Available", 1)), 0o600))
	var run struct {
		ID string `json:"run"`
	}
	var said strings.Builder
	var out []byte
	f.until("the job is free: a machine may have been killed that had it", time.Minute, func() bool {
		cmd := f.command("run", "--json", "--config", f.machine(1))
		said.Reset()
		cmd.Stderr = &said
		out, err = cmd.Output()
		ended, failed := errors.AsType[*exec.ExitError](err)
		return !failed || ended.ExitCode() != 5
	})
	if err == nil {
		f.t.Fatal("the run with the broken file did not fail")
	}
	if err := json.Unmarshal(out, &run); err != nil || run.ID == "" {
		f.t.Fatalf("%v: %s\n%s", err, out, said.String())
	}
	page := filepath.Join(f.machine(3), "data", "runs", run.ID, "evidence.html")
	if out, err = f.command("runs", "show", run.ID, "--config", f.machine(3)).CombinedOutput(); err != nil {
		f.t.Fatalf("%v: %s", err, out)
	}
	if !strings.Contains(string(out), "evidence: "+page) {
		f.t.Errorf("the other machine shows\n%s", out)
	}
	if data, err := os.ReadFile(page); err != nil || !strings.Contains(string(data), "Available") || !strings.Contains(string(data), "data:image/png") {
		f.t.Errorf("%v: %.200s", err, data)
	}
	if pictures, _ := filepath.Glob(filepath.Join(filepath.Dir(page), "*", "screenshot.png")); len(pictures) != 1 {
		f.t.Errorf("pictures: %v", pictures)
	}
}
