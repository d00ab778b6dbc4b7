package flows

import (
	"context"

	"restock/bot"
	"restock/selectors"
)

// Page is one tab with its own cookies. Every method ends at the latest when its context ends; an error is a
// *bot.StepError without the names of site, flow and step, or a *selectors.Interrupted.
type Page interface {
	// Open goes to an address and waits until the document is parsed; about:blank leaves the present document.
	Open(ctx context.Context, address string) error
	// Act does one action, proves it, and returns which alternative of its element matched.
	Act(ctx context.Context, a selectors.Action) (alternative int, err error)
	// See evaluates conditions at one moment.
	See(ctx context.Context, conditions ...selectors.Condition) ([]bool, error)
	// Read answers a plan from the page at one moment.
	Read(ctx context.Context, plan selectors.Plan) (selectors.Answer, error)
	// Capture writes evidence into a folder, with personal data and secrets covered.
	Capture(ctx context.Context, dir string, mask ...selectors.Element) error
	// Watch sets the interruptions to look for before and after every read and action; nil looks for none.
	Watch(conditions []selectors.Condition)
	// Close closes the tab.
	Close() error
}

// Guard remembers refused log-ins, so that a wrong password is tried once and not at every tick.
type Guard interface {
	Refused(ctx context.Context, site string) (r bot.Refusal, ok bool, err error)
	Refuse(ctx context.Context, site string, r bot.Refusal) error
}
