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
	// Go does the same without waiting for more than the beginning of the document.
	Go(ctx context.Context, address string) error
	// Act does one action, proves it, and returns which alternative of its element matched.
	Act(ctx context.Context, a selectors.Action) (alternative int, err error)
	// See evaluates conditions at one moment.
	See(ctx context.Context, conditions ...selectors.Condition) ([]bool, error)
	// Read answers a plan from the page at one moment.
	Read(ctx context.Context, plan selectors.Plan) (selectors.Answer, error)
	// Watch sets the interruptions to look for before and after every read and action; nil looks for none.
	Watch(conditions []selectors.Condition)
	// Close closes the tab.
	Close() error

	Places
	Sources
	Traffic
	Witness
	Surveyor
}

// Surveyor tells what the elements of a page are like, for picking one and for finding again one that has changed.
type Surveyor interface {
	// Traits tells of each element what its first match is like, or nil where nothing matches.
	Traits(ctx context.Context, elements []selectors.Element) ([]*selectors.Traits, error)
	// Survey lists what on the page somebody could mean, or the groups of elements that could be the rows of a list.
	Survey(ctx context.Context, groups bool) ([]selectors.Traits, error)
	// Ways gives CSS selectors that match exactly one thing of the last survey and nothing else.
	Ways(ctx context.Context, surveyed int) ([]string, error)
	// InRows gives CSS selectors that match one element in each of nearly all rows.
	InRows(ctx context.Context, rows selectors.Element, skip []selectors.Element) ([]string, error)
	// At tells what is at a place of the page, in CSS pixels; rows may be nil.
	At(ctx context.Context, x, y int, rows *selectors.Element, skip []selectors.Element) (selectors.Spot, error)
	// Spots tells where the values of each column of a plan are.
	Spots(ctx context.Context, plan selectors.Plan) ([][]selectors.Box, error)
}

// Witness tells what a page looks like. Passwords, codes, addresses and what is hidden are covered.
type Witness interface {
	// Capture writes evidence into a folder.
	Capture(ctx context.Context, dir string, hide selectors.Hidden) error
	// Picture takes a picture as a JPEG of a width.
	Picture(ctx context.Context, width int, hide selectors.Hidden) ([]byte, error)
}

// Traffic is what a page may ask of servers.
type Traffic interface {
	// Reading says whether only reading is going on: while it is, requests that could write are refused.
	Reading(on bool)
	// Refused returns what requests were refused since it was asked last.
	Refused() []string
	// Session returns the cookies, and what the origin of the present document has stored.
	Session(ctx context.Context) (selectors.Session, error)
	// Restore gives a new page the session of an earlier one, until undo is called.
	Restore(ctx context.Context, s selectors.Session) (undo func(context.Context) error, err error)
}

// Places are where else on a page there is something to see.
type Places interface {
	// Frame makes a frame the place where everything is looked for; "" goes back to the page itself.
	Frame(ctx context.Context, name string) error
	// Tab goes to a tab that the page opened; selectors.MainTab is the first one.
	Tab(ctx context.Context, name string) error
	// CloseTab closes the tab that is worked in and goes back to the first one.
	CloseTab(ctx context.Context) error
	// Scroll moves what an element scrolls: to its end, to its top, or on by most of what it shows.
	Scroll(ctx context.Context, a selectors.Action, where string) (at selectors.Scrolled, alternative int, err error)
}

// Sources are where rows come from besides the page that is shown.
type Sources interface {
	// Download clicks an element and returns the whole file that comes.
	Download(ctx context.Context, a selectors.Action) (file selectors.Download, alternative int, err error)
	// Collect keeps the answers to the page's own requests whose address matches the text, from now on; "" ends it.
	Collect(text string) error
	// Responses returns the answers since it was asked last. waiting reports that others are on their way.
	Responses() (list []selectors.Response, waiting bool, err error)
	// Fetch reads a plan from pages that are fetched and not shown: those of the addresses, or at most so many as the links to
	// the next page lead to. It stops after the first that is not as it should be.
	Fetch(ctx context.Context, addresses []string, most int, plan selectors.Plan) ([]selectors.Fetched, error)
	// Inspect tells of each element what every one of its alternatives matches, whatever the rules say of how many there must
	// be.
	Inspect(ctx context.Context, elements []selectors.Element) ([]selectors.Inspection, error)
	// Snapshot returns the page as one HTML document without scripts, with secrets and personal data replaced.
	Snapshot(ctx context.Context) (string, error)
}

// Guard remembers what log-ins must know of each other, in this process and others.
type Guard interface {
	// Refused and Refuse remember credentials that a site did not take: a wrong password is tried once and not at every tick.
	Refused(ctx context.Context, site string) (r bot.Refusal, ok bool, err error)
	Refuse(ctx context.Context, site string, r bot.Refusal) error
	// LogIn waits until nobody else logs in with the account; done must be called afterwards.
	LogIn(ctx context.Context, account string) (done func(), err error)
	// Code reports whether the one-time code of a time step was not used yet, and uses it up.
	Code(ctx context.Context, account string, step int64) (fresh bool, err error)
	// Session and KeepSession remember what a site keeps in the browser; it is encrypted. nil forgets it.
	Session(ctx context.Context, site string) (sealed []byte, err error)
	KeepSession(ctx context.Context, site string, sealed []byte) error
	// Ask waits for a person's answer to a question, at most until the context ends.
	Ask(ctx context.Context, q bot.Question) (answer string, err error)
}
