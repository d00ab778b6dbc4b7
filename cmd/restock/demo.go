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
			"nobody. A customer signs up on the page of a product that is sold out, three products come back, and a second run enters\n" +
			"the customer into the CRM and tells those who wait. The customer follows the link in the mail and buys; a third run writes\n" +
			"that into the CRM. Then the ledger is compared with what the mail server, the gateway, the shop and the CRM saw. Nothing\n" +
			"leaves this machine.",
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
	SignUps       int                 `json:"signups"`   // in the ledger, and in the CRM
	Clicks        int                 `json:"clicks"`    // messages whose link a person followed
	Purchases     int                 `json:"purchases"` // direct ones
	Revenue       float64             `json:"revenue"`   // of those
	Currency      string              `json:"currency,omitempty"`
	Failed        int                 `json:"failed"`
	Ambiguous     int                 `json:"ambiguous"`
	Duplicates    int                 `json:"duplicates"`
	Sinks         sinks               `json:"sinks"`
	Differences   []string            `json:"differences"` // between the ledger and the sinks: none
}

// sinks are what the other side saw.
type sinks struct {
	SMTP   int `json:"smtp"`
	SMS    int `json:"sms"`
	CRM    int `json:"crm"`
	Orders int `json:"orders"`
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
	public, err := freeAddress()
	if err != nil {
		return err
	}
	if err := a.demoFolder(dir, public, world); err != nil {
		return err
	}
	d := demonstration{Folder: dir, Differences: []string{}, Accepted: map[bot.Channel]int{bot.Email: 0, bot.SMS: 0}}
	if err := a.demoRuns(ctx, world, found, "http://"+public, &d); err != nil {
		return err
	}
	if err := a.compare(ctx, world, &d); err != nil {
		return err
	}
	d.Seconds = time.Since(started).Seconds()
	d.OK = len(d.Differences) == 0 && d.Duplicates == 0 && d.Failed == 0 && d.Ambiguous == 0 && d.Written > 0 && d.SignUps == 1 && d.Clicks == 1 && d.Purchases == 1
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
func (a *app) demoFolder(dir, public string, w *flowtest.World) error {
	host, port, err := net.SplitHostPort(w.Mail.Addr())
	if err != nil {
		return err
	}
	if public != "" {
		public = fmt.Sprintf("public: {listen: %q, url: \"http://%s\", shopify: {secret: \"${secret:SHOP_KEY}\"}, signup: {}}\n", public, public)
	}
	yaml := fmt.Sprintf(`version: 1
zone: Australia/Sydney
shop: {name: Austral Outdoors, product: "%s/products/{sku}", contact: "1 Example Street, Sydney", unsubscribe: "mailto:leave@austral-outdoors.example"}
smtp: {host: "%s", port: %s, from: shop@austral-outdoors.example}
sms: {base: "%s", account: "${secret:SMS_ACCOUNT}", token: "${secret:SMS_TOKEN}", from: "+61491570006"}
%sjobs:
  - {name: restock, ims: ims, crm: crm, schedule: "*/15 * * * *"}
`, w.Shop.URL, host, port, w.SMS.Server.URL, public)
	files := map[string]string{"restock.yaml": yaml}
	secrets := map[string]string{
		"IMS_USER": flowtest.User, "IMS_PASSWORD": flowtest.Password, "CRM_USER": flowtest.User, "CRM_PASSWORD": flowtest.Password,
		"SMS_ACCOUNT": flowtest.Account, "SMS_TOKEN": flowtest.Token, "SHOP_KEY": shopKey,
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

// shopKey signs what the sample shop tells of orders.
const shopKey = "sample-shop-signs-with-this"

// freeAddress is an address of this machine that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// demoRuns does the three runs, and what a customer does between them.
func (a *app) demoRuns(ctx context.Context, world *flowtest.World, found browser.Found, public string, d *demonstration) (err error) {
	w, err := a.demoWorkshop(ctx, world, d.Folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	listening, stop := context.WithCancel(ctx)
	serve, err := w.listen(listening)
	if err != nil {
		stop()
		return err
	}
	served := make(chan struct{})
	go func() { defer close(served); serve() }()
	defer func() { stop(); <-served }()
	world.Tell(public, public+"/hooks/shopify", shopKey)
	ava, err := newCustomer(ctx, found, "ava.customer@example.com")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ava.close()) }()
	wanted := wantedProduct(world)
	for _, part := range []struct {
		title  string
		before func() error
	}{
		{"first run: learns the stock, tells nobody", func() error { return nil }},
		{"a customer signs up in the shop; three products come back; second run: enters the wish, tells those who wait", func() error {
			return errors.Join(ava.signsUp(ctx, world.Shop.URL+"/products/"+wanted), restockThree(world))
		}},
		{"the customer follows the link in the mail and buys; third run: writes that into the CRM", func() error {
			link, err := ava.link(world, public)
			if err == nil {
				err = ava.buys(ctx, link)
			}
			return err
		}},
	} {
		a.say("%s", part.title)
		if err := part.before(); err != nil {
			return err
		}
		shop := *w
		p := a.newProgress()
		run, err := shop.run(ctx, "restock", "demo", false, runOptions{progress: p.show})
		p.end()
		if err != nil {
			return err
		}
		d.add(run)
	}
	return a.compareLoop(ctx, w, world, d)
}

// demoWorkshop opens the folder of the demo, with the addresses of the sample systems.
func (a *app) demoWorkshop(ctx context.Context, world *flowtest.World, folder string) (*workshop, error) {
	environment := a.getenv
	inside := *a
	inside.config = folder
	inside.getenv = func(name string) (string, bool) {
		switch name {
		case "IMS_URL":
			return world.IMS.URL, true
		case "CRM_URL":
			return world.CRM.URL, true
		}
		return environment(name)
	}
	return inside.open(ctx, state.Runner)
}

// wantedProduct is the product that is back first: see restockThree.
func wantedProduct(world *flowtest.World) string {
	waiting := map[string]bool{}
	for _, r := range world.Requests() {
		waiting[r.SKU] = waiting[r.SKU] || r.Status == "Waiting"
	}
	for _, p := range world.Products() {
		if waiting[p.SKU] && p.Quantity == 0 {
			return p.SKU
		}
	}
	return ""
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
