package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
)

// TestMain lets the test binary be restock itself: in scripts, and where a test kills it.
func TestMain(m *testing.M) {
	programs := map[string]func(){"restock": main, "deliverer": deliverer, "nats-node": natsNode}
	if programs[filepath.Base(os.Args[0])] == nil {
		flag.Parse()
		for name, value := range map[string]string{
			"test.parallel": "12",     // most tests here wait for a browser or a deadline, and not for the processor
			"test.timeout":  "10m50s", // a slow machine is given all the time that the go command gives: a minute more than it says
		} {
			if err := flag.Set(name, value); err != nil {
				panic(err)
			}
		}
	}
	testscript.Main(tidy{m}, programs)
}

// tidy leaves nothing of what the tests share.
type tidy struct{ m *testing.M }

func (t tidy) Run() int {
	code := t.m.Run()
	if err := os.RemoveAll(first.dir); err != nil {
		code = max(code, 1)
	}
	return code
}

// TestScripts runs the real program; each file is a story with its exact words.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", UpdateScripts: os.Getenv("UPDATE") != "", RequireExplicitExec: true})
}

// TestCommandDocs holds every verb to one style of help.
func TestCommandDocs(t *testing.T) {
	a := &app{stdout: os.Stdout, stderr: os.Stderr, getenv: os.LookupEnv}
	var check func(c *cobra.Command)
	check = func(c *cobra.Command) {
		short := c.Short
		topic := c.RunE == nil && c.Long != "" && !c.HasSubCommands() // a chapter of the manual
		if short == "" || strings.HasSuffix(short, ".") || !topic && (short[0] < 'A' || short[0] > 'Z') {
			t.Errorf("%s: %q: a capital, no period", c.CommandPath(), short)
		}
		if c.RunE != nil && c.Args == nil && c.Name() != "check" {
			t.Errorf("%s takes any arguments without a word", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			check(sub)
		}
	}
	root := a.root()
	root.Short = "Tell customers"
	check(root)
	for _, name := range []string{"runs", "ledger", "check", "schedule", "levels", "version", "run", "demo", "sessions", "doctor"} {
		c, _, err := root.Find([]string{name})
		if err != nil || c.Flags().Lookup("json") == nil {
			t.Errorf("%s reads, but has no --json: %v", name, err)
		}
	}
}
