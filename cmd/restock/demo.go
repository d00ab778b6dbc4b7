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
	"restock/state/freeport"
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
			if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
				return usagef("%s is not empty: the demo writes its own files and overwrites nobody's; give a new folder", dir)
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
	public, release, err := freeport.Hold()
	if err != nil {
		return err
	}
	defer release()
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
	return state.Create(context.Background(), "bolt://"+filepath.Join(dir, "data"))
}

// shopKey signs what the sample shop tells of orders.
const shopKey = "sample-shop-signs-with-this"
