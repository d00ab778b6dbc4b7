package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/bot/config"
	"restock/flows/browser"
	"restock/selectors"
	"restock/state"
)

// diagnosis is one line of `restock doctor`.
type diagnosis struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Found string `json:"found"`
	Hint  string `json:"hint"` // "" where all is well
}

// doctor looks at everything that a run needs, without running anything.
type doctor struct {
	a      *app
	checks []diagnosis
	config *config.Config
	sites  map[string]*selectors.Site
}

func (a *app) doctorCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look at everything that a run needs, and say what is missing",
		Long: "Look at everything that a run needs: files, secrets, state, disk, browser and servers. Nothing is changed, nobody is\n" +
			"logged in. Exit code 0 when all is well, else 1.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.diagnose(c.Context()) },
	}
	return a.jsonFlag(c)
}

func (a *app) diagnose(ctx context.Context) error {
	d := &doctor{a: a}
	d.files()
	if d.config != nil {
		d.secrets()
		d.state(ctx)
		d.disk()
		d.servers(ctx)
	}
	d.browser(ctx)
	if a.json {
		if err := a.printJSON(map[string]any{"checks": d.checks}); err != nil {
			return err
		}
	} else {
		d.print()
	}
	if slices.ContainsFunc(d.checks, func(c diagnosis) bool { return !c.OK }) {
		return &silent{exitFailed}
	}
	return nil
}

func (d *doctor) add(name string, ok bool, found, hint string) {
	if ok {
		hint = ""
	}
	d.checks = append(d.checks, diagnosis{name, ok, bot.Clean(found), hint})
}

func (d *doctor) print() {
	t := tabwriter.NewWriter(d.a.stdout, 0, 0, 2, ' ', 0)
	for _, c := range d.checks {
		mark := "ok"
		if !c.OK {
			mark = "BAD"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", mark, c.Name, c.Found)
		if c.Hint != "" {
			fmt.Fprintf(t, "\t\t→ %s\n", c.Hint)
		}
	}
	_ = t.Flush() // stdout is gone with us
}

func (d *doctor) files() {
	c, err := config.Load(d.a.config)
	if err != nil {
		d.add("configuration", false, firstLine(err), "`restock check` lists everything that is wrong in it; --config names another folder")
		return
	}
	d.config = c
	d.add("configuration", true, c.File, "")
	if d.sites, err = loadSites(c.Path(c.Sites)); err != nil {
		d.add("selector files", false, firstLine(err), "`restock check` lists everything that is wrong in them")
		return
	}
	for _, job := range c.Jobs {
		if err := missingFlows(c, job, d.sites).Err(); err != nil {
			d.add("selector files", false, firstLine(err), "add the flow, or correct the job")
			return
		}
	}
	d.add("selector files", true, fmt.Sprintf("%d site(s)", len(d.sites)), "")
}

func firstLine(err error) string {
	line, _, more := strings.Cut(err.Error(), "\n")
	if more {
		line += " …"
	}
	return line
}

// secrets looks whether all that the files ask for is there, never at what it is.
func (d *doctor) secrets() {
	s := config.Secrets{Folder: d.config.Folder, Getenv: d.a.getenv}
	var missing, bad []string
	wanted := map[string]bool{}
	for _, name := range d.config.Secrets() {
		wanted[name] = true
	}
	for _, site := range d.sites {
		for _, name := range site.Secrets() {
			wanted[name] = true
		}
		for _, name := range site.Environment() {
			if _, ok := d.a.getenv(name); !ok {
				missing = append(missing, "${"+name+"}")
			}
		}
	}
	for name := range wanted {
		switch _, ok, err := s.Lookup(name); {
		case err != nil:
			bad = append(bad, err.Error())
		case !ok:
			missing = append(missing, "${secret:"+name+"}")
		}
	}
	slices.Sort(missing)
	switch {
	case len(bad) > 0:
		d.add("secrets", false, strings.Join(bad, "; "), "a secret that others can read is none: change it, and the file's mode")
	case len(missing) > 0:
		d.add("secrets", false, "missing: "+strings.Join(missing, ", "), "put each secret into secrets/NAME beside restock.yaml (mode 0600), and set each variable")
	default:
		d.add("secrets", true, fmt.Sprintf("all %d are there", len(wanted)), "")
	}
}

func (d *doctor) state(ctx context.Context) {
	folder := d.config.Path(d.config.Data)
	if info, err := os.Stat(folder); err == nil && info.Mode().Perm()&0o077 != 0 {
		d.add("data folder", false, fmt.Sprintf("%s can be read by others (mode %04o)", folder, info.Mode().Perm()), "run `chmod 700 "+folder+"`")
	} else {
		d.add("data folder", err == nil, folder, "run `restock init .`, or correct data: in restock.yaml")
	}
	store, err := d.a.workshop(d.config).state(ctx, state.Reader)
	if err != nil {
		d.add("state", false, firstLine(err), "restore a backup, or run `restock init .` for a new installation")
		return
	}
	defer store.Close()
	d.cluster(ctx, store)
	ledger := bot.NewLedger(store, d.a.now)
	n, ambiguous := 0, 0
	for one, err := range ledger.All(ctx) {
		if err != nil {
			d.add("state", false, firstLine(err), "restore a backup")
			return
		}
		n++
		if one.State == bot.Ambiguous {
			ambiguous++
		}
	}
	d.add("state", true, fmt.Sprintf("%d notification(s), %d ambiguous", n, ambiguous), "")
	signIns, err := ledger.SignIns(ctx)
	if err != nil {
		d.add("log-ins", false, firstLine(err), "restore a backup")
		return
	}
	var refused []string
	for _, s := range signIns {
		if s.Refused != nil {
			refused = append(refused, s.Site+" on "+s.Refused.At.In(d.config.Location).Format("2006-01-02 15:04"))
		}
	}
	d.add("log-ins", len(refused) == 0, dash(strings.TrimPrefix("refused: "+strings.Join(refused, ", "), "refused: ")),
		"correct the secret; or, if it is right, run `restock sessions forget SITE`")
}

// servers looks whether the mail server lets us in, and at what mailbox providers want of a sender. Nothing is sent.
func (d *doctor) servers(ctx context.Context) {
	if d.config.SMTP == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, preflightLimit)
	defer cancel()
	w := &workshop{a: d.a, config: d.config, secrets: config.Secrets{Folder: d.config.Folder, Getenv: d.a.getenv}}
	checks, err := w.preflight(ctx)
	if err != nil {
		d.add("messages", false, firstLine(err), "correct what is named")
		return
	}
	for _, c := range checks {
		d.add(c.Name, c.OK, c.Found, c.Hint)
	}
}

func foundOr(err error, well string) string {
	if err != nil {
		return firstLine(err)
	}
	return well
}

// browser finds, judges and starts the browser as a run would.
func (d *doctor) browser(ctx context.Context) {
	path, profiles := "", ""
	if d.config != nil {
		path = d.config.Browser.Path
		if profiles = filepath.Join(d.config.Path(d.config.Data), "browser"); os.MkdirAll(profiles, 0o700) != nil {
			profiles = ""
		}
	}
	found, err := browser.Find(ctx, path)
	if err != nil {
		d.add("browser", false, firstLine(err), "run `restock browser install`")
		return
	}
	d.add("browser", true, found.Path+"  "+found.Version, "")
	version, ok := browser.CheckVersion(found.Version, d.a.now())
	d.add("browser version", ok, version, "update the browser")
	orphans, stale := browser.Orphans(), browser.Stale(profiles)
	d.add("orphans", true, fmt.Sprintf("%d process(es) of killed runs; the next run ends them", orphans), "")
	d.add("profiles", true, fmt.Sprintf("%d left by killed runs; the next run removes them", stale), "")
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	g := &browser.Governor{Options: browser.Options{Path: found.Path, Profile: profiles}}
	started := time.Now()
	p, err := g.Page(ctx, browser.PageOptions{})
	if err != nil {
		d.add("browser start", false, firstLine(errors.Join(err, g.Close())), "`restock browser install` installs one that works on this machine")
		return
	}
	d.add("browser start", true, fmt.Sprintf("answers after %s", time.Since(started).Round(time.Millisecond)), "")
	sandbox, ok := g.Sandboxed()
	d.add("sandbox", ok, sandbox, "install the package chromium-sandbox, or allow user namespaces")
	probe := p.Open(ctx, "about:blank")
	if probe == nil {
		_, probe = p.See(ctx, selectors.Condition{Visible: &selectors.Element{Alternatives: []selectors.Target{{CSS: "body"}}}})
	}
	d.add("page engine", probe == nil, foundOr(probe, "works in this browser"), "use another browser, and report this one with its version")
	err = errors.Join(p.Close(), g.Close())
	left := browser.Processes(os.Getpid())
	d.add("browser end", err == nil && left == 0, foundOr(err, fmt.Sprintf("%d process(es) left", left)), "end them by hand, and report it")
}
