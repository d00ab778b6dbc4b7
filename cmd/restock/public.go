package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"restock/bot"
	"restock/bot/config"
	"restock/bot/web"
	"restock/selectors"
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
		Ledger: w.ledger, Shop: w.config.Shop.Name, Log: log, Hooks: hooks, SignUps: w.signUps(log),
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

// hooks take what gateways and shops report.
func (w *workshop) hooks() (map[string]http.Handler, error) {
	c, log := w.config.Public, w.a.log()
	list := map[string]http.Handler{}
	if c.SendGrid != "" {
		list["sendgrid"] = web.SendGrid{Ledger: w.ledger, Key: c.SendGrid, Now: w.a.now, Log: log}
	}
	if s := w.config.SMS; s != nil {
		token, err := s.Token.Expand(w.values())
		if err != nil {
			return nil, configError(s.String(), "sms", err)
		}
		list["twilio"] = web.Twilio{Ledger: w.ledger, Token: config.NewSecret(token).Reveal, URL: w.hookURL("twilio"), Log: log}
	}
	for _, shop := range []struct {
		orders web.Orders
		from   *config.OrderHook
	}{{web.Shopify{}, c.Shopify}, {web.WooCommerce{}, c.WooCommerce}} {
		if shop.from == nil {
			continue
		}
		secret, err := shop.from.Secret.Expand(w.values())
		if err != nil {
			return nil, configError(shop.from.String(), "public: "+shop.orders.Name(), err)
		}
		list[shop.orders.Name()] = web.OrderHook{
			Orders: shop.orders, Ledger: w.ledger, Secret: config.NewSecret(secret).Reveal, Domain: shop.from.Domain, Phone: w.phone, Now: w.a.now, Log: log,
		}
	}
	return list, nil
}

// phone writes a phone number in international form, "" where it is none.
func (w *workshop) phone(text string) string {
	country := "AU"
	if s := w.config.Public.SignUp; s != nil {
		country = s.Country
	}
	if number, ok := selectors.Phone(text, country); ok {
		return number
	}
	return ""
}

// signUps take the wishes of customers, if the file wants them.
func (w *workshop) signUps(log *slog.Logger) *web.SignUps {
	c := w.config.Public.SignUp
	if c == nil {
		return nil
	}
	channels := w.channels()
	if job, err := w.config.Job(c.Job); err == nil {
		channels = job.Bot(channels).Policy.Channels
	}
	return &web.SignUps{
		Ledger: w.ledger, Job: c.Job, Shop: w.config.Shop.Name, Consent: c.Consent, Confirm: c.Confirm, Channels: channels, Origins: w.config.Origins(),
		Phone: w.phone, Now: w.a.now, Log: log,
		Product: func(sku string) string {
			address, err := w.shop().Target(bot.Restock{SKU: sku})
			if err != nil {
				return ""
			}
			return address
		},
	}
}
