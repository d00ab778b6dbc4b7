package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// app is what a verb gets of the outside world.
type app struct {
	stdout, stderr io.Writer
	getenv         func(string) (string, bool)
	now            func() time.Time
	program        string // this one's file, to be started once more; "": it cannot be

	config  string // --config
	json    bool   // --json
	verbose bool   // --verbose
}

// Exit codes. They are part of the command line's contract.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitFindings = 3
	exitHeld     = 4
	exitLocked   = 5
)

// main runs a command line and returns the exit code. Results go to stdout, talk and errors to stderr.
func (a *app) main(ctx context.Context, args []string) int {
	a.stdout = &terminal{out: a.stdout}
	root := a.root()
	root.SetArgs(args)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if quiet, ok := errors.AsType[*silent](err); ok {
		return quiet.code
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		a.say("restock: %s", line)
	}
	return exitCode(err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "restock",
		Short: "Tell customers when a product is back in stock",
		Long: "restock reads stock levels and waiting customers in the web pages of an inventory system and a CRM,\n" +
			"tells each customer once by e-mail or SMS when a product is back, and writes the follow-up into the CRM.\n\n" +
			"Exit codes: 0 done, 1 failed, 2 wrong usage, 3 findings (check), 4 held for a person, 5 in use by another process.",
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.PersistentFlags().StringVarP(&a.config, "config", "c", ".", "restock.yaml, or the folder it is in")
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "Log every notification and follow-up")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usagef("%w; see `%s --help`", err, c.CommandPath())
	})
	root.AddCommand(
		a.demoCommand(), a.initCommand(), a.runCommand(), a.serveCommand(), a.checkCommand(), a.pagesCommand(), a.schemaCommand(), a.importCommand(), a.contractCommand(), a.scheduleCommand(),
		a.runsCommand(), a.ledgerCommand(), a.reportCommand(), a.ordersCommand(), a.signUpsCommand(), a.snippetCommand(), a.passwordCommand(), a.suppressionsCommand(), a.forgetCommand(), a.previewCommand(), a.levelsCommand(), a.otpCommand(), a.sessionsCommand(), a.doctorCommand(),
		a.backupCommand(), a.restoreCommand(), a.adoptCommand(), a.compactCommand(), a.clusterCommand(), a.migrateCommand(), a.browserCommand(), a.versionCommand(), a.stateCheckCommand(),
	)
	chapters := topics()
	root.AddCommand(chapters...)
	root.SetHelpCommand(helpCommand(chapters))
	for _, c := range root.Commands() {
		a.strictArgs(c)
	}
	return root
}

// strictArgs makes a wrong number of arguments a usage error.
func (a *app) strictArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usagef("%w; see `%s --help`", err, c.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		a.strictArgs(sub)
	}
}

// jsonFlag gives a verb that reads the flag --json.
func (a *app) jsonFlag(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&a.json, "json", false, "Print one JSON object")
	return c
}

// printJSON writes a result for programs.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// say writes talk.
func (a *app) say(format string, args ...any) {
	fmt.Fprintln(&terminal{out: a.stderr}, fmt.Sprintf(format, args...))
}

// print writes a result for people.
func (a *app) print(format string, args ...any) { fmt.Fprintf(a.stdout, format+"\n", args...) }

// log returns the logger: warnings, and with --verbose everything.
func (a *app) log() *slog.Logger {
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level}))
}
