// Package report makes figures of the ledger: who was told, what came of it, what is wanted. The figures are pure functions of what is
// stored, so a report of a period is the same whenever it is made, unless something came later about it (a refund, a late bounce).
package report

import (
	"time"

	"restock/bot"
)

// Options say what a report is about.
type Options struct {
	From, To time.Time // the period: from the beginning of From to right before To
	Zone     *time.Location
	Per      string // day, week or month: how the period is divided
	Job      string // "" is all jobs
	Shop     string
	Windows  bot.Windows
	Now      time.Time
}

// Report is everything that is known of a period.
type Report struct {
	Shop    string      `json:"shop,omitempty"`
	Job     string      `json:"job,omitempty"`
	From    time.Time   `json:"from"`
	To      time.Time   `json:"to"`
	Zone    string      `json:"zone"`
	Per     string      `json:"per"`
	Made    time.Time   `json:"made"`
	Windows bot.Windows `json:"windows"`
	// Foreign are the orders of the period of which something was given back in another currency, which cannot be taken off.
	Foreign int `json:"foreign_refunds,omitempty"`

	Figures
	Before   Figures   `json:"before"` // of the period before, as long as this one
	Periods  []Period  `json:"periods"`
	Products []Product `json:"products"`
	Restocks []Restock `json:"restocks"`
	Wanted   []Wanted  `json:"wanted"` // now, most first
	// Waiting are all that wait now, and Demand what they wait for is worth where its price is known.
	Waiting int          `json:"waiting"`
	Demand  []bot.Amount `json:"demand"`
	Holdout *Holdout     `json:"holdout,omitempty"`
}

// Period is one day, week or month.
type Period struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	Figures
}

// Figures are what happened in a time.
type Figures struct {
	SignUps int                 `json:"sign_ups"`
	Told    int                 `json:"told"` // messages that were accepted, reminders included
	ByWay   map[bot.Channel]int `json:"told_by_channel"`
	// Of the messages that were told in the time: how many of them came back, and how many more never left.
	Delivered int `json:"delivered"` // of those told, where a gateway or provider has said so
	Bounced   int `json:"bounced"`
	Failed    int `json:"failed"`
	Ambiguous int `json:"ambiguous"`
	Lost      int `json:"lost"` // waited, and it was sold out before their turn
	// Clicks in the time. A message is clicked when a person followed its link for the first time.
	Clicked     int `json:"clicked"`
	HumanClicks int `json:"clicks_human"`
	AllClicks   int `json:"clicks_all"`
	// Purchases in the time, by tier; they are never added up.
	Direct   Sales `json:"direct"`
	Assisted Sales `json:"assisted"`
	Halo     Sales `json:"halo"`
	// Converted are the messages told in the time that led to a direct purchase, whenever that was.
	Converted int `json:"converted"`
	// From the moment in which a restock was seen to the message, without reminders and those who were kept back.
	P50 time.Duration `json:"p50_ns"`
	P95 time.Duration `json:"p95_ns"`

	waits []time.Duration
}

// Sales are purchases of one tier.
type Sales struct {
	Orders  int          `json:"orders"`
	Units   int          `json:"units"`
	Revenue []bot.Amount `json:"revenue"` // one of each currency

	orders map[string]bool
}

// Rate is the share of messages told that led to a direct purchase; ok is false where none was told.
func (f Figures) Rate() (rate float64, ok bool) {
	if f.Told == 0 {
		return 0, false
	}
	return float64(f.Converted) / float64(f.Told), true
}

// Product is what happened to one product in the period.
type Product struct {
	SKU  string `json:"sku"`
	Name string `json:"name,omitempty"`
	Figures
}

// Restock is one restock that was going on in the period.
type Restock struct {
	Job      string        `json:"job"`
	SKU      string        `json:"sku"`
	Name     string        `json:"name,omitempty"`
	Number   int           `json:"number"`
	Opened   time.Time     `json:"opened"`
	Closed   time.Time     `json:"closed,omitzero"`
	Quantity *bot.Quantity `json:"quantity,omitempty"` // when it opened
	Sold     *bot.Quantity `json:"sold,omitempty"`     // since, by everybody, as the stock list shows it
	Through  float64       `json:"sell_through"`       // of the quantity, 0 to 1; see Sold
	Waiting  int           `json:"waiting"`            // for their turn, now
	Figures
}

// Wanted is what people wait for now.
type Wanted struct {
	SKU     string        `json:"sku"`
	Name    string        `json:"name,omitempty"`
	Waiting int           `json:"waiting"`          // as far as is known here
	Lost    int           `json:"lost"`             // in the period
	Price   *bot.Amount   `json:"price,omitempty"`  // of one, as it was paid last
	Demand  *bot.Amount   `json:"demand,omitempty"` // waiting times price
	InStock *bot.Quantity `json:"in_stock,omitempty"`
	Since   time.Time     `json:"since,omitzero"` // out of stock
	TakeUp  float64       `json:"take_up"`        // units bought for each message
	Reorder int           `json:"reorder"`        // (waiting + lost) times take-up, less what is in stock
}

// Holdout compares those who were told with those who were kept back for a while, by lot.
type Holdout struct {
	For        time.Duration `json:"for_ns"`
	Told       int           `json:"told"`
	ToldBought int           `json:"told_bought"` // within that time after the message
	Held       int           `json:"held"`
	HeldBought int           `json:"held_bought"` // within that time, unasked
	Extra      float64       `json:"extra"`       // purchases that the messages brought, by the difference of the rates
}
