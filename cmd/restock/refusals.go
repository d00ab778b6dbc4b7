package main

import (
	"context"

	"restock/bot"
)

// refusals remember refused log-ins while the program runs.
type refusals map[string]bot.Refusal

func (r refusals) Refused(_ context.Context, site string) (bot.Refusal, bool, error) {
	refusal, ok := r[site]
	return refusal, ok, nil
}

func (r refusals) Refuse(_ context.Context, site string, refusal bot.Refusal) error {
	r[site] = refusal
	return nil
}
