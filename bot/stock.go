package bot

import "time"

// Availability says whether a product can be bought. Only positive evidence makes it In or Out: whatever could not be
// read is Unknown, and Unknown changes nothing.
type Availability string

// The three answers to "is it in stock?".
const (
	Unknown Availability = "unknown"
	In      Availability = "in"
	Out     Availability = "out"
)

// StockLevel is what the inventory system says of one SKU.
type StockLevel struct {
	SKU          string       `json:"sku"`
	Name         string       `json:"name,omitempty"`
	URL          string       `json:"url,omitempty"`      // where a customer buys it, if the page says so
	Quantity     *Quantity    `json:"quantity,omitempty"` // nil where the page has words only ("in stock")
	Unit         string       `json:"unit,omitempty"`     // as the page writes it: "kg", "u"
	Availability Availability `json:"availability"`
	Source       string       `json:"source,omitempty"` // address of the page it was read from
	// For the message, where the page says so.
	Variant string `json:"variant,omitempty"`
	Price   string `json:"price,omitempty"`
	Picture string `json:"picture,omitempty"` // address
}

// Completeness says whether something proved that a reading has every row: the page's own count, a whole file, or a list
// whose beginning and end were seen. A reading of which it is known that rows are missing is an error.
type Completeness string

// What a reading says of itself.
const (
	CompleteYes     Completeness = "yes"
	CompleteUnknown Completeness = "unknown"
)

// Reading is one complete reading of a stock list. A failed or partial reading is an error and never a Reading.
type Reading struct {
	Levels   []StockLevel
	Complete Completeness
	At       time.Time
	// AbsentIsOut says that a known SKU which the list does not show is out of stock. Only a complete reading may say so.
	AbsentIsOut bool
	// MaxChange is how many percent the number of levels may differ from what is known; 0 allows any change.
	MaxChange int
	Warnings  []string // what was left out, and why
}

// Level is what is known of one SKU after the last good reading: the level and the restock it is in.
type Level struct {
	StockLevel
	ReadAt  time.Time `json:"read_at"`
	Run     string    `json:"run"`
	Episode int       `json:"episode"` // number of the latest restock; 0 if there was none yet
	Open    bool      `json:"open"`    // that restock is still going on
	// OutSince is when the product was seen to be out; zero while it is in.
	OutSince time.Time `json:"out_since,omitzero"`
}

// AvailabilityOf turns a quantity into an availability: more than none is In, the rest is Out.
func AvailabilityOf(q Quantity) Availability {
	if q > 0 {
		return In
	}
	return Out
}
