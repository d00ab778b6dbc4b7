package main

import (
	"context"
	"time"

	"restock/bot"
	"restock/bot/notify"
)

// confirmEvery is how often sign-ups are looked at that have to be confirmed.
const confirmEvery = 2 * time.Second

// heldBack is why a confirmation is not sent.
const heldBack = "no confirmation was sent: this address was asked lately, or nothing may be sent to it"

// confirmations sends, until ctx ends, the messages by which customers confirm their sign-ups.
func (w *workshop) confirmations(ctx context.Context) {
	ticker := time.NewTicker(confirmEvery)
	defer ticker.Stop()
	for {
		if err := w.confirm(ctx); err != nil && ctx.Err() == nil {
			w.a.say("restock: sign-ups cannot be confirmed: %v", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// confirm sends the confirmations that are due. That one is asked for is on disk before it is sent; one of which nobody knows
// whether it left is not sent again: the customer can sign up once more.
func (w *workshop) confirm(ctx context.Context) error {
	list, err := w.ledger.Unconfirmed(ctx)
	if err != nil || len(list) == 0 {
		return err
	}
	if w.config.Cluster == nil {
		return w.confirmAll(ctx, list)
	}
	return w.alone(ctx, "confirm", func() error {
		if list, err = w.ledger.Unconfirmed(ctx); err != nil {
			return err
		}
		return w.confirmAll(ctx, list)
	})
}

func (w *workshop) confirmAll(ctx context.Context, list []bot.SignUp) error {
	senders, err := w.sendersWith(func(n bot.Notification) (bot.Message, error) {
		return notify.Confirmation(w.shop(), n, w.publicURL("/s/"+w.ledger.Vault.ConfirmToken(n.Key)))
	})
	if err != nil {
		return err
	}
	defer func() {
		for _, s := range senders {
			_ = s.Close() // everything was reported by then
		}
	}()
	for _, s := range list {
		sender := senders[s.Channel]
		if sender == nil || w.a.now().Sub(s.Asked) < time.Minute { // one that did not leave is tried again
			continue
		}
		may, err := w.ledger.MayAsk(ctx, s)
		if err != nil {
			return err
		}
		if !may { // whoever types an address must not be able to flood it; the next day is another one
			if s.FollowUp.Detail != heldBack {
				s.FollowUp.Detail = heldBack
				if err := w.ledger.SaveSignUp(ctx, &s); err != nil {
					return err
				}
			}
			continue
		}
		s.FollowUp.Detail = ""
		s.Asked, s.Sent = w.a.now(), true // off the list before it leaves
		if err := w.ledger.SaveSignUp(ctx, &s); err != nil {
			return err
		}
		var d confirmDesk
		n := bot.Notification{
			Key: s.ID, Job: s.Job, Channel: s.Channel, Address: s.Address, State: bot.Claimed, NotAfter: w.a.now().Add(bot.ConfirmFor),
			Restock: bot.Restock{SKU: s.SKU, Name: s.Product}, Subscription: bot.Subscription{Language: s.Language}, // not the name: anybody can have typed anything
		}
		sender.Send(ctx, []bot.Notification{n}, &d)
		s.Sent = d.State != bot.Retry && d.State != bot.Queued // else it has certainly not left
		if d.State == bot.Failed {
			s.Cancelled = bot.BadAddress
		}
		if err := w.ledger.SaveSignUp(context.WithoutCancel(ctx), &s); err != nil {
			return err
		}
		if d.State != bot.Accepted {
			w.a.say("restock: the confirmation of sign-up %s: %s %s", s.ID, d.State, d.Detail)
		}
	}
	return nil
}

// confirmDesk is the desk of a message that stands in no ledger.
type confirmDesk struct{ bot.Delivery }

func (*confirmDesk) Pending(_ context.Context, batch []bot.Notification) ([]bot.Notification, error) {
	return batch, nil
}
func (*confirmDesk) Leave(bot.Notification) error                { return nil }
func (d *confirmDesk) Done(_ bot.Notification, got bot.Delivery) { d.Delivery = got }
