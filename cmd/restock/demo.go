package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/flows/browser"
	"restock/flows/flowtest"
	"restock/state"
)

func (a *app) demoCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Do the whole job against a sample inventory system, CRM, shop, mail server and SMS gateway",
		Long: "Do the whole job in a real browser against sample systems on this machine: a first run learns the stock and tells\n" +
			"nobody, three products come back, a second run tells those who wait, a third one has nothing to do. Then the ledger\n" +
			"is compared with what the mail server, the gateway and the CRM saw. Nothing leaves this machine.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if dir == "" {
				var err error
				if dir, err = os.MkdirTemp("", "restock-demo-"); err != nil {
					return err
				}
			}
			return a.demo(c.Context(), dir)
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "Folder to work in; default: a new temporary one. It is kept")
	return a.jsonFlag(c)
}

// demonstration is what `demo --json` prints.
type demonstration struct {
	OK            bool                `json:"ok"`
	Folder        string              `json:"folder"`
	Seconds       float64             `json:"seconds"`
	Runs          []bot.Run           `json:"runs"`
	StockLevels   int                 `json:"stock_levels"`
	Restocks      int                 `json:"restocks"`
	Subscriptions int                 `json:"subscriptions"`
	Accepted      map[bot.Channel]int `json:"accepted"`
	Written       int                 `json:"written"`
	Suppressed    int                 `json:"suppressed"`
	Failed        int                 `json:"failed"`
	Ambiguous     int                 `json:"ambiguous"`
	Duplicates    int                 `json:"duplicates"`
	Sinks         sinks               `json:"sinks"`
	Differences   []string            `json:"differences"` // between the ledger and the sinks: none
}

// sinks are what the other side saw.
type sinks struct {
	SMTP int `json:"smtp"`
	SMS  int `json:"sms"`
	CRM  int `json:"crm"`
}

func (a *app) demo(ctx context.Context, dir string) error {
	found, err := (browser.Installer{Say: a.stderr}).Ensure(ctx, "")
	if err != nil {
		return err
	}
	a.say("browser: %s", found.Version)
	started := time.Now()
	world, err := flowtest.Start()
	if err != nil {
		return err
	}
	defer world.Close()
	a.say("sample systems: IMS %s  CRM %s  shop %s", world.IMS.URL, world.CRM.URL, world.Shop.URL)
	if err := a.demoFolder(dir, world); err != nil {
		return err
	}
	d := demonstration{Folder: dir, Accepted: map[bot.Channel]int{bot.Email: 0, bot.SMS: 0}}
	if err := a.demoRuns(ctx, world, &d); err != nil {
		return err
	}
	if err := a.compare(ctx, world, &d); err != nil {
		return err
	}
	d.Seconds = time.Since(started).Seconds()
	d.OK = len(d.Differences) == 0 && d.Duplicates == 0 && d.Failed == 0 && d.Ambiguous == 0 && d.Written > 0
	if a.json {
		err = a.printJSON(d)
	} else {
		a.printDemo(d)
	}
	if !d.OK {
		return errors.Join(err, fmt.Errorf("the ledger and the sample systems do not agree: %s", strings.Join(d.Differences, "; ")))
	}
	return err
}

// demoFolder writes a configuration, the selector files and the secrets, as `restock init` and a person would.
func (a *app) demoFolder(dir string, w *flowtest.World) error {
	host, port, err := net.SplitHostPort(w.Mail.Addr())
	if err != nil {
		return err
	}
	yaml := fmt.Sprintf(`version: 1
zone: Australia/Sydney
shop: {name: Austral Outdoors, product: "%s/products/{sku}", contact: "1 Example Street, Sydney", unsubscribe: "mailto:leave@austral-outdoors.example"}
smtp: {host: "%s", port: %s, from: shop@austral-outdoors.example}
sms: {base: "%s", account: "${secret:SMS_ACCOUNT}", token: "${secret:SMS_TOKEN}", from: "+61491570006"}
jobs:
  - {name: restock, ims: ims, crm: crm, schedule: "*/15 * * * *"}
`, w.Shop.URL, host, port, w.SMS.Server.URL)
	files := map[string]string{"restock.yaml": yaml}
	secrets := map[string]string{
		"IMS_USER": flowtest.User, "IMS_PASSWORD": flowtest.Password, "CRM_USER": flowtest.User, "CRM_PASSWORD": flowtest.Password,
		"SMS_ACCOUNT": flowtest.Account, "SMS_TOKEN": flowtest.Token,
	}
	for name, value := range secrets {
		files[filepath.Join("secrets", name)] = value
	}
	for _, site := range []string{"ims", "crm"} {
		data, err := flowtest.SiteFile(site)
		if err != nil {
			return err
		}
		files[filepath.Join("sites", site+".yaml")] = string(data)
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return err
		}
	}
	return state.Create("bolt://" + filepath.Join(dir, "data"))
}

// demoRuns does the three runs.
func (a *app) demoRuns(ctx context.Context, world *flowtest.World, d *demonstration) error {
	environment := a.getenv
	inside := *a
	inside.config = d.Folder
	inside.getenv = func(name string) (string, bool) {
		switch name {
		case "IMS_URL":
			return world.IMS.URL, true
		case "CRM_URL":
			return world.CRM.URL, true
		}
		return environment(name)
	}
	for _, part := range []struct {
		title  string
		before func() error
	}{
		{"first run: learns the stock, tells nobody", func() error { return nil }},
		{"three products come back; second run: tells those who wait", func() error { return restockThree(world) }},
		{"third run: nothing is new", func() error { return nil }},
	} {
		if err := part.before(); err != nil {
			return err
		}
		a.say("%s", part.title)
		w, err := inside.open(ctx, state.Runner)
		if err != nil {
			return err
		}
		p := a.newProgress()
		run, err := w.run(ctx, "restock", "demo", false, runOptions{progress: p.show})
		p.end()
		if err := errors.Join(err, w.close()); err != nil {
			return err
		}
		d.add(run)
	}
	return nil
}

// restockThree puts three products that people wait for back on the shelf.
func restockThree(world *flowtest.World) error {
	waiting := map[string]int{}
	for _, r := range world.Requests() {
		if r.Status == "Waiting" {
			waiting[r.SKU]++
		}
	}
	done := 0
	for _, p := range world.Products() {
		if waiting[p.SKU] > 0 && p.Quantity == 0 && done < 3 {
			done++
			if err := world.Restock(p.SKU, 10*done); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *demonstration) add(run bot.Run) {
	d.Runs = append(d.Runs, run)
	d.StockLevels = run.StockLevels
	d.Restocks += run.Restocks
	d.Subscriptions += run.Subscriptions
	d.Written += run.Written
	d.Suppressed += run.Suppressed
	d.Failed += run.Failed
	d.Ambiguous += run.Ambiguous
	for c, n := range run.Accepted {
		d.Accepted[c] += n
	}
}
