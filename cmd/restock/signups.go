package main

import (
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"restock/bot"
	"restock/selectors/strict"
)

// signUpView is a sign-up as it is listed: without who it is, but with the proof of consent.
type signUpView struct {
	ID      string      `json:"id"`
	State   string      `json:"state"`
	SKU     string      `json:"sku"`
	Product string      `json:"product,omitempty"`
	Channel bot.Channel `json:"channel"`
	Address string      `json:"address"` // masked
	At      time.Time   `json:"at"`
	Page    string      `json:"page,omitempty"`
	Network string      `json:"network,omitempty"`
	Consent string      `json:"consent"`
	Confirm time.Time   `json:"confirmed,omitzero"`
	Detail  string      `json:"detail,omitempty"` // why it is not in the CRM
}

// cut shortens a text for a table.
func cut(text string, runes int) string {
	if r := []rune(text); len(r) > runes {
		return string(r[:runes-1]) + "…"
	}
	return text
}

func (a *app) signUpsCommand() *cobra.Command {
	var state string
	c := &cobra.Command{
		Use:   "signups",
		Short: "List who signed up on the shop's pages, and how far it has come into the CRM",
		Args:  cobra.NoArgs,
		RunE: a.withState(func(c *cobra.Command, w *workshop, _ []string) error {
			if states := []string{"unconfirmed", "waiting", "entered", "rejected", "cancelled"}; state != "" && !slices.Contains(states, state) {
				return usagef("--state %q: expected %s", state, strict.List(states))
			}
			all, err := w.ledger.AllSignUps(c.Context())
			if err != nil {
				return err
			}
			list := []signUpView{}
			for _, s := range all {
				if state != "" && s.State() != state {
					continue
				}
				v := signUpView{
					ID: s.ID, State: s.State(), SKU: s.SKU, Product: s.Product, Channel: s.Channel, Address: bot.Redact(s.Address), At: s.At, Page: s.Source,
					Network: s.Net, Consent: s.Consent, Confirm: s.Confirmed, Detail: s.FollowUp.Detail,
				}
				if s.Cancelled != "" {
					v.Detail = string(s.Cancelled)
				}
				list = append(list, v)
			}
			if a.json {
				return a.printJSON(map[string]any{"signups": list})
			}
			t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "ID\tSTATE\tSKU\tCHANNEL\tADDRESS\tAT\tDETAIL")
			for _, v := range list {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", v.ID, v.State, v.SKU, v.Channel, dash(v.Address), v.At.In(w.config.Location).Format("2006-01-02 15:04"), dash(cut(v.Detail, 100)))
			}
			return t.Flush()
		}),
	}
	c.Flags().StringVar(&state, "state", "", "Only this state: unconfirmed, waiting, entered, rejected, cancelled")
	return a.jsonFlag(c)
}
