package main

import (
	"context"
	"errors"

	"restock/bot"
	"restock/flows/browser"
	"restock/flows/flowtest"
	"restock/state"
)

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
