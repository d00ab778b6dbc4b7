package bot

import "context"

// Sites is the work in the web UIs. Package flows does it with a browser and selector files.
type Sites interface {
	// Stock reads the whole stock list. A reading that is not whole is an error.
	Stock(ctx context.Context, site string) (Reading, error)
	// Subscribers reads the waiting subscriptions of the given SKUs. A site that lists all of them at once is read even
	// when no SKU is asked for; waiting is then the number of all waiting subscriptions on the list.
	Subscribers(ctx context.Context, site string, skus []string) (subs []Subscription, waiting int, err error)
	// FollowUp reads the record, writes the follow-up unless it stands there already, and reads it back after a reload.
	// intent is called once before the first change and must succeed.
	FollowUp(ctx context.Context, site string, n Notification, intent func(context.Context) error) (FollowUp, error)
	// Witness leaves evidence of what a site shows now, for a failure that was found by comparing and not on the page. It returns
	// the failure, completed.
	Witness(ctx context.Context, site string, failure *StepError) error
	// Shapes returns what the readings since it was asked last looked like.
	Shapes() []Shape
	// Steps returns what was done since it was asked last, for the history.
	Steps() []Step
	// Close ends the browser.
	Close() error
}
