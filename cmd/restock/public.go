package main

import (
	"context"
	"net"
	"sync"

	"restock/bot"
	"restock/bot/web"
)

// hookURL is the address of a gateway's reports.
func (w *workshop) hookURL(name string) string { return w.publicURL("/hooks/" + name) }

// listen opens the listener for customers, if there is one; serve answers on it until the context ends.
func (w *workshop) listen(ctx context.Context) (serve func(), err error) {
	c := w.config.Public
	if c == nil {
		return nil, nil
	}
	hooks, err := w.hooks()
	if err != nil {
		return nil, err
	}
	log := w.a.log()
	clicks := &bot.Clicker{Ledger: w.ledger, Log: log}
	p := &web.Public{
		Ledger: w.ledger, Shop: w.config.Shop.Name, Log: log, Hooks: hooks, SignUps: w.signUps(log), Proxies: c.Networks(),
		Redirect: &web.Redirect{
			Ledger: w.ledger, Clicks: clicks, Target: func(n bot.Notification) (string, error) { return w.shop().Target(n.Restock) },
			Hosts: w.config.Hosts(), Shop: w.config.Shop.Name, Now: w.a.now, Log: log,
		},
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, configError(c.String(), "public", err)
	}
	w.a.say("customers: %s, listening on %s", c.URL, l.Addr())
	return func() {
		var side sync.WaitGroup
		beside, end := context.WithCancel(context.WithoutCancel(ctx)) // what is answered last is written down too
		side.Go(func() { clicks.Run(beside) })
		if p.SignUps != nil {
			side.Go(func() { w.confirmations(ctx) })
		}
		if err := p.Serve(ctx, l); err != nil {
			w.a.say("restock: the listener for customers has ended: %v", err)
		}
		end()
		side.Wait()
	}, nil
}
