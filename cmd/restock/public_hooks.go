package main

import (
	"log/slog"
	"net/http"

	"restock/bot"
	"restock/bot/config"
	"restock/bot/web"
	"restock/selectors"
)

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
			Refused: web.NewRefusals(),
		}
	}
	return list, nil
}

// phone writes a phone number in international form, "" where it is none.
func (w *workshop) phone(text string) string {
	country := "AU"
	if p := w.config.Public; p != nil && p.SignUp != nil {
		country = p.SignUp.Country
	}
	if number, ok := selectors.Phone(text, country); ok {
		return number
	}
	return ""
}

// mobile writes the number of a mobile phone that messages are sent to in international form, "" where it is none.
func (w *workshop) mobile(text string) string {
	s := w.config.Public.SignUp
	number, _ := selectors.Mobile(text, append([]string{s.Country}, s.Countries...))
	return number
}

// signUpChannels are the ways by which a customer who signs up can be told.
func (w *workshop) signUpChannels() []bot.Channel {
	channels := w.channels()
	if job, err := w.config.Job(w.config.Public.SignUp.Job); err == nil {
		channels = job.Bot(channels).Policy.Channels
	}
	return channels
}

// signUps take the wishes of customers, if the file wants them.
func (w *workshop) signUps(log *slog.Logger) *web.SignUps {
	c := w.config.Public.SignUp
	if c == nil {
		return nil
	}
	return &web.SignUps{
		Ledger: w.ledger, Job: c.Job, Shop: w.config.Shop.Name, Consent: c.Consent, Confirm: c.Confirm, Channels: w.signUpChannels(), Origins: w.config.Origins(),
		Phone: w.mobile, Now: w.a.now, Log: log,
		Product: func(sku string) string {
			address, err := w.shop().Target(bot.Restock{SKU: sku})
			if err != nil {
				return ""
			}
			return address
		},
	}
}
